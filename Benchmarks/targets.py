"""What was to be reached, and whether it was."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

SAME_V8 = "(V8 13.6"
Measure = Callable[[dict], float]
"""Takes a number out of the parts of a result."""


@dataclass
class Target:
    """A number, and the bound that it has to keep."""

    what: str
    bound: float
    unit: str
    measure: Measure
    is_lower_better: bool = True

    def line(self, parts: dict) -> str:
        sign = "≤" if self.is_lower_better else "≥"
        wanted = f"{sign} {self.bound:g} {self.unit}".strip()
        try:
            value = self.measure(parts)
        except (KeyError, ValueError, ZeroDivisionError):
            return f"| {self.what} | {wanted} | not measured | |"
        reached = value <= self.bound if self.is_lower_better else value >= self.bound
        return (f"| {self.what} | {wanted} | {value:,.3g} {self.unit} | "
                f"{'reached' if reached else '**not reached**'} |")


def _best(part: str, prefix: str) -> Measure:
    return lambda parts: max(row["per_second"] for name, row in parts[part].items()
                             if name.startswith(prefix))


def _row(part: str, name: str, key: str = "p50_ms") -> Measure:
    return lambda parts: parts[part][name][key]


def _ratio(above: Measure, below: Measure) -> Measure:
    return lambda parts: above(parts) / below(parts)


def _compute(place: str) -> Measure:
    """The geometric mean of a place's times, by those of node of the same V8."""
    def mean(parts: dict) -> float:
        rows = parts["compute"].values()
        same = {row["program"]: row["p50_ms"] for row in rows if SAME_V8 in row["place"]}
        ratios = [row["p50_ms"] / same[row["program"]] for row in rows if row["place"] == place]
        return math.exp(sum(map(math.log, ratios)) / len(ratios))
    return mean


_NOTHING = "Python: a tool that does nothing"
_RELAXED, _COMMIT = "n++ on a warm heap, relaxed", "n++ on a warm heap, commit"
_STATELESS = "1+1 without a heap"

TARGETS = [
    Target("warm stateful call, memory, relaxed: p50, stdio", 1, "ms", _row("stdio", _RELAXED)),
    Target("the server's own part of it: CPU", 0.15, "ms",
           _row("stdio", _RELAXED, "server_cpu_ms")),
    Target("the same against Python's call of nothing, stdio: p50", 1, "×",
           _ratio(_row("stdio", _RELAXED), _row("stdio", _NOTHING))),
    Target("with durability commit against it", 1, "×",
           _ratio(_row("stdio", _COMMIT), _row("stdio", _NOTHING))),
    Target("stateful calls, memory, commit, many heaps", 200, "/s",
           _best("clients", "n++ on 8 warm heaps, commit"), False),
    Target("stateless `1+1`, HTTP", 1000, "/s", _best("clients", _STATELESS), False),
    Target("the same against node per call", 20, "×",
           _ratio(_best("clients", _STATELESS), _best("clients", "Python: 1+1 by node")), False),
    Target("the same, one caller: p50", 1.5, "ms", _row("http", _STATELESS)),
    Target("a call without JavaScript, HTTP, 4 clients", 8000, "/s",
           _row("clients", "list_heaps (no JavaScript) / 4", "per_second"), False),
    Target("cold stateful call from files, relaxed: p50", 10, "ms",
           _row("storages", "cold, files, relaxed")),
    Target("the same with durability commit", 10, "ms",
           _row("storages", "cold, files, commit")),
    Target("computing on a heap against node of the same V8", 1.2, "×", _compute("on a heap")),
    Target("computing without a heap against it", 1.2, "×", _compute("without a heap")),
    Target("26 MB heap's warm call, relaxed, against a small one's: p50", 2, "×",
           _ratio(_row("sizes", "relaxed / 26"), _row("sizes", "relaxed / 0.5"))),
    Target("start to first answer: p50", 50, "ms", _row("start", "first answer")),
    Target("start to first result: p50", 120, "ms", _row("start", "first result")),
    Target("worker with a warm heap: private memory", 5, "MiB",
           _row("memory", "worker with a warm heap, median", "private_mib")),
    Target("server, idle: resident memory", 60, "MiB",
           _row("memory", "server, idle", "resident_mib")),
]


def targets(parts: dict) -> Iterator[str]:
    """A table of them all."""
    yield "### Targets"
    yield ""
    yield "| | target | measured | |"
    yield "|---|---:|---:|---|"
    yield from (target.line(parts) for target in TARGETS)
    yield ""
