#!/usr/bin/env python3
"""Measures what keeping heaps costs: Benchmarks/storage.py BINARY [calls] [thousand] [many].

`calls` are those on heaps of three sizes in memory, files, S3 (SeaweedFS on this machine) and S3
with a cache; `thousand` stores 1,000 versions of a small heap; `many` looks at 100,000 versions in
files and collects most of them. Without a name all of it is measured.
Prints Markdown and judges nothing. Standard library only.
"""

from __future__ import annotations

import hashlib
import json
import os
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "IntegrationTests"))
import http_client  # noqa: E402
import s3_services  # noqa: E402
from http_client import Client, HTTPServer  # noqa: E402
from raw_client import Server  # noqa: E402

ROUNDS, COLD_ROUNDS = 10, 3
ANSWER_SECONDS = 180
http_client.WAIT_SECONDS = float(ANSWER_SECONDS)
HEADER_BYTES, RECORD_START = 1024, 122
HEAPS = {
    "small": "globalThis.n = 0; globalThis.log = []; 1",
    "9 MB": "globalThis.n = 0; globalThis.rows = Array.from({length: 126000}, (_, i) =>"
            " ({id: i, name: 'row ' + i, v: i * 1.5})); 1",
    "26 MB": "globalThis.n = 0; globalThis.rows = Array.from({length: 400000}, (_, i) =>"
             " ({id: i, name: 'row ' + i, v: i * 1.5})); 1",
}


class Place:
    """A storage that a server is started on, and what its calls take of its own."""

    def __init__(self, binary: str, name: str, options: list[object]):
        self.binary, self.name, self.options = binary, name, [str(option) for option in options]

    @property
    def is_kept(self) -> bool:
        """Whether heaps are there for another process."""
        return "--in-memory" not in self.options

    def server(self) -> HTTPServer:
        return HTTPServer(self.binary, "--http-port", "0", *self.options)

    def stored_bytes(self, version: str) -> int | None:
        """From `heaps show`, where that can see the storage."""
        options = [option for option in self.options if not option.startswith("--cache")]
        if len(options) < len(self.options):
            options.remove(self.options[self.options.index("--cache-directory") + 1])
        done = subprocess.run(
            [self.binary, "heaps", "show", version, "--json", *options],
            capture_output=True, text=True)
        return json.loads(done.stdout)["stored_bytes"] if done.returncode == 0 else None


def timed(body) -> tuple[float, object]:
    began = time.perf_counter()
    result = body()
    return (time.perf_counter() - began) * 1000, result


def storage_ms(client: Client, *operations: str) -> float:
    """What the server has spent in its storage so far."""
    text = client.send("GET", "/metrics").body.decode()
    return sum(
        float(line.split()[1]) * 1000 for line in text.splitlines()
        for operation in operations
        if line.startswith(f'mcp_v8_storage_duration_seconds_sum{{operation="{operation}"}}'))


def run(client: Client, code: str, heap: str, **arguments: object):
    result = client.run(code, heap=heap, timeout_ms=ANSWER_SECONDS * 1000, **arguments)
    assert not result.is_error, result.text
    return result


def measure(place: Place, name: str, code: str) -> str:
    """A row of the table: medians; of what is stored the mean, for one in five stands alone."""
    heap = f"bench-{name.split()[0]}"
    warm, writes, sizes, unsaved = [], [], [], []
    with place.server() as server, Client(server.port) as client:
        run(client, code, heap)
        for _ in range(ROUNDS):
            before = storage_ms(client, "create", "replace")
            took, result = timed(lambda: run(client, "n += 1", heap))
            warm.append(took)
            writes.append(storage_ms(client, "create", "replace") - before)
            plain = result.structured["stats"]["snapshot_bytes"]
            sizes.append(place.stored_bytes(result.structured["version"]))
        for _ in range(ROUNDS):
            unsaved.append(timed(lambda: run(client, "n", heap, save=False))[0])
    first, reads = [], []
    for _ in range(COLD_ROUNDS if place.is_kept else 0):
        with place.server() as server, Client(server.port) as client:
            client.run("1")  # its template is up, the heap is not loaded
            before = storage_ms(client, "get")
            first.append(timed(lambda: run(client, "n", heap, save=False))[0])
            reads.append(storage_ms(client, "get") - before)
    known = [size for size in sizes if size is not None]
    cells = [
        name, f"{plain / 1e6:.2f} MB", place.name,
        f"{statistics.mean(known) / 1000:.0f} kB" if known else "-",
        *(f"{statistics.median(times):.1f} ms" if times else "-"
          for times in (writes, reads, warm, unsaved, first))]
    return f"| {' | '.join(cells)} |"


def calls(binary: str, scratch: Path) -> None:
    """Writing, reading and calling, for each size of heap and each storage."""
    print(f"\nload {os.getloadavg()[0]:.1f} at the start\n")
    print("| heap | snapshot | storage | stored | write | read | warm | unsaved | first |")
    print("|---|---|---|---|---|---|---|---|---|")
    with ExitStack() as stack:
        places = [
            Place(binary, "memory", ["--in-memory"]),
            Place(binary, "files", ["--directory-path", scratch / "heaps"])]
        if s3_services.BIN.is_dir():
            service = stack.enter_context(s3_services.Service("seaweedfs", "heaps"))
            os.environ.update(s3_services.CREDENTIALS | {"AWS_EC2_METADATA_DISABLED": "true"})
            s3 = [
                "--s3-bucket", "heaps", "--s3-endpoint", service.endpoint,
                "--s3-region", "us-east-1", "--s3-prefix"]
            places.append(Place(binary, "S3", [*s3, "plain"]))
            cache = ["--cache-directory", scratch / "cache"]
            places.append(Place(binary, "S3, cache", [*s3, "cached", *cache]))
        else:
            print(f"(S3 is not measured: no {s3_services.BIN}, which scripts/test makes)")
        for name, code in HEAPS.items():
            for place in places:
                print(measure(place, name, code), flush=True)


def thousand_versions(binary: str, directory: Path) -> None:
    options = ["--directory-path", str(directory), "--keep-versions", "10000"]
    server = Server(binary, *options)
    plain = 0
    began = time.perf_counter()
    for number in range(1000):
        code = (
            "globalThis.n = (globalThis.n ?? 0) + 1;"
            " (globalThis.log ??= []).push('entry ' + n); n")
        plain += server.run(code, heap="h").structured["stats"]["snapshot_bytes"]
    seconds = time.perf_counter() - began
    server.close(60)
    files = [p.stat().st_size for p in (directory / "versions").rglob("*") if p.is_file()]
    print(
        f"\n1,000 versions of a small heap: {plain / 1e6:.0f} MB plain, {sum(files) / 1e6:.1f} MB"
        f" stored, {sum(files) / len(files) / 1000:.1f} kB each, in {seconds:.0f} s")


def many_versions(binary: str, directory: Path, heaps: int, versions: int) -> None:
    """Makes versions by hand, each with a header of its own and no snapshot, and looks at them."""
    server = Server(binary, "--directory-path", str(directory))
    version = server.run("1", heap="seed").structured["version"]
    server.close(60)
    header = (directory / "versions" / version[:2] / version).read_bytes()[:HEADER_BYTES]
    record = header[RECORD_START:struct.unpack_from("<I", header, 12)[0]]
    digest, rest = record[:44], record[45:]  # behind them: no parent
    head = next((directory / "heads").iterdir()).read_bytes()
    old = time.time() - 86_400
    for heap in range(heaps):
        parent = None
        for number in range(versions):
            created, tail = struct.pack("<q", int(old * 1000) + number + heap), rest[8:]
            link = b"\0" if parent is None else b"\1" + struct.pack("<I", 32) + parent
            fields = digest + link + created + tail
            id = hashlib.sha256(fields).digest()
            content = (
                header[:8] + struct.pack("<HHIQ", 2, 2, RECORD_START + len(fields), 9) + id
                + bytes(66) + fields + b"not zstd.")
            path = directory / "versions" / id.hex()[:2] / id.hex()
            path.write_bytes(content)
            os.utime(path, (old, old))
            parent = id
        name = f"heap{heap:05}".encode()
        moved = head[:26] + struct.pack("<I", 32) + parent + head[62:82]
        moved += struct.pack("<I", len(name)) + name
        (directory / "heads" / name.decode()).write_bytes(moved + hashlib.sha256(moved).digest())
    print(f"\n{heaps * versions} versions of {heaps} heaps:\n")
    for command in (
        ["list"], ["history", "heap00000", "--limit", "1000"], ["fsck"],
        ["gc", "--dry-run", "--keep-versions", "50"], ["gc", "--keep-versions", "10"],
    ):
        took, done = timed(lambda: subprocess.run(
            [binary, "heaps", *command, "--json", "--directory-path", str(directory)],
            capture_output=True, text=True))
        last = json.loads(done.stdout) if done.returncode == 0 else done.stderr.strip()[:200]
        if command[0] == "gc":
            last = {key: last[key] for key in ("kept", "removed")} if done.returncode == 0 else last
        else:
            last = "" if done.returncode == 0 else last
        print(f"- `heaps {' '.join(command)}`: {took / 1000:.2f} s {last}", flush=True)


def main() -> None:
    binary, names = (sys.argv + [""])[1], sys.argv[2:] or ["calls", "thousand", "many"]
    if not binary or not set(names) <= {"calls", "thousand", "many"}:
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        if "calls" in names:
            calls(binary, place)
        if "thousand" in names:
            thousand_versions(binary, place / "thousand")
        if "many" in names:
            many_versions(binary, place / "many", heaps=2000, versions=50)


if __name__ == "__main__":
    main()
