"""The tools around heaps: lists, history, forks and undo, deletion."""

from __future__ import annotations

import json
import re

import pytest
from processes import wait_until_busy
from raw_client import ToolResult

TOOLS = ["list_heaps", "heap_history", "fork_heap", "delete_heap"]
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


def call(server, tool: str, **arguments) -> ToolResult:
    answer = server.result("tools/call", {"name": tool, "arguments": arguments}, seconds=60)
    result = ToolResult(answer)
    if not result.is_error:
        assert json.loads(result.text) == result.structured
    return result


def fork(server, source: str, to: str, **arguments) -> ToolResult:
    return call(server, "fork_heap", source=source, target=to, **arguments)


def count_to(server, heap: str, last: int) -> list[str]:
    """Runs that leave `n` at 1, 2, … and the versions that they made."""
    return [server.run(f"globalThis.n = {n}", heap=heap).structured["version"]
            for n in range(1, last + 1)]


@pytest.fixture
def start(start):
    """As conftest's, with the handshake: who says nothing of itself gets texts only."""
    def start_and_initialize(*args, **options):
        server = start(*args, **options)
        server.initialize()
        return server
    return start_and_initialize


@pytest.fixture(params=["memory", "files"])
def server(request, start, directory):
    return start("--in-memory") if request.param == "memory" \
        else start("--directory-path", directory)


# -- Tools

def test_what_the_tools_say_of_themselves(memory, start):
    listed = {tool["name"]: tool for tool in memory.result("tools/list")["tools"]}
    assert set(TOOLS) <= listed.keys()
    for name in TOOLS:
        hints = listed[name]["annotations"]
        reads = name in ("list_heaps", "heap_history")
        assert hints["readOnlyHint"] is reads and hints["destructiveHint"] is not reads
        assert listed[name]["outputSchema"]["type"] == "object"
    stateless = start("--stateless").result("tools/list")["tools"]
    assert [tool["name"] for tool in stateless] == ["run_js"]


def test_listing_heaps(server):
    assert call(server, "list_heaps").structured == {"heaps": []}
    for name in ("beta", "alpha", "Alpha", "alto"):
        version = server.run("let n = 1", heap=name).structured["version"]
    heaps = call(server, "list_heaps").structured["heaps"]
    assert {heap["name"] for heap in heaps} == {"beta", "alpha", "Alpha", "alto"}
    [alto] = call(server, "list_heaps", prefix="alt").structured["heaps"]
    assert alto["version"] == version and alto["bytes"] > 100_000 and alto["versions"] == 1
    assert re.fullmatch(TIME, alto["updated"])


@pytest.mark.parametrize("limit", [1, 2, 3, 5])
def test_listing_heaps_page_by_page(memory, limit):
    names = [f"h{number}" for number in range(5)]
    for name in names:
        memory.run("1", heap=name)
    found, cursor = [], {}
    while True:
        page = call(memory, "list_heaps", limit=limit, **cursor).structured
        assert len(page["heaps"]) <= limit
        found += [heap["name"] for heap in page["heaps"]]
        if "next_cursor" not in page:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert found == names


def test_history(server):
    versions = count_to(server, "h", 3)
    history = call(server, "heap_history", heap="h").structured
    assert [entry["version"] for entry in history["versions"]] == versions[::-1]
    parents = [entry.get("parent") for entry in history["versions"]]
    assert parents == [versions[1], versions[0], None]
    assert [entry["run"] for entry in history["versions"]] == [3, 2, 1]
    assert history["versions"][0]["code"] == "globalThis.n = 3"
    assert history["end"] == "first_run"
    for entry in history["versions"]:
        assert re.fullmatch(TIME, entry["time"]) and entry["duration_ms"] > 0
        assert entry["heap_bytes"] > 0 and entry["bytes"] > 0
    newest = call(server, "heap_history", heap="h", limit=1).structured
    assert newest["versions"] == history["versions"][:1] and newest["end"] == "limit"


def test_undo(server):
    versions = count_to(server, "h", 3)
    undone = fork(server, f"h@{versions[0][:8]}", "h", replace=True).structured
    assert undone["version"] == versions[0] and undone["replaced"] == versions[2]
    assert server.run("n", heap="h").value == 1
    assert server.run("n + 1", heap="h").value == 2
    # What was undone is there as a version, and can be taken up again.
    fork(server, versions[2], "h", replace=True)
    assert server.run("n", heap="h").value == 3


def test_fork_and_diverge(server):
    server.run("let n = 1; const add = (d) => n += d", heap="a")
    assert fork(server, "a", "b").structured["name"] == "b"
    assert server.run("add(10)", heap="a").value == 11
    assert server.run("add(100)", heap="b").value == 101
    assert server.run("n", heap="a").value == 11
    assert fork(server, "a", "c").structured["versions"] == 3
    assert server.run("n", heap="c").value == 11


def test_a_fork_does_not_overwrite(server):
    versions = [server.run(f"let n = '{name}'", heap=name).structured["version"] for name in "ab"]
    refused = fork(server, "a", "b")
    assert refused.kind == "conflict" and "replace" in refused.text
    assert fork(server, "a", "b", replace=False).is_error
    assert server.run("n", heap="b", save=False).value == "b"
    assert fork(server, "a", "b", replace=True).structured["replaced"] == versions[1]
    assert server.run("n", heap="b", save=False).value == "a"


def test_deletion(server):
    version = server.run("let n = 1", heap="h").structured["version"]
    deleted = call(server, "delete_heap", heap="h").structured
    assert deleted["name"] == "h" and deleted["version"] == version
    assert call(server, "delete_heap", heap="h").kind == "not_found"
    assert call(server, "list_heaps").structured["heaps"] == []
    anew = server.run("typeof n", heap="h")
    assert anew.value == "undefined" and anew.structured["created"] is True
    fork(server, version, "h", replace=True)
    assert server.run("n", heap="h").value == 1


@pytest.mark.parametrize("tool, arguments, kind", [
    ("heap_history", {"heap": "none"}, "not_found"),
    ("heap_history", {"heap": "0" * 64}, "not_found"),
    ("heap_history", {"heap": "a b"}, "invalid"),
    ("delete_heap", {"heap": "none"}, "not_found"),
    ("delete_heap", {"heap": "h@01234567"}, "invalid"),
    ("fork_heap", {"source": "none", "target": "x"}, "not_found"),
    ("fork_heap", {"source": "h@01234567", "target": "x"}, "not_found"),
    ("fork_heap", {"source": "h@0123", "target": "x"}, "invalid"),
    ("fork_heap", {"source": "h", "target": "../x"}, "invalid"),
    ("fork_heap", {"source": "h", "target": "h"}, "conflict"),
    ("list_heaps", {"cursor": "/"}, "invalid"),
])
def test_failures(memory, tool, arguments, kind):
    memory.run("let n = 1", heap="h")
    failed = call(memory, tool, **arguments)
    assert failed.kind == kind
    assert {"kind", "name", "message"} <= failed.error.keys()
    assert failed.text == failed.error["message"]
    assert [heap["name"] for heap in call(memory, "list_heaps").structured["heaps"]] == ["h"]


@pytest.mark.parametrize("tool, arguments", [
    ("heap_history", {}), ("fork_heap", {"source": "h"}), ("list_heaps", {"limit": 0}),
    ("list_heaps", {"limit": 1001}), ("delete_heap", {"heap": 5}), ("delete_heap", {"name": "h"}),
])
def test_arguments_that_are_none(memory, tool, arguments):
    assert call(memory, tool, **arguments).is_error


def test_a_deleted_heap_is_said_to_be_one_that_can_be_had_back(memory):
    memory.run("let total = 1", heap="h")
    call(memory, "delete_heap", heap="h")
    hint = memory.run("total", heap="h").error["hint"]
    source = re.search(r"source ([0-9a-f]{64})", hint)[1]
    assert "was deleted" in hint and "target h" in hint
    fork(memory, source, "h")
    assert memory.run("total", heap="h").value == 1


def test_a_change_waits_for_the_run_on_its_heap(memory):
    version = memory.run("let n = 1", heap="h").structured["version"]
    run = memory.begin_run(
        "for (const end = Date.now() + 1000; Date.now() < end;); n = 2", heap="h")
    wait_until_busy(memory.pid)
    undone = fork(memory, version, "h", replace=True)
    saved = memory.run_answer(run)
    assert saved.value == 2
    assert undone.structured["replaced"] == saved.structured["version"]
    assert memory.run("n", heap="h").value == 1
