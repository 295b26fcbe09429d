"""Tasks with the official Python client, 2.x, which leaves them to extensions of its own.

`Tasks` is such an extension, written as its documentation says: the client sees an ordinary result.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import anyio
import pytest
from mcp_types import CallToolResult, Request, RequestParams, Result

from mcp import Client
from mcp.client import ClaimContext, ClientExtension, ResultClaim
from mcp.client.stdio import StdioServerParameters

CODE = "for (let i = 0; i < 14; i++) {\n" \
    "  console.log(i); await new Promise(done => setTimeout(done, 500)) }\n" \
    "globalThis.n = 42"


class CreatedTask(Result):
    result_type: Literal["task"] = "task"
    taskId: str
    pollIntervalMs: int


class TaskParams(RequestParams):
    taskId: str


class TaskRequest(Request[TaskParams, str]):
    method: str
    name_param: ClassVar[str | None] = "taskId"


class TaskState(Result):
    status: str
    statusMessage: str | None = None
    result: dict | None = None


class Tasks(ClientExtension):
    identifier = "io.modelcontextprotocol/tasks"

    def __init__(self, cancels: bool = False):
        self.cancels = cancels
        self.messages: set[str | None] = set()

    def claims(self):
        return [ResultClaim(result_type="task", model=CreatedTask, resolve=self.finish)]

    async def ask(self, method: str, task: CreatedTask, context: ClaimContext) -> TaskState:
        request = TaskRequest(method=method, params=TaskParams(taskId=task.taskId))
        return await context.session.send_request(request, TaskState)

    async def finish(self, task: CreatedTask, context: ClaimContext) -> CallToolResult:
        if self.cancels:
            request = TaskRequest(method="tasks/cancel", params=TaskParams(taskId=task.taskId))
            await context.session.send_request(request, Result)
        while (state := await self.ask("tasks/get", task, context)).status == "working":
            self.messages.add(state.statusMessage)
            await anyio.sleep(task.pollIntervalMs / 10_000)
        assert state.status == ("cancelled" if self.cancels else "completed")
        return CallToolResult.model_validate(state.result or {"content": [], "isError": True})


@pytest.mark.parametrize("cancels", [False, True])
def test_a_long_call_with_the_extension(binary, cancels):
    async def main():
        tasks = Tasks(cancels)
        server = StdioServerParameters(command=str(binary), args=["--in-memory"])
        with anyio.fail_after(60):
            async with Client(server, extensions=[tasks]) as client:
                short = await client.call_tool("run_js", {"code": "40 + 2", "heap": "h"})
                assert short.structured_content["result"] == 42
                long = await client.call_tool("run_js", {"code": CODE, "heap": "h"})
                assert long.is_error == cancels
                after = await client.call_tool("run_js", {"code": "typeof n", "heap": "h"})
                assert after.structured_content["result"] == ("undefined" if cancels else "number")
        assert cancels or tasks.messages - {None}, "a task says what it does"

    anyio.run(main)


def test_a_long_call_without_the_extension_stays_a_call(binary):
    async def main():
        progress = []

        async def report(count, total, message):
            progress.append(message)

        server = StdioServerParameters(command=str(binary), args=["--in-memory"])
        with anyio.fail_after(60):
            async with Client(server) as client:
                result = await client.call_tool(
                    "run_js", {"code": CODE}, progress_callback=report)
                assert result.structured_content["result"] == 42
        assert len(progress) >= 7, "progress keeps the call alive"

    anyio.run(main)
