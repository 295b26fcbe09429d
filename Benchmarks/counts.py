#!/usr/bin/env python3
"""Counts what a call costs where the machine's speed does not matter: system calls, bytes, and
the page faults of a worker that stays.

Usage: counts.py [--server FILE] [--update]    (--update writes new bounds into thresholds.json)

The server runs under strace twice, with few calls and with many; the difference, divided by the
calls, leaves start and end out. IntegrationTests/test_counts.py holds the counts to the bounds.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import measuring  # noqa: F401  (makes the modules of IntegrationTests known)
from clients import StdioClient
from processes import descendants, template

REPOSITORY = Path(__file__).resolve().parent.parent
THRESHOLDS = Path(__file__).resolve().parent / "thresholds.json"
HEADROOM = 1.3
# Garbage is collected three seconds after the start: all calls have been made by then.
FEW, MANY = 20, 60

_CALL = re.compile(r"(\w+)\((.*)\) += (-?\d+)")
_READS = {"read", "recvfrom", "recvmsg", "readv", "pread64"}
_WRITES = {"write", "sendto", "sendmsg", "writev", "pwrite64", "pwritev"}
_SYNCS = {"fsync", "fdatasync"}


class NoStrace(Exception):
    """strace is not there, or may not trace."""


@dataclass(frozen=True)
class Scenario:
    """Calls of one kind on a server of one kind."""

    options: tuple[str, ...]
    call: Callable[[StdioClient], object]
    # Whether one worker has all calls. Of others' page faults most are those of their start.
    has_one_worker: bool = False


SCENARIOS = {
    "without JavaScript": Scenario(("--in-memory",), lambda client: client.call("list_heaps")),
    "without a heap": Scenario(("--in-memory",), lambda client: client.call("run_js", code="1+1")),
    "warm heap, not saved": Scenario(
        ("--in-memory",), lambda client: client.call("run_js", code="n++", heap="h", save=False)),
    "warm heap in memory": Scenario(
        ("--in-memory",), lambda client: client.call("run_js", code="n++", heap="h"), True),
    "warm heap in files": Scenario(
        ("--directory-path", "HEAPS"), lambda client: client.call("run_js", code="n++", heap="h"),
        True),
}


def counts(binary: Path, scenario: Scenario) -> dict[str, float]:
    """What one call costs."""
    few, many = (_traced(binary, scenario, calls) for calls in (FEW, MANY))
    found = {name: round(max(0, many[name] - few[name]) / (MANY - FEW), 2)
             for name in sorted(many | few)}
    calls = [count for name, count in found.items() if name.startswith("system calls")]
    return found | {"system calls, all": round(sum(calls), 2)}


def _traced(binary: Path, scenario: Scenario, calls: int) -> Counter:
    """Everything that was counted in the life of a server with so many calls."""
    if (strace := shutil.which("strace")) is None:
        raise NoStrace("there is no strace: scripts/install-dependencies installs it")
    with tempfile.TemporaryDirectory() as folder:
        heaps = Path(folder) / "heaps"
        heaps.mkdir(mode=0o700)
        options = [str(heaps) if option == "HEAPS" else option for option in scenario.options]
        client = StdioClient([strace, "-ff", "-qq", "-y", "-s0", "-o", f"{folder}/trace",
                              str(binary), *options])
        try:
            client.call("run_js", code="let n = 0", heap="h")
            for _ in range(calls):
                scenario.call(client)
            server = descendants(client.pid)[0]
            of_server, of_template = _threads(server), _threads(template(server))
            faults = max(map(_page_faults, descendants(template(server))))
        finally:
            client.close()
        total = Counter({"page faults, worker": faults} if scenario.has_one_worker else {})
        for trace in Path(folder).glob("trace.*"):
            thread = int(trace.suffix[1:])
            process = ("server" if thread in of_server
                       else "template" if thread in of_template else "workers")
            _count(trace, process, str(heaps), total)
    return total


def _count(trace: Path, process: str, heaps: str, total: Counter) -> None:
    for line in trace.read_text(errors="replace").splitlines():
        if (call := _CALL.match(line)) is None:
            continue
        name, arguments, result = call.group(1), call.group(2), int(call.group(3))
        if process == "server" and "/proc/" in arguments:
            # It looks at its workers' memory by the clock, however many calls there are.
            continue
        total[f"system calls, {process}"] += 1
        is_channel = process == "workers" and re.match(r"\d+<(socket|UNIX)", arguments)
        if is_channel and name in _READS | _WRITES:
            total["bytes on the worker's channel"] += max(0, result)
            total["messages on the worker's channel"] += result > 0 and name in _WRITES
        if process == "server" and heaps in arguments:
            total["bytes written to storage"] += max(0, result) if name in _WRITES else 0
            total["syncs of storage"] += name in _SYNCS


def _page_faults(pid: int) -> int:
    """Without those that read from a disk; none of a process that has just ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return int(stat[stat.rindex(")") + 2:].split()[7])


def _threads(pid: int | None) -> set[int]:
    return {int(entry.name) for entry in Path(f"/proc/{pid}/task").iterdir()} if pid else set()


def bound(count: float) -> int:
    """What is allowed where this was counted."""
    # One worker that was started more or less is seen in what is next to nothing.
    return max(3, math.ceil(count * HEADROOM))


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--server", type=Path, default=REPOSITORY / ".build/release/mcp-v8")
    options.add_argument("--update", action="store_true", help="write new bounds")
    asked = options.parse_args()
    try:
        found = {name: counts(asked.server.resolve(), scenario)
                 for name, scenario in SCENARIOS.items()}
    except NoStrace as failure:
        print(f"counts.py: {failure}", file=sys.stderr)
        return 69
    bounds = json.loads(THRESHOLDS.read_text()) if THRESHOLDS.exists() else {}
    if asked.update:
        bounds = {scenario: {name: bound(count) for name, count in each.items()}
                  for scenario, each in found.items()}
        THRESHOLDS.write_text(json.dumps(bounds, indent=2) + "\n")
    for scenario, each in found.items():
        for name, count in each.items():
            print(f"{scenario:<24} {name:<36} {count:10.2f}   at most "
                  f"{bounds.get(scenario, {}).get(name, '–')}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
