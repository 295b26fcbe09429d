"""Whether what tools answer is what `tools/list` says of them, failures too.

The clients tell of all that they were answered, so every test that calls a tool tests this as well.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

from jsonschema import Draft202012Validator
from raw_client import Answered, Server

LONG_TOOL = "run_js"
"""The only tool that can be called as a task: a task's result is one of its."""


class ResultJudge:
    """Holds results against the schemas that a server tells its clients."""

    def __init__(self, find_server: Callable[[], Path]):
        self._find_server = find_server

    def __call__(self, answered: Answered) -> None:
        for result in _tool_results(answered):
            complaints = self.complaints(answered.tool or LONG_TOOL, result, answered.is_modern)
            assert not complaints, f"{complaints}\nin {str(result)[:2000]}"

    def complaints(self, tool: str, result: dict, is_modern: bool) -> list[str]:
        """What is wrong with a result of a tool."""
        if "structuredContent" not in result:
            return ["no structuredContent"] if is_modern else []
        validator = self._validators.get(tool)
        if validator is None:
            return [f"{tool} is not listed"]
        found = [error.message for error in validator.iter_errors(result["structuredContent"])]
        error = result["structuredContent"].get("error") or {}
        if result.get("isError") and not {"kind", "name", "message"} <= set(error):
            found.append("a failure without an error")
        return found

    @functools.cached_property
    def _validators(self) -> dict[str, Draft202012Validator]:
        with Server(self._find_server(), "--in-memory") as server:
            tools = server.result("tools/list", modern=True)["tools"]
        return {tool["name"]: Draft202012Validator(tool["outputSchema"]) for tool in tools}


def _tool_results(answered: Answered) -> list[dict]:
    result = answered.response.get("result", {})
    found = []
    if answered.method in ("tools/call", "tasks/result") and "content" in result:
        found.append(result)
    if answered.method == "tasks/get" and "result" in result:
        found.append(result["result"])
    return found

