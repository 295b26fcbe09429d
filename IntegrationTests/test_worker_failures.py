"""How workers end, what an operator is told of it, and what becomes of their heaps."""

from __future__ import annotations

import os
import re
import signal
from concurrent.futures import ThreadPoolExecutor
from signal import SIGABRT, SIGKILL, SIGSEGV, SIGSYS

import pytest
from http_client import Client, HTTPServer
from processes import template, wait_until, wait_until_busy, workers
from raw_client import Server, ToolResult
from test_heap_commands import Heaps
from test_heap_tools import fork

FAILURES = {
    SIGSYS: "sandbox_violation", SIGSEGV: "memory_corruption", SIGABRT: "engine_abort",
    SIGKILL: "killed", signal.SIGXCPU: "resource_limit",
}


def crash(server: Server, heap: str, number: signal.Signals) -> ToolResult:
    """Ends the worker of a run as the kernel or a fault would; what the caller is told."""
    id = server.begin_run("for (;;);", heap=heap, timeout_ms=30_000)
    os.kill(wait_until_busy(server.pid), number)
    return server.run_answer(id)


@pytest.mark.parametrize("number", [SIGSYS, SIGSEGV], ids=["SIGSYS", "SIGSEGV"])
def test_a_heap_is_quarantined_until_it_is_released(binary, directory, start, number):
    server = start("--directory-path", directory)
    first = server.run("let n = 7; n", heap="h")
    server.run("1", heap="other")
    assert crash(server, "h", number).kind == "worker_lost"
    assert server.run("n", heap="h").value == 7
    assert crash(server, "h", number).kind == "worker_lost"
    refused = server.run("n", heap="h")
    assert refused.kind == "quarantined"
    assert "mcp-v8 heaps release h" in refused.error["message"]
    assert server.run("n", heap="h", save=False).kind == "quarantined"
    version = first.structured["version"]
    assert server.run("n", heap=f"h@{version[:12]}", save=False).kind == "quarantined"
    assert server.run("2", heap="other").value == 2
    server.close()

    again = start("--directory-path", directory)
    assert again.run("n", heap="h").kind == "quarantined"
    heaps = Heaps(binary, directory)
    listed = {heap["name"]: heap.get("quarantined") for heap in heaps.json("list")["heaps"]}
    assert listed == {"h": True, "other": None}
    assert "released" in heaps("release", "h")
    assert again.run("n", heap="h").value == 7
    heaps("release", "nobody", code=1)


def test_calls_that_succeed_at_once_are_no_failures(binary):
    code = "1 + 1"
    with HTTPServer(binary, "--in-memory") as server:
        with ThreadPoolExecutor(30) as pool:
            def call(_) -> int:
                with Client(server.port) as client:
                    return client.run(code, timeout_ms=120_000).value
            assert list(pool.map(call, range(120))) == [2] * 120
        with Client(server.port) as client:
            metrics = client.send("GET", "/metrics").body.decode()
    counts = re.findall(r"^mcp_v8_worker_failures_total.* (\d+)$", metrics, re.MULTILINE)
    assert counts and set(counts) == {"0"}, metrics
    assert "Worker failed" not in server.stderr()


def test_a_burst_over_stdio_is_no_failure(start):
    server = start("--in-memory")
    for _ in range(3):
        ids = [server.begin_run("1 + 1", timeout_ms=120_000) for _ in range(30)]
        assert [server.run_answer(id, 120).value for id in ids] == [2] * 30
    server.close()
    assert server.stderr() == ""


def test_a_client_that_leaves_early_leaves_no_warning(start):
    for code in ("1", "let n = 1"):
        server = start("--in-memory")
        server.begin_run(code, heap="h")
        server.end_of_input()
        server.wait(60)
        assert server.stderr() == ""


def test_going_back_to_a_version_releases_a_heap_and_a_copy_does_not(memory):
    old = memory.run("let n = 1; n", heap="h").structured["version"]
    memory.run("n = 2", heap="h")
    for _ in range(2):
        crash(memory, "h", SIGSEGV)
    fork(memory, "h", "copy")
    assert memory.run("n", heap="copy").kind == "quarantined"
    fork(memory, f"h@{old[:12]}", "h", replace=True)
    assert memory.run("n", heap="h").value == 1


def test_a_worker_that_gives_up_says_nothing_of_its_heap(memory):
    memory.run("let n = 1; n", heap="h")
    for _ in range(3):
        assert crash(memory, "h", SIGABRT).kind == "worker_lost"
    assert memory.run("n", heap="h").value == 1


def test_an_operator_is_told(binary):
    with HTTPServer(binary, "--in-memory", "--http-port", "0") as server:
        with Client(server.port) as client:
            counted = {}
            for number, reason in FAILURES.items():
                client.run("1", heap=reason)
                client.begin_run("for (;;);", heap=reason, timeout_ms=30_000)
                os.kill(wait_until_busy(server.process.pid), number)
                assert client.reply().tool_result.kind == "worker_lost"
                counted[reason] = 1
            assert client.run("Array.prototype.includes.call({length: 2 ** 53 - 1}, 5)",
                              timeout_ms=100).kind == "timeout"
            counted["deadline"] = 1
            text = client.send("GET", "/metrics").body.decode()
            found = {name: int(count) for name, count in re.findall(
                r'^mcp_v8_worker_failures_total{reason="(\w+)"} (\d+)$', text, re.M)}
            assert {name: count for name, count in found.items() if count} == counted
            assert {"protocol_breach", "out_of_memory", "other"} <= found.keys()
            assert "mcp_v8_heaps_quarantined_total 0" in text
        stderr = server.stderr()
        assert re.search(r"error.*Worker failed.*|Worker failed.*sandbox_violation", stderr), stderr
        assert "Heap incident" in stderr


def test_a_template_that_dies_counts_against_no_heap(memory):
    memory.run("let n = 1; n", heap="h")
    for _ in range(2):
        id = memory.begin_run("for (;;);", heap="h", timeout_ms=30_000)
        wait_until_busy(memory.pid)
        os.kill(template(memory.pid), SIGSEGV)
        assert memory.run_answer(id).kind == "worker_lost"
    assert memory.run("n", heap="h").value == 1
    wait_until(lambda: workers(memory.pid), "there are workers again")
