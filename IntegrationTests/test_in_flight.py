"""What goes on while a script runs: pings, other heaps, cancelling, progress, full queues."""

from __future__ import annotations

import pytest
from processes import wait_until_busy
from raw_client import modern_meta

FOREVER = "n = 100; for(;;);"


def test_ping_during_a_busy_script(memory):
    run = memory.begin_run(FOREVER, timeout_ms=3000)
    wait_until_busy(memory.pid)
    assert memory.request("ping", seconds=1)["result"] == {}
    assert memory.pending() == []
    assert memory.run_answer(run).kind == "timeout"


def test_another_heap_does_not_wait(memory):
    run = memory.begin_run(FOREVER, heap="busy", timeout_ms=20_000)
    wait_until_busy(memory.pid)
    assert memory.run("1 + 1", heap="free").value == 2
    assert memory.run("1 + 1").value == 2
    assert memory.pending() == []
    memory.notify("notifications/cancelled", {"requestId": run})


def test_one_heap_runs_in_the_order_of_arrival(memory):
    memory.run("let seen = []", heap="h")
    runs = [memory.begin_run(f"seen.push({i}); seen", heap="h") for i in range(12)]
    for number, run in enumerate(runs):
        assert memory.run_answer(run).value == list(range(number + 1))


@pytest.mark.parametrize("modern", [False, True])
def test_cancel(memory, modern):
    memory.run("let n = 1", heap="h")
    run = memory.begin_run(FOREVER, heap="h", timeout_ms=60_000, modern=modern)
    wait_until_busy(memory.pid)
    memory.notify("notifications/cancelled", {"requestId": run, "reason": "test"})
    after = memory.run("n", heap="h", seconds=5)
    assert after.value == 1, "a cancelled run has changed its heap"
    assert not after.structured["created"]
    assert memory.pending() == [], "something was still said of a cancelled request"


def test_cancel_of_a_run_that_waits_in_the_queue(memory):
    memory.run("let n = 1", heap="h")
    first = memory.begin_run("for (const end = Date.now() + 1500; Date.now() < end;); n", heap="h")
    wait_until_busy(memory.pid)
    waiting = memory.begin_run("n = 2", heap="h")
    memory.notify("notifications/cancelled", {"requestId": waiting})
    assert memory.run_answer(first).value == 1
    assert memory.run("n", heap="h").value == 1
    assert memory.pending() == []


def test_cancel_of_what_is_not_running(memory):
    done = memory.begin_run("1")
    memory.run_answer(done)
    for id in (done, 99999, "x", None, {}):
        memory.notify("notifications/cancelled", {"requestId": id})
    assert memory.run("2").value == 2
    assert memory.pending() == []


def test_cancel_compares_the_type_of_the_id(memory):
    run = memory.begin_run("for (const end = Date.now() + 1000; Date.now() < end;); 7")
    wait_until_busy(memory.pid)
    memory.notify("notifications/cancelled", {"requestId": str(run)})
    assert memory.run_answer(run).value == 7


@pytest.mark.parametrize("token", [5, "five"])
@pytest.mark.parametrize("modern", [False, True])
def test_progress(memory, token, modern):
    code = (
        "for (let i = 0; i < 25; i++) {"
        "  console.log(i); await new Promise(r => setTimeout(r, 100))"
        "}")
    meta = {"progressToken": token} | (modern_meta() if modern else {})
    run = memory.begin_run(code, meta=meta)
    memory.run_answer(run)
    reports = [m for m in memory.pending() if m.get("method") == "notifications/progress"]
    assert reports, "a script of 2.5 s reported no progress"
    assert len(reports) <= 5 * 3 + 1, "more than five reports in a second"
    assert all(r["params"]["progressToken"] == token for r in reports)
    assert all(type(r["params"]["progressToken"]) is type(token) for r in reports)
    steps = [r["params"]["progress"] for r in reports]
    assert steps == sorted(set(steps)), "progress must grow"


def test_no_progress_unless_asked_for(memory):
    memory.run("console.log(1); await new Promise(r => setTimeout(r, 1500)); console.log(2)")
    assert memory.pending() == []


def test_a_full_queue(start):
    server = start("--in-memory", "--queue-max", 1)
    server.run("let n = 1", heap="h")
    first = server.begin_run(FOREVER, heap="h", timeout_ms=2000)
    wait_until_busy(server.pid)
    others = [server.begin_run("n", heap="h", timeout_ms=20_000) for _ in range(3)]
    refused = [id for id in others[1:] if server.run_answer(id, seconds=1).kind == "busy"]
    assert refused == others[1:]
    assert server.run_answer(first).kind == "timeout"
    assert server.run_answer(others[0]).value == 1


def test_time_in_the_queue_counts(memory):
    memory.run("let n = 1", heap="h")
    first = memory.begin_run(FOREVER, heap="h", timeout_ms=3000)
    wait_until_busy(memory.pid)
    waiting = memory.begin_run("n", heap="h", timeout_ms=500)
    assert memory.run_answer(waiting, seconds=2).kind in ("timeout", "busy")
    assert memory.run_answer(first).kind == "timeout"
