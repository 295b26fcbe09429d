"""SIGKILL for the server and its workers while a client commits: what was answered is there."""

from __future__ import annotations

import os
import random
import signal
import threading

import pytest
from processes import (
    descendants, exists, is_holder, is_running, template, wait_until, wait_until_busy, workers)
from raw_client import ServerEnded

ROUNDS = 12
NEXT = "globalThis.n = (globalThis.n ?? 0) + 1"


@pytest.mark.parametrize("seed", range(2))
def test_a_killed_server_loses_nothing_it_answered(start, directory, seed):
    delays = random.Random(seed)
    answered = 0
    for round in range(ROUNDS):
        server = start("--directory-path", directory)
        found = server.run("globalThis.n ?? 0", heap="h", save=False).value
        assert found in (answered, answered + 1), f"round {round}: {answered} answered"
        answered, below = commit_until_killed(server, found, delays)
        wait_until(lambda: not any(map(is_running, below)), "workers end with their server")
    server = start("--directory-path", directory)
    assert server.run("globalThis.n ?? 0", heap="h").value in (answered, answered + 1)
    assert answered >= ROUNDS


def commit_until_killed(server, n: int, delays: random.Random) -> tuple[int, list[int]]:
    """Counts up until the server dies; returns the last answer, and the processes it left."""
    n = server.run(NEXT, heap="h").value
    below = descendants(server.pid)
    # At any moment of a commit: the time from the timer to the signal is what is random here.
    timer = threading.Timer(delays.uniform(0.001, 0.25), server.process.kill)
    timer.start()
    try:
        while True:
            n = server.run(NEXT, heap="h").value
    except (ServerEnded, BrokenPipeError):
        assert server.wait(10) == -signal.SIGKILL
    finally:
        timer.join()
    return n, below


def test_a_killed_worker_loses_nothing_it_answered(files):
    n = files.run(NEXT, heap="h").value
    for _ in range(ROUNDS):
        run = files.begin_run(NEXT, heap="h")
        killed = workers(files.pid)
        for pid in killed:
            kill(pid)
        result = files.run_answer(run)
        # Until its last thread is gone a worker can still be sent what it will never answer.
        wait_until(lambda: not any(map(exists, killed)), "the killed workers are reaped")
        if result.is_error:
            assert result.kind == "worker_lost"
        else:
            n += 1
        assert files.run("n", heap="h", save=False).value == n
        assert files.run(NEXT, heap="h").value == n + 1
        n += 1


def test_a_worker_that_is_killed_while_it_computes(memory):
    memory.run("let n = 1", heap="h")
    run = memory.begin_run("n = 2; for(;;);", heap="h", timeout_ms=60_000)
    kill(wait_until_busy(memory.pid))
    lost = memory.run_answer(run, seconds=5)
    assert lost.kind == "worker_lost"
    assert memory.run("n", heap="h").value == 1


def test_killing_one_heaps_worker_leaves_the_others(memory):
    memory.run("let n = 5", heap="other")
    memory.run("let n = 1", heap="h")
    run = memory.begin_run("for(;;);", heap="h", timeout_ms=60_000)
    kill(wait_until_busy(memory.pid))
    assert memory.run("n", heap="other").value == 5
    assert memory.run_answer(run).kind == "worker_lost"


def test_a_killed_template_is_replaced(memory):
    memory.run("let n = 1", heap="h")
    for _ in range(3):
        first = template(memory.pid)
        kill(first)
        wait_until(lambda: not is_running(first), "the template is gone")
        assert memory.run("n", heap="h").value == 1
        assert memory.run("1 + 1", heap="fresh").value == 2
        assert memory.run("1 + 1").value == 2


def test_the_process_that_holds_the_namespace_is_replaced(memory):
    memory.run("let n = 1", heap="h")
    first = template(memory.pid)
    holders = [pid for pid in descendants(memory.pid) if is_holder(pid)]
    if not holders:
        pytest.skip("workers have no process namespace here")
    kill(holders[0])
    wait_until(lambda: not is_running(first), "the template ends with it")
    for _ in range(3):
        assert memory.run("n", heap="h").value == 1
        assert memory.run("1 + 1").value == 2


def test_a_stopped_worker_ends_at_its_deadline(memory):
    memory.run("let n = 1", heap="h")
    run = memory.begin_run("for(;;);", heap="h", timeout_ms=2000)
    os.kill(wait_until_busy(memory.pid), signal.SIGSTOP)
    assert memory.run_answer(run, seconds=6).kind in ("timeout", "worker_lost")
    assert memory.run("n", heap="h").value == 1


def kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
