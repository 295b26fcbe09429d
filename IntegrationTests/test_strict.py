"""--strict: workers that are started, not forked."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from processes import descendants, is_running, parent, template, wait_until, workers
from programs import LIBRARY
from raw_client import Server


def layout(pid: int) -> str | None:
    """Where a process has the worker's library; none if it has ended meanwhile."""
    try:
        maps = Path(f"/proc/{pid}/maps").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return next((line.split("-")[0] for line in maps if LIBRARY in line), None)


@pytest.fixture
def strict(start) -> Server:
    return start("--in-memory", "--strict", "--workers-max", "4")


def test_each_worker_has_a_template_of_its_own(strict):
    for heap in ("a", "b"):
        assert strict.run(f"let name = '{heap}'; name", heap=heap).value == heap
    assert len({parent(pid) for pid in workers(strict.pid)} - {None}) >= 2
    assert strict.run("name", heap="a").value == "a"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root sees where others have their memory")
@pytest.mark.parametrize("options", [(), ("--strict",)])
def test_no_two_workers_share_a_layout(start, options):
    server = start("--in-memory", "--workers-max", "4", *options)
    for heap in ("a", "b"):
        server.run("1", heap=heap)
    # What a template forks to prove its confinement is among them, and is gone soon.
    seen = [(parent(pid), layout(pid)) for pid in workers(server.pid)]
    found = [both for both in seen if all(both)]
    assert len(found) >= 2
    # The layout is that of the template: one for all, or one for each.
    templates, layouts = map(set, zip(*found, strict=True))
    assert len(layouts) == len(templates)
    assert (len(templates) > 1) == bool(options)


def test_a_template_ends_with_its_worker(strict):
    for _ in range(6):
        # Or there was no worker for it in this time.
        assert strict.run("for (;;);", timeout_ms=50).kind in ("timeout", "busy")
        assert strict.run("6 * 7").value == 42
    # Two spare workers, each with a template and perhaps a holder.
    wait_until(lambda: len(descendants(strict.pid)) <= 2 * 3 + 2, "templates end")


def test_nothing_is_left_of_it(strict):
    strict.run("1", heap="a")
    below = descendants(strict.pid)
    strict.close()
    wait_until(lambda: not any(is_running(pid) for pid in below), "its processes end")


def test_a_worker_outlives_another_ones_template(strict):
    for heap in ("a", "b"):
        strict.run("globalThis.n = 1", heap=heap)
    first = template(strict.pid)
    below = descendants(first)
    os.kill(first, 9)
    wait_until(lambda: not any(map(is_running, [first, *below])), "a template ends")
    for heap in ("a", "b"):
        assert strict.run("n", heap=heap).value == 1


def test_calls_beyond_what_the_machine_can_do_at_once_are_all_answered(start):
    """More templates are started than there are processors, while some of them are killed."""
    server = start("--in-memory", "--strict", "--workers-max", "8")
    server.initialize()
    calls = []
    count = "globalThis.n = (globalThis.n ?? 0) + 1"
    for turn in range(20):
        heap = f"h{turn % 7}"
        calls += [
            (server.begin_run("6 * 7", timeout_ms=60_000), {"value"}),
            (server.begin_run(count, heap=heap, timeout_ms=60_000), {"value"}),
            # Some have no worker in their time.
            (server.begin_run("for (;;);", timeout_ms=300), {"timeout", "busy"}),
        ]
    for number, expected in calls:
        result = server.run_answer(number, seconds=180)
        assert (result.kind if result.is_error else "value") in expected, result
    assert [server.run("n", heap=f"h{each}").value for each in range(7)] == [3] * 6 + [2]
