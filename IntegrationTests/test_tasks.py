"""Calls as tasks: the core of 2025-11-25, and the extension of 2026-07-28."""

from __future__ import annotations

import time

import pytest
from http_client import Client, HTTPServer, modern_headers
from processes import wait_until
from raw_client import ToolResult, modern_meta

EXTENSION = "io.modelcontextprotocol/tasks"
MODERN = modern_meta(**{"io.modelcontextprotocol/clientCapabilities": {
    "extensions": {EXTENSION: {}}}})
SLOW = "await new Promise(done => setTimeout(done, {}))"


def create(server, code: str, task: object = None, **arguments) -> dict:
    """Calls `run_js` as a task of 2025-11-25."""
    result = server.result("tools/call", {
        "name": "run_js", "arguments": {"code": code, **arguments}, "task": task or {}})
    return result["task"]


def ask(server, method: str, id: str) -> dict:
    return server.request(f"tasks/{method}", {"taskId": id})


def modern(server, method: str, params: dict | None = None, seconds: float = 60) -> dict:
    return server.request(method, (params or {}) | {"_meta": MODERN}, seconds=seconds)


def poll(get, seconds: float = 60) -> dict:
    """Asks until the task has ended."""
    task: dict = {}

    def has_ended() -> bool:
        task.update(get())
        return task["status"] != "working"

    wait_until(has_ended, "the end of a task", seconds)
    return task


@pytest.fixture
def server(memory):
    memory.initialize()
    return memory


def test_capabilities(start):
    server = start("--in-memory")
    capabilities = server.initialize()["capabilities"]
    assert capabilities["tasks"] == {
        "list": {}, "cancel": {}, "requests": {"tools": {"call": {}}}}
    tools = {tool["name"]: tool for tool in server.result("tools/list")["tools"]}
    assert tools["run_js"]["execution"] == {"taskSupport": "optional"}
    assert "execution" not in tools["list_heaps"]
    discovered = server.result("server/discover", modern=True)["capabilities"]
    assert discovered["extensions"] == {EXTENSION: {}} and "tasks" not in discovered
    older = start("--in-memory")
    assert "tasks" not in older.initialize("2025-06-18")["capabilities"]
    assert "execution" not in older.result("tools/list")["tools"][0]
    assert older.request("tasks/list")["error"]["code"] == -32601
    ignored = older.result("tools/call", {
        "name": "run_js", "arguments": {"code": "1"}, "task": {"ttl": 1}})
    assert ToolResult(ignored).value == 1


def test_a_task_from_start_to_result(server):
    before = time.monotonic()
    task = create(server, SLOW.format(1500) + "; globalThis.n = 42", {"ttl": 120_000}, heap="h")
    assert time.monotonic() - before < 1.4, "the task is told at once"
    assert task["status"] == "working" and task["ttl"] == 120_000
    assert task["createdAt"].endswith("Z") and len(task["taskId"]) >= 32
    assert ask(server, "get", task["taskId"])["result"]["status"] == "working"
    [listed] = server.result("tasks/list")["tasks"]
    assert listed["taskId"] == task["taskId"]
    answer = ask(server, "result", task["taskId"])["result"]
    assert answer["_meta"] == {
        "io.modelcontextprotocol/related-task": {"taskId": task["taskId"]}}
    assert ToolResult(answer).value == 42
    assert ask(server, "get", task["taskId"])["result"]["status"] == "completed"
    assert ToolResult(ask(server, "result", task["taskId"])["result"]).value == 42, "kept"
    assert server.run("n", heap="h").value == 42


def test_a_task_that_fails(server):
    task = create(server, "throw new Error('no')")
    assert poll(lambda: ask(server, "get", task["taskId"])["result"])["status"] == "failed"
    result = ToolResult(ask(server, "result", task["taskId"])["result"])
    assert result.kind == "exception" and "no" in result.text


def test_cancelling_a_task(server):
    server.run("let n = 1", heap="h")
    task = create(server, "n = 2; for (;;) {}", heap="h")
    waiting = server.begin("tasks/result", {"taskId": task["taskId"]})
    cancelled = ask(server, "cancel", task["taskId"])["result"]
    assert cancelled["status"] == "cancelled"
    assert server.answer(waiting)["error"]["code"] == -32602
    again = ask(server, "cancel", task["taskId"])
    assert again["error"]["code"] == -32602, "it has ended"
    assert server.run("n", heap="h", seconds=20).value == 1


def test_cancelling_a_task_that_waits_for_its_turn(server):
    running = create(server, "for (;;) {}", heap="h")
    waiting = create(server, "globalThis.ran = true", heap="h")
    assert ask(server, "cancel", waiting["taskId"])["result"]["status"] == "cancelled"
    assert ask(server, "cancel", running["taskId"])["result"]["status"] == "cancelled"
    assert server.run("typeof ran", heap="h").value == "undefined"


def test_giving_up_the_wait_for_a_result(server):
    task = create(server, SLOW.format(1000) + "; 7")
    waiting = server.begin("tasks/result", {"taskId": task["taskId"]})
    server.notify("notifications/cancelled", {"requestId": waiting})
    assert ToolResult(ask(server, "result", task["taskId"])["result"]).value == 7
    assert not any(m.get("id") == waiting for m in server.pending())


def test_a_task_says_what_it_does(server):
    task = create(server, "console.log('half way');" + SLOW.format(60_000))
    deadline = time.monotonic() + 20
    while "statusMessage" not in (state := ask(server, "get", task["taskId"])["result"]):
        assert time.monotonic() < deadline
    assert state["statusMessage"]
    ask(server, "cancel", task["taskId"])


def notification(server, method: str) -> dict:
    return server.take(lambda message: message.get("method") == method, method)["params"]


@pytest.mark.parametrize("code, status", [
    ("console.log('here'); 1", "completed"), ("console.log('here'); null.x", "failed"),
    ("console.log('here'); for (;;) {}", "cancelled"),
])
def test_a_task_tells_on_its_own_how_it_goes(server, code, status):
    server.result("logging/setLevel", {"level": "info"})
    task = server.result("tools/call", {
        "name": "run_js", "arguments": {"code": code}, "task": {},
        "_meta": {"progressToken": "p"}})["task"]
    assert notification(server, "notifications/progress")["progressToken"] == "p"
    assert notification(server, "notifications/message")["data"] == "here"
    if status == "cancelled":
        ask(server, "cancel", task["taskId"])
    else:
        ended = notification(server, "notifications/tasks/status")
        assert ended["taskId"] == task["taskId"] and ended["status"] == status
        assert ended == ask(server, "get", task["taskId"])["result"]
    server.result("ping")
    assert server.pending() == [], "nothing follows, and the end comes once"


def test_the_oldest_results_make_room(server):
    tasks = []
    for _ in range(260):
        tasks.append(create(server, "1")["taskId"])
        ask(server, "result", tasks[-1])
    listed = {task["taskId"] for task in server.result("tasks/list")["tasks"]}
    assert len(listed) == 256 and listed == set(tasks[4:])
    assert ask(server, "get", tasks[0])["error"]["code"] == -32602
    assert ToolResult(ask(server, "result", tasks[4])["result"]).value == 1, "kept"


@pytest.mark.parametrize("method", ["get", "result", "cancel"])
def test_unknown_tasks(server, method):
    assert ask(server, method, "0" * 32)["error"]["code"] == -32602
    assert server.request(f"tasks/{method}", {})["error"]["code"] == -32602


def test_tasks_that_are_refused(server):
    call = {"name": "list_heaps", "arguments": {}, "task": {}}
    assert server.request("tools/call", call)["error"]["code"] == -32601
    call = {"name": "run_js", "arguments": {"code": "1"}, "task": 5}
    assert server.request("tools/call", call)["error"]["code"] == -32602
    bad = server.result("tools/call", {"name": "run_js", "arguments": {}, "task": {}})
    assert bad["isError"], "what cannot run is no task"
    assert server.request("tasks/list", {"cursor": "x"})["error"]["code"] == -32602
    assert server.request("tasks/update", {"taskId": "x"})["error"]["code"] == -32601


def test_too_many_tasks(server):
    for _ in range(64):
        create(server, SLOW.format(600_000), timeout_ms=300_000)
    call = {"name": "run_js", "arguments": {"code": "1"}, "task": {}}
    assert server.request("tools/call", call)["error"]["code"] == -32603
    assert len(server.result("tasks/list")["tasks"]) == 64


def test_the_server_ends_with_tasks_running(server):
    create(server, "for (;;) {}")
    before = time.monotonic()
    assert server.close() == 0
    assert time.monotonic() - before < 5


# -- 2026-07-28

def test_a_short_call_is_answered_at_once(memory):
    answer = modern(memory, "tools/call", {"name": "run_js", "arguments": {"code": "40 + 2"}})
    assert answer["result"]["resultType"] == "complete"
    assert ToolResult(answer["result"]).value == 42


def test_a_long_call_becomes_a_task(memory):
    call = {"name": "run_js", "arguments": {"code": SLOW.format(7_000) + "; 42"}}
    created = modern(memory, "tools/call", call)["result"]
    assert created["resultType"] == "task" and created["status"] == "working"
    assert created["ttlMs"] > 0 and created["pollIntervalMs"] > 0
    id = {"taskId": created["taskId"]}
    assert modern(memory, "tasks/update", id | {"inputResponses": {}})["result"][
        "resultType"] == "complete"
    task = poll(lambda: modern(memory, "tasks/get", id)["result"])
    assert task["status"] == "completed" and task["resultType"] == "complete"
    assert ToolResult(task["result"]).value == 42


def test_cancelling_a_modern_task(memory):
    call = {"name": "run_js", "arguments": {"code": "for (;;) {}"}}
    id = {"taskId": modern(memory, "tools/call", call)["result"]["taskId"]}
    assert modern(memory, "tasks/cancel", id)["result"]["resultType"] == "complete"
    assert modern(memory, "tasks/get", id)["result"]["status"] == "cancelled"
    assert modern(memory, "tasks/cancel", id)["result"]["resultType"] == "complete"


def test_clients_that_do_not_know_the_extension(memory):
    answer = memory.request("tasks/get", {"taskId": "0" * 32}, modern=True)
    assert answer["error"]["code"] == -32021
    assert answer["error"]["data"] == {"requiredCapabilities": {"extensions": {EXTENSION: {}}}}
    waited = memory.run(SLOW.format(6_000) + "; 1", modern=True, seconds=60)
    assert waited.value == 1 and waited.raw["resultType"] == "complete"


@pytest.mark.parametrize("method", ["tasks/list", "tasks/result", "tasks/other"])
def test_methods_that_the_extension_lacks(memory, method):
    assert modern(memory, method, {"taskId": "x"})["error"]["code"] == -32601


@pytest.mark.parametrize("method", ["get", "update", "cancel"])
def test_unknown_modern_tasks(memory, method):
    answer = modern(memory, f"tasks/{method}", {"taskId": "0" * 32, "inputResponses": {}})
    assert answer["error"]["code"] == -32602


# -- Over HTTP

TOKENS = ["correct-horse-battery-staple", "another-horse-battery-staple"]


def post(client: Client, method: str, name: str, params: dict) -> dict:
    message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params | {"_meta": MODERN}}
    return client.post(message, modern_headers(method, name)).answer


def test_tasks_over_http_are_their_clients(binary, tmp_path):
    file = tmp_path / "tokens"
    file.write_text("\n".join(TOKENS))
    with HTTPServer(binary, "--in-memory", "--auth-token-file", file) as server:
        first, second, stranger = (
            Client(server.port, token=token) for token in (TOKENS[0], TOKENS[0], TOKENS[1]))
        with first, second, stranger:
            call = {"name": "run_js", "arguments": {"code": "for (;;) {}"}}
            created = post(first, "tools/call", "run_js", call)["result"]
            assert created["resultType"] == "task"
            id = created["taskId"]
            assert post(stranger, "tasks/get", id, {"taskId": id})["error"]["code"] == -32602
            assert post(stranger, "tasks/cancel", id, {"taskId": id})["error"]["code"] == -32602
            assert post(second, "tasks/get", id, {"taskId": id})["result"]["status"] == "working"
            mismatch = post(second, "tasks/get", "other", {"taskId": id})
            assert mismatch["error"]["code"] == -32020
            post(second, "tasks/cancel", id, {"taskId": id})
            state = post(first, "tasks/get", id, {"taskId": id})["result"]
            assert state["status"] == "cancelled"
