"""Heaps: where they are stored, how large they are, and what a server takes of the memory."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path

from clients import StdioClient
from measuring import Budget, Series, Work, interleave
from processes import memory, template, workers
from servers import OurServer, python_over_stdio

LARGE = ("--heap-mb-max", "1024", "--timeout-ms", "120000")
OBJECTS_PER_MIB = 18_500
"""Objects of `MAKE` in a MiB of snapshot."""
MAKE = """\
let n = 0;
let data = Array.from({{length: {}}}, (_, i) => ({{id: i, name: 'n' + i, value: i / 2}}));
n"""


@contextmanager
def directory():
    """A folder of its own for heaps, on the disk that holds temporary files."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def sizes(ours: OurServer, megabytes: list[float], budget: Budget) -> dict[str, dict]:
    """Calls on heaps of several sizes, in files."""
    rows = {}
    for size in megabytes:
        with ExitStack() as stack:
            folder = stack.enter_context(directory())
            store = ("--directory-path", folder, *LARGE)
            with ours.stdio(*store) as client:
                stored = _make(client, size)
            cold = Series()
            for _ in range(budget.rounds):
                with ours.stdio(*store) as client:
                    client.call("run_js", code="1")
                    _time(client, cold)
            works = _size_works(ours, store, size, stack)
            for name, row in interleave(works, budget).items():
                rows[f"{name} / {size:g}"] = {"snapshot_bytes": stored, "megabytes": size, **row}
            rows[f"cold / {size:g}"] = {"snapshot_bytes": stored, "megabytes": size, **cold.row()}
    return rows


def _size_works(ours: OurServer, store: tuple, size: float, stack: ExitStack) -> dict[str, Work]:
    client = stack.enter_context(ours.stdio(*store))
    works = {
        "commit": Work(lambda: client.call("run_js", code="n++", heap="h"), client.pid),
        "save: false": Work(
            lambda: client.call("run_js", code="n++", heap="h", save=False), client.pid),
    }
    if ours.knows("--durability"):
        relaxed = stack.enter_context(ours.stdio("--in-memory", *LARGE, *ours.relaxed))
        _make(relaxed, size)
        works["relaxed"] = Work(
            lambda: relaxed.call("run_js", code="n++", heap="h"), relaxed.pid)
    return works


def _make(client: StdioClient, size: float) -> int:
    count = max(0, int((size - 0.9) * OBJECTS_PER_MIB))
    result = client.call("run_js", code=MAKE.format(count), heap="h")
    return result["structuredContent"]["stats"].get("snapshot_bytes", 0)


def _time(client: StdioClient, series: Series) -> None:
    row = interleave({"cold": Work(lambda: client.call("run_js", code="n", heap="h", save=False))},
                     Budget(rounds=1, seconds=0, warm_up=0, count_min=1))["cold"]
    series.seconds.append(row["mean_ms"] / 1e3)


def storages(ours: OurServer, stores: dict[str, tuple], budget: Budget, cold_heaps: int) -> dict:
    """Warm calls and first calls after a restart, by where heaps are stored."""
    rows = {}
    with ExitStack() as stack:
        works = {}
        durabilities = ("commit", "relaxed") if ours.knows("--durability") else ("commit",)
        for name, options in stores.items():
            for durability in durabilities:
                more = ours.relaxed if durability == "relaxed" else ()
                client = stack.enter_context(ours.stdio(*options, *more))
                heap = f"warm-{durability}"
                client.call("run_js", code="let n = 0", heap=heap)
                works[f"warm, {name}, {durability}"] = Work(
                    lambda client=client, heap=heap: client.call("run_js", code="n++", heap=heap),
                    client.pid)
        rows |= interleave(works, budget)
    for name, options in stores.items():
        if "--in-memory" not in options:
            rows[f"cold, {name}, commit"] = _cold(ours, options, (), cold_heaps)
            rows[f"cold, {name}, relaxed"] = _cold(ours, options, ours.relaxed, cold_heaps)
    return rows


def _cold(ours: OurServer, options: tuple, more: tuple, count: int) -> dict:
    """The first call on each heap after a restart."""
    with ours.stdio(*options) as client:
        for number in range(count):
            client.call("run_js", code="let n = 0", heap=f"cold-{number}")
    series = Series()
    with ours.stdio(*options, *more) as client:
        client.call("run_js", code="1")
        heaps = iter(range(count))
        work = Work(lambda: client.call("run_js", code="n++", heap=f"cold-{next(heaps)}"))
        for _ in range(count):
            row = interleave({"cold": work}, Budget(1, 0, warm_up=0, count_min=1))["cold"]
            series.seconds.append(row["mean_ms"] / 1e3)
    return series.row()


def memory_use(ours: OurServer, heap_count: int) -> dict[str, dict]:
    """What processes take when nothing runs."""
    rows = {}
    with ours.stdio("--in-memory", "--workers-max", str(heap_count + 4)) as client:
        client.call("run_js", code="1")
        rows["server, idle"] = _memory(client.pid)
        if (pid := template(client.pid)) is not None:
            rows["template, idle"] = _memory(pid)
        before = set(workers(client.pid))
        for number in range(heap_count):
            client.call("run_js", code="let n = 0", heap=f"h{number}")
        held = [_memory(pid) for pid in workers(client.pid) if pid not in before]
        if held:
            largest = sorted(held, key=lambda each: each["private_mib"])
            rows["worker with a warm heap, median"] = largest[len(largest) // 2]
        rows[f"server with {heap_count} warm heaps"] = _memory(client.pid)
    with ExitStack() as stack:
        client = python_over_stdio(stack)
        client.call("nothing")
        rows["Python: server, idle"] = _memory(client.pid)
    return rows


def _memory(pid: int) -> dict[str, float]:
    sizes = memory(pid)
    mib = {"resident_mib": sizes["Rss"], "proportional_mib": sizes["Pss"],
           "private_mib": sizes["Private_Clean"] + sizes["Private_Dirty"]}
    return {name: round(value / (1 << 20), 2) for name, value in mib.items()}
