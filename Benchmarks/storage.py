#!/usr/bin/env python3
"""Measures what keeping heaps costs: Benchmarks/storage.py BINARY [OPTION …].

With options, those of one storage (`--in-memory`, `--s3-bucket …`); without, memory and files are
measured, then 1,000 versions of a small heap, and `list` and `gc` over 100,000 versions in files.
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
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "IntegrationTests"))
from raw_client import Server  # noqa: E402

ROUNDS = 7
HEADER_BYTES, RECORD_START = 1024, 122
HEAPS = {
    "small": "globalThis.n = 0; globalThis.log = []; 1",
    "9 MB": "globalThis.n = 0; globalThis.rows = Array.from({length: 126000}, (_, i) =>"
            " ({id: i, name: 'row ' + i, v: i * 1.5})); 1",
    "26 MB": "globalThis.n = 0; globalThis.rows = Array.from({length: 400000}, (_, i) =>"
             " ({id: i, name: 'row ' + i, v: i * 1.5})); 1",
}


def timed(body) -> tuple[float, object]:
    began = time.perf_counter()
    result = body()
    return (time.perf_counter() - began) * 1000, result


def stored_bytes(server: Server, version: str) -> int | None:
    """From `heaps show`, where that can see the storage."""
    done = subprocess.run(
        [server.command[0], "heaps", "show", version, "--json", *server.command[1:]],
        capture_output=True, text=True)
    return json.loads(done.stdout)["stored_bytes"] if done.returncode == 0 else None


def measure(binary: str, options: list[str]) -> None:
    print(f"\n{' '.join(options)}\n")
    print("| heap | snapshot | stored, median | warm | save: false | first, cold server |")
    print("|---|---|---|---|---|---|")
    for name, code in HEAPS.items():
        heap = f"bench-{os.getpid()}-{name.split()[0]}"
        server = Server(binary, *options)
        server.run(code, heap=heap, seconds=120)
        warm, sizes, plain = [], [], 0
        for _ in range(ROUNDS):
            took, result = timed(lambda: server.run("n += 1", heap=heap, seconds=120))
            warm.append(took)
            plain = result.structured["stats"]["snapshot_bytes"]
            sizes.append(stored_bytes(server, result.structured["version"]))
        unsaved = [
            timed(lambda: server.run("n", heap=heap, save=False, seconds=120))[0]
            for _ in range(ROUNDS)]
        cold = "-"
        if "--in-memory" not in options:
            server.close(60)
            times = []
            for _ in range(3):
                server = Server(binary, *options)
                server.run("1")  # its template is up, the heap is not loaded
                times.append(timed(lambda: server.run("n", heap=heap, seconds=120))[0])
                server.close(60)
            cold = f"{statistics.median(times):.0f} ms"
        else:
            server.close(60)
        known = [size for size in sizes if size is not None]
        stored = f"{statistics.median(known) / 1000:.0f} kB" if known else "-"
        print(
            f"| {name} | {plain / 1e6:.2f} MB | {stored} | {statistics.median(warm):.1f} ms"
            f" | {statistics.median(unsaved):.1f} ms | {cold} |", flush=True)


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
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    binary = sys.argv[1]
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        if sys.argv[2:]:
            measure(binary, sys.argv[2:])
            return
        measure(binary, ["--in-memory"])
        measure(binary, ["--directory-path", str(place / "heaps")])
        thousand_versions(binary, place / "thousand")
        many_versions(binary, place / "many", heaps=2000, versions=50)


if __name__ == "__main__":
    main()
