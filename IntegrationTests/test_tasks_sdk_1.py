"""Tasks with the official Python client, 1.x, whose experimental part knows them."""

from __future__ import annotations

import anyio
from mcp.types import CallToolResult

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client


def test_tasks(binary):
    async def main():
        server = StdioServerParameters(command=str(binary), args=["--in-memory"])
        with anyio.fail_after(60):
            async with stdio_client(server) as streams, ClientSession(*streams) as client:
                await client.initialize()
                tasks = client.experimental
                code = "await new Promise(done => setTimeout(done, 1200)); 42"
                created = await tasks.call_tool_as_task("run_js", {"code": code}, ttl=90_000)
                id = created.task.taskId
                assert created.task.status == "working"
                statuses = [state.status async for state in tasks.poll_task(id)]
                assert statuses[-1] == "completed"
                result = await tasks.get_task_result(id, CallToolResult)
                assert result.structuredContent["result"] == 42
                endless = await tasks.call_tool_as_task("run_js", {"code": "for (;;) {}"})
                assert len((await tasks.list_tasks()).tasks) == 2
                assert (await tasks.cancel_task(endless.task.taskId)).status == "cancelled"

    anyio.run(main)
