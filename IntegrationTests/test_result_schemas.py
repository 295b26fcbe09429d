"""Tools answer what they say, and the judge of all tests' results can tell when they do not."""

from __future__ import annotations

import pytest
from raw_client import Answered, Questions
from result_schemas import ResultJudge

FAILURES = [
    ("run_js", {"code": "throw new Error('x')"}, "exception"),
    ("run_js", {"code": "let = = 1"}, "syntax"),
    ("run_js", {"code": "1", "heap": "../x"}, "invalid"),
    ("run_js", {"code": "1", "colour": "red"}, "invalid"),
    ("run_js", {}, "invalid"),
    ("run_js", {"code": "for(;;);", "timeout_ms": 50}, "timeout"),
    ("run_js", {"code": "x", "heap": "h"}, "exception"),
    ("list_heaps", {"limit": 0}, "invalid"),
    ("list_heaps", {"cursor": "../x"}, "invalid"),
    ("heap_history", {"heap": "none"}, "not_found"),
    ("fork_heap", {"source": "none", "target": "x"}, "not_found"),
    ("delete_heap", {"heap": "none"}, "not_found"),
    ("inspect_heap", {"heap": "none"}, "not_found"),
]


@pytest.mark.parametrize("tool, arguments, kind", FAILURES)
@pytest.mark.parametrize("modern", [False, True])
def test_a_failure_is_what_the_tool_says_it_answers(memory, binary, tool, arguments, kind, modern):
    memory.initialize()
    result = memory.result("tools/call", {"name": tool, "arguments": arguments}, modern=modern)
    assert result["isError"] and result["structuredContent"]["error"]["kind"] == kind
    assert ResultJudge(lambda: binary).complaints(tool, result, modern) == []


def test_too_many_calls_are_told_in_the_same_form(memory, binary):
    ids = [memory.begin_run("for(;;);", timeout_ms=20_000) for _ in range(64)]
    result = memory.result("tools/call", {"name": "run_js", "arguments": {"code": "1"}})
    assert result["structuredContent"]["error"]["kind"] == "busy"
    assert ResultJudge(lambda: binary).complaints("run_js", result, True) == []
    for id in ids:
        memory.notify("notifications/cancelled", {"requestId": id})


@pytest.mark.parametrize("content", [
    {"text": 1}, {"console": "x"}, {"error": "x"}, {"stats": []},
])
def test_the_judge_notices_what_a_schema_does_not_allow(binary, content):
    result = {"content": [], "structuredContent": content}
    with pytest.raises(AssertionError):
        ResultJudge(lambda: binary)(Answered("tools/call", "run_js", True, {"result": result}))


def test_the_judge_sees_what_every_client_is_answered(start, monkeypatch):
    seen = []
    monkeypatch.setattr(Questions, "judge", seen.append)
    server = start("--in-memory")
    server.run("1", modern=True)
    server.begin("tools/call", {"name": "run_js", "arguments": {"code": "2"}}, modern=True)
    server.end_of_input()
    server.close()
    values = [one.response["result"]["structuredContent"]["result"] for one in seen]
    assert values == [1, 2] and all(one.tool == "run_js" and one.is_modern for one in seen)
