"""Snapshots that a fork of the worker makes, and what a hostile worker can do with forks."""

from __future__ import annotations

import os
import signal

import pytest
from processes import descendants, forks, is_running, template, wait_until, workers

NEXT = "globalThis.n = (globalThis.n ?? 0) + 1"
# Long enough that a fork makes the snapshot, whatever the durability.
COMPUTE = "for (let i = 0, end = Date.now() + 20; Date.now() < end; i++); "


def test_the_worker_goes_on_with_its_isolate(memory):
    memory.run("function f(x) { return x + 1 } let big = Array.from({ length: 5e4 }, (_, i) => i)",
               heap="h")
    pids = workers(memory.pid)
    for expected in range(1, 20):
        assert memory.run(NEXT, heap="h").value == expected
    assert set(workers(memory.pid)) & set(pids)
    assert memory.run(COMPUTE + "f(big[49999])", heap="h").value == 50000
    wait_until(lambda: not forks(memory.pid), "no fork is left")


def seen_forks(server, code: str, heap: str) -> bool:
    """Whether a fork makes a snapshot in a few runs of a script."""
    server.run(code, heap=heap)
    seen = False
    for _ in range(8):
        run = server.begin_run(code, heap=heap)
        while not any(message.get("id") == run for message in server.pending()):
            seen = seen or bool(forks(server.pid))
        assert not server.run_answer(run).is_error
    return seen


def test_forks_make_the_snapshots_of_heaps_that_compute(memory):
    assert not seen_forks(memory, NEXT, "short")
    assert seen_forks(memory, COMPUTE + NEXT, "computing")
    # What runs next may run the same code.
    assert seen_forks(memory, NEXT, "computing")
    for _ in range(8):
        memory.run(NEXT, heap="computing")
    assert not seen_forks(memory, NEXT, "computing")


@pytest.mark.parametrize("start_of, more", [
    ("null", "a = { a }"), ("() => 1", "{ const b = a; a = () => b }"),
    ("Promise.resolve()", "a = a.then(() => 1)"), ("{}", "a = Object.create(a)"),
])
def test_heaps_as_deep_as_they_may_be_outlive_being_serialised_in_place(memory, start_of, more):
    # What ended V8 would end the worker, and in a fork only that.
    deep = f"globalThis.a = {start_of}; for (let i = 0; i < 1e5; i++) {more}; globalThis.n = 0"
    assert memory.run(deep, heap="h").value == 0
    # More than follow one that computed with forks.
    for expected in range(1, 12):
        assert memory.run(NEXT, heap="h").value == expected
    assert memory.run("[n, a !== null]", heap="h", save=False).value == [11, True]


@pytest.mark.parametrize("durability", ["commit", "relaxed"])
def test_a_state_that_is_too_large_is_not_kept(start, durability):
    server = start("--in-memory", "--snapshot-mb-max", 2, "--durability", durability)
    assert server.run("var a = 1; a", heap="h").value == 1
    assert server.run("a", heap="h", save=False).value == 1
    large = server.run("a = Array.from({ length: 2e5 }, (_, i) => ({ i })); 0", heap="h")
    if durability == "commit":
        assert large.kind == "not_serializable"
    else:
        told = None

        def is_told() -> bool:
            nonlocal told
            told = server.run("1", heap="h")
            return told.is_error

        wait_until(is_told, "the loss is told of", 60)
        assert told.kind == "storage" and "are kept" in told.error["message"]
    assert server.run("a", heap="h").value == 1


@pytest.mark.parametrize("durability", ["commit", "relaxed"])
def test_a_killed_fork_costs_its_run_at_most(start, directory, durability):
    server = start("--directory-path", directory, "--durability", durability)
    server.run("var a = Array.from({ length: 100000 }, (_, i) => ({ i })); var n = 0", heap="h")
    assert server.run("1", heap="h", save=False).value == 1
    for _ in range(5):
        run = server.begin_run(COMPUTE + "++n", heap="h")
        for _ in range(40):
            for pid in forks(server.pid):
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
        result = server.run_answer(run)
        if result.is_error:
            assert result.kind in ("not_serializable", "worker_lost", "storage"), result
    # The state is one that was answered, and the heap can be used.
    found = server.run("n", heap="h")
    if found.is_error:
        assert found.kind == "storage"
        found = server.run("n", heap="h")
    assert 0 <= found.value <= 5


@pytest.mark.parametrize("options", [[], ["--jit", "off"], ["--durability", "relaxed"]])
def test_a_snapshot_that_memory_does_not_suffice_for_is_told_as_that(start, options):
    server = start("--in-memory", "--heap-mb-max", 32, "--snapshot-mb-max", 16, *options)
    assert server.run("var a = [1]; a.length", heap="h").value == 1
    assert server.run("1", heap="h", save=False).value == 1
    code = COMPUTE + "a = Array.from({ length: 60 }, (_, i) => new Uint8Array(1 << 20).fill(i)); 0"
    told = server.run(code, heap="h")
    if "relaxed" in options:
        told = server.run("1", heap="h", save=False)
    assert told.kind in ("out_of_memory", "not_serializable", "storage")
    assert "memory" in told.text or "are kept" in told.text, told
    assert server.run("a.length", heap="h").value == 1


def test_forks_end_with_the_template(start, directory):
    server = start("--directory-path", directory, "--durability", "relaxed")
    server.run("var a = Array.from({ length: 100000 }, (_, i) => ({ i }))", heap="h")
    below = [pid for pid in descendants(server.pid)]
    os.kill(template(server.pid), signal.SIGKILL)
    wait_until(lambda: not any(map(is_running, below)), "everything ends with the template")


def test_a_hardened_server_forks_nothing(start):
    server = start("--in-memory", "--hardened")
    seen = 0
    for expected in range(1, 6):
        run = server.begin_run(NEXT, heap="h")
        seen += len(forks(server.pid))
        assert server.run_answer(run).value == expected
    assert seen == 0


def test_a_fork_that_does_not_end_does_not_outlive_its_worker_for_long(start):
    server = start("--in-memory", "--durability", "relaxed")
    server.run("var a = Array.from({ length: 100000 }, (_, i) => ({ i }))", heap="h")
    held: list[int] = []

    def is_held() -> bool:
        server.run("++a[0].i", heap="h")
        for pid in forks(server.pid):
            try:
                os.kill(pid, signal.SIGSTOP)
                held.append(pid)
            except ProcessLookupError:
                pass
        return any(map(is_running, held))

    wait_until(is_held, "a fork is held")
    for pid in workers(server.pid):
        os.kill(pid, signal.SIGKILL)
    # The server gives what may be on its way half a minute.
    wait_until(lambda: not any(map(is_running, held)), "the fork is ended", seconds=60)
    server.run("1", heap="h")
    assert server.run("1", heap="other").value == 1
