#!/usr/bin/env python3
"""Measures mcp-v8 over stdio and prints a table. Judges nothing.

Usage: stdio.py [SERVER]    (default: .build/release/mcp-v8)
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY / "IntegrationTests"))

from processes import memory, template, workers  # noqa: E402
from raw_client import Server  # noqa: E402

CALLS = 300
STARTS = 20
WARM_UP = 20


def main() -> int:
    binary = Path(sys.argv[1] if len(sys.argv) > 1 else REPOSITORY / ".build/release/mcp-v8")
    if not binary.exists():
        print(f"stdio.py: there is no {binary}", file=sys.stderr)
        return 66
    binary = binary.resolve()
    with Server(binary, "--in-memory") as server:
        server.run("let n = 0", heap="h")
        report("ping", times(lambda: server.request("ping"), CALLS))
        report("1+1, warm heap in memory", times(lambda: server.run("1+1", heap="h"), CALLS))
        report("1+1, warm heap, save: false",
               times(lambda: server.run("1+1", heap="h", save=False), CALLS))
        report("1+1, without a heap", times(lambda: server.run("1+1"), CALLS))
    with Server(binary, "--stateless") as server:
        report("1+1, --stateless", times(lambda: server.run("1+1"), CALLS))
    report("start to first answer", [first_answer(binary, "ping") for _ in range(STARTS)])
    report("start to first result", [first_answer(binary, "run") for _ in range(STARTS)])
    report_memory(binary)
    return 0


def times(work: Callable[[], object], count: int) -> list[float]:
    """How long each of `count` calls takes, in seconds, after some that do not count."""
    for _ in range(WARM_UP):
        work()
    measured = []
    for _ in range(count):
        began = time.perf_counter()
        work()
        measured.append(time.perf_counter() - began)
    return measured


def first_answer(binary: Path, what: str) -> float:
    """From the start of the process to its first answer."""
    began = time.perf_counter()
    with Server(binary, "--in-memory") as server:
        server.request("ping") if what == "ping" else server.run("1+1")
        return time.perf_counter() - began


def report(name: str, seconds: list[float]) -> None:
    percentiles = statistics.quantiles(seconds, n=100)
    print(f"{name:<32} p50 {percentiles[49] * 1000:8.2f} ms   p95 {percentiles[94] * 1000:8.2f} ms"
          f"   ({len(seconds)})", flush=True)


def report_memory(binary: Path) -> None:
    """What the processes take when nothing runs."""
    with Server(binary, "--in-memory") as server:
        server.run("1+1", heap="h")
        report_process("server, idle", server.pid)
        if (pid := template(server.pid)) is not None:
            report_process("template worker, idle", pid)
        for pid in workers(server.pid):
            report_process("worker, idle", pid)


def report_process(name: str, pid: int) -> None:
    sizes = memory(pid)
    private = sizes["Private_Clean"] + sizes["Private_Dirty"]
    print(f"{name:<32} resident {mib(sizes['Rss'])}   proportional {mib(sizes['Pss'])}"
          f"   private {mib(private)}")


def mib(byte_count: int) -> str:
    return f"{byte_count / (1 << 20):7.1f} MiB"


if __name__ == "__main__":
    sys.exit(main())
