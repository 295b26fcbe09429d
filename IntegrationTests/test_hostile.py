"""Scripts that hang, flood or exhaust: each ends in time, and hurts neither server nor heap.

All cases run over two servers when the first test asks; the tests then look at what came.
"""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from queue import Queue

import pytest
from conftest import assert_pure
from data_files import cases
from hostile_runs import CLEAR
from raw_client import Server, ToolResult

CASES = cases("hostile.jsonl")
TIMEOUT_MS = 2000
GRACE_SECONDS = 1.0
SERVER_COUNT = 2

# ICU follows a null pointer where it gets no memory, and its worker with it.
OUTSIDE_V8 = {"intl_oom"}
# Nothing but a time-out is right for these.
ENDLESS = {
    "loop", "loop_try", "loop_asyncgen", "loop_getter", "redos", "redos2", "map_forever",
    "fill_generic", "includes_generic", "reverse_generic", "copyWithin", "slow_dict",
}


@dataclass
class Run:
    """One case: what was answered, how long it took, and the heap before and after."""

    result: ToolResult
    seconds: float
    ping_seconds: float
    before: ToolResult
    after: ToolResult
    server_lived: bool


@pytest.fixture(scope="module")
def runs(binary):
    """The runs of all cases, by name; they go on in the background."""
    servers = [Server(binary, "--in-memory") for _ in range(SERVER_COUNT)]
    free: Queue[Server] = Queue()
    for server in servers:
        free.put(server)

    def run_on_a_free_server(case: dict) -> Run:
        server = free.get()
        try:
            return run(server, case)
        finally:
            if not server.is_alive:
                server = Server(binary, "--in-memory")
                servers.append(server)
            free.put(server)

    with ThreadPoolExecutor(SERVER_COUNT) as pool:
        futures: dict[str, Future[Run]] = {
            name: pool.submit(run_on_a_free_server, case) for name, case in CASES.items()}
        try:
            yield futures
        finally:
            pool.shutdown(cancel_futures=True)
            for server in servers:
                server.__exit__()
    for server in servers:
        assert_pure(server)


def run(server: Server, case: dict) -> Run:
    heap = case["name"]
    before = server.run("globalThis.n = 7; n", heap=heap)
    began = time.monotonic()
    id = server.begin_run(case["code"], heap=heap, timeout_ms=TIMEOUT_MS)
    server.request("ping", seconds=60)
    ping_seconds = time.monotonic() - began
    result = server.run_answer(id, seconds=60)
    seconds = time.monotonic() - began
    after = server.run("n", heap=heap, save=False, seconds=60)
    return Run(result, seconds, ping_seconds, before, after, server.is_alive)


@pytest.mark.parametrize("name", CASES)
def test_hostile(runs, name):
    run = runs[name].result(timeout=900)
    assert run.server_lived
    assert run.seconds <= TIMEOUT_MS / 1000 + GRACE_SECONDS, f"took {run.seconds:.2f} s"
    assert run.ping_seconds <= GRACE_SECONDS, f"ping waited {run.ping_seconds:.2f} s"
    if run.result.is_error:
        clear = CLEAR | {"worker_lost"} if name in OUTSIDE_V8 else CLEAR
        assert run.result.kind in clear, run.result
        assert run.result.error["message"]
    if name in ENDLESS:
        assert run.result.kind == "timeout"
    assert run.after.value == 7, "the heap has changed"
    if run.result.is_error:
        version = run.before.structured["version"]
        assert run.after.structured.get("version", version) == version
