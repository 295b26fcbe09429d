"""Mixed load for a long time: python IntegrationTests/soak.py [--minutes N] [--seed N] BINARY.

Clients count on heaps of their own, run without heaps, fork, delete, and run hostile scripts, all
at once over one server with heaps in files. Every answer is checked. At the end the server's
memory, descriptors and processes must be what they were after the first quarter; the table shows
them. An hour is what a release is to pass; the exit code tells.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from hostile_runs import CLEAR, composed
from http_client import Client, HTTPServer, modern_headers
from processes import descendants
from raw_client import modern_meta

CLIENTS = 4
SAMPLE_SECONDS = 5.0
MEMORY_GROWTH_MAX = 1.15
"""Of the server's resident memory, last quarter to second quarter, with 20 MB on top."""


class Load:
    """What the clients share."""

    def __init__(self, port: int, seed: int):
        self.port = port
        self.seed = seed
        self.counts: Counter[str] = Counter()
        self.faults: list[str] = []
        self.is_over = threading.Event()

    def note(self, what: str) -> None:
        self.counts[what] += 1


def client(load: Load, number: int) -> None:
    """One client's life: a heap that counts, and everything else beside it."""
    choose = random.Random(load.seed * 1000 + number)
    expected = 0
    heap = f"counter-{number}"
    step = 0
    while not load.is_over.is_set():
        with Client(load.port) as connection:
            for _ in range(200):
                if load.is_over.is_set():
                    return
                step += 1
                try:
                    expected = act(load, connection, choose, number, heap, expected, step)
                except Exception as failure:  # whatever it is, it is a finding
                    load.faults.append(f"client {number}, step {step}: {failure!r}")
                    return


def act(
    load: Load, connection: Client, choose: random.Random, number: int, heap: str, expected: int,
    step: int,
) -> int:
    what = choose.choices(
        ["count", "stateless", "hostile", "fork", "delete", "list", "large"],
        [50, 20, 8, 5, 5, 5, 2])[0]
    load.note(what)
    if what == "count":
        result = connection.run("globalThis.n = (globalThis.n ?? 0) + 1", heap=heap)
        if result.is_error and result.kind == "busy":
            return expected
        assert not result.is_error and result.value == expected + 1, (result, expected)
        return expected + 1
    if what == "stateless":
        assert connection.run("[6 * 7, typeof n]").value == [42, "undefined"]
    elif what == "hostile":
        script = composed(load.seed * 1_000_000 + number * 100_000 + step)
        result = connection.run(script.code, heap=f"prey-{number}", timeout_ms=200)
        kinds = CLEAR | {"worker_lost", "quarantined", "busy"}
        assert not result.is_error or result.kind in kinds, (script.name, result)
    elif what == "fork":
        arguments = {"source": heap, "target": f"fork-{number}", "replace": True}
        result = tool(connection, "fork_heap", arguments)
        assert not result.is_error or expected == 0, result
    elif what == "delete":
        tool(connection, "delete_heap", {"heap": choose.choice(
            [f"fork-{number}", f"prey-{number}", f"large-{number}"])})
    elif what == "list":
        assert not tool(connection, "list_heaps", {}).is_error
    else:
        result = connection.run(
            "globalThis.kept = Array.from({length: 5e4}, (_, i) => ({i})); kept.length",
            heap=f"large-{number}")
        assert result.is_error or result.value == 50_000, result
    return expected


def tool(connection: Client, name: str, arguments: dict):
    message = connection.message("tools/call", {"name": name, "arguments": arguments})
    message["params"]["_meta"] = modern_meta()
    return connection.post(message, modern_headers("tools/call", name)).tool_result


def sample(pid: int) -> dict[str, float]:
    status = Path(f"/proc/{pid}/status").read_text()
    return {
        "resident MB": int(status.split("VmRSS:")[1].split()[0]) / 1024,
        "descriptors": len(list(Path(f"/proc/{pid}/fd").iterdir())),
        "threads": int(status.split("Threads:")[1].split()[0]),
        "processes": len(descendants(pid)),
    }


def judge(samples: list[dict[str, float]]) -> list[str]:
    """What has grown; the first quarter is for warming up."""
    quarter = max(1, len(samples) // 4)
    faults = []
    for name in samples[0]:
        early = statistics.median(s[name] for s in samples[quarter:2 * quarter])
        late = statistics.median(s[name] for s in samples[-quarter:])
        print(f"{name:12} {samples[0][name]:8.1f} at first {early:8.1f} early {late:8.1f} late")
        limit = early * MEMORY_GROWTH_MAX + 20 if name == "resident MB" else early + 16
        if late > limit:
            faults.append(f"{name} grew from {early:.1f} to {late:.1f}")
    return faults


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("binary", type=Path)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = HTTPServer(
            options.binary, "--http-port", "0", "--directory-path", f"{folder}/heaps",
            "--keep-versions", "5", "--log-level", "error")
        with server:
            load = Load(server.port, options.seed)
            threads = [threading.Thread(target=client, args=(load, n)) for n in range(CLIENTS)]
            for thread in threads:
                thread.start()
            samples = []
            end = time.monotonic() + options.minutes * 60
            while time.monotonic() < end and not load.faults:
                time.sleep(min(SAMPLE_SECONDS, max(0.1, end - time.monotonic())))
                samples.append(sample(server.process.pid))
            load.is_over.set()
            for thread in threads:
                thread.join(60)
            said = server.stderr()
    faults = load.faults + judge(samples)
    print(f"seed {options.seed}, {sum(load.counts.values())} calls: {dict(load.counts)}")
    for fault in faults:
        print("FAULT", fault)
    if faults:
        print(said[-4000:])
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
