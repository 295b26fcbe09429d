"""Times, processor time, and the order in which things are measured."""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "IntegrationTests"))

from processes import descendants  # noqa: E402

_TICK = 1 / os.sysconf("SC_CLK_TCK")


@dataclass
class Work:
    """Something that is measured by calling it, and the process that does it."""

    call: Callable[[], object]
    pid: int | None = None


@dataclass
class Series:
    """What was measured of one kind of work."""

    seconds: list[float] = field(default_factory=list)
    wall: float = 0.0
    server_cpu: float = 0.0
    workers_cpu: float = 0.0

    def row(self) -> dict[str, float | int]:
        """Milliseconds, as they stand in the results."""
        count = len(self.seconds)
        row = {
            "calls": count, "p50_ms": percentile(self.seconds, 50) * 1e3,
            "p95_ms": percentile(self.seconds, 95) * 1e3,
            "p99_ms": percentile(self.seconds, 99) * 1e3,
            "mean_ms": sum(self.seconds) / count * 1e3,
        }
        if self.server_cpu or self.workers_cpu:
            row["server_cpu_ms"] = self.server_cpu / count * 1e3
            row["workers_cpu_ms"] = self.workers_cpu / count * 1e3
        return {name: round(value, 4) for name, value in row.items()}


@dataclass
class Budget:
    """How long one kind of work is measured: in several rounds, so that what drifts hits all."""

    rounds: int
    seconds: float
    """For all rounds of one kind of work."""
    warm_up: int = 5
    count_min: int = 3
    """Calls of each round, however long they take."""


def percentile(values: list[float], percent: float) -> float:
    """The smallest of the values that is not under so many percent of them."""
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]


def interleave(works: dict[str, Work], budget: Budget) -> dict[str, dict]:
    """Measures in the order A B C A B C …; returns a row for each."""
    series = {name: Series() for name in works}
    for round in range(budget.rounds):
        for name, work in works.items():
            for _ in range(budget.warm_up if round == 0 else 1):
                work.call()
            _measure(work, series[name], budget.seconds / budget.rounds, budget.count_min)
    return {name: each.row() for name, each in series.items()}


def _measure(work: Work, series: Series, seconds: float, count_min: int) -> None:
    server, workers = cpu_seconds(work.pid) if work.pid else (0.0, 0.0)
    began = now = time.perf_counter()
    count = 0
    while count < count_min or now - began < seconds:
        work.call()
        before, now = now, time.perf_counter()
        series.seconds.append(now - before)
        count += 1
    series.wall += now - began
    if work.pid:
        server_after, workers_after = cpu_seconds(work.pid)
        series.server_cpu += server_after - server
        series.workers_cpu += workers_after - workers


def cpu_seconds(pid: int) -> tuple[float, float]:
    """Processor time of a process, and of all below it with those that have ended."""
    below = sum(_own_cpu(child) + _ended_cpu(child) for child in descendants(pid))
    return _own_cpu(pid), below + _ended_cpu(pid)


def _own_cpu(pid: int) -> float:
    """Of its threads, from the scheduler: exact, where `stat` counts ticks of 10 ms."""
    nanoseconds = 0
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            nanoseconds += int(Path(f"/proc/{pid}/task/{thread}/schedstat").read_text().split()[0])
    except (FileNotFoundError, ProcessLookupError):
        pass
    return nanoseconds / 1e9


def _ended_cpu(pid: int) -> float:
    """Of its children that have ended and were waited for."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    fields = stat[stat.rindex(")") + 2:].split()
    return (int(fields[13]) + int(fields[14])) * _TICK
