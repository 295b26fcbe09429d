"""The official Python client, 1.x: the handshake of the revisions before 2026-07-28."""

from __future__ import annotations

from contextlib import asynccontextmanager

import anyio
import pytest
from sdk_cases import CASES, Answer, check_against_schema

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

CASE_SECONDS = 120


class Session1:
    """The client behind the names that the cases use."""

    def __init__(self, client: ClientSession):
        self._client = client

    async def tool_names(self) -> list[str]:
        return [tool.name for tool in (await self._client.list_tools()).tools]

    async def run(self, code, *, on_progress=None, **arguments) -> Answer:
        async def report(progress, total, message):
            on_progress(progress)

        result = await self._client.call_tool(
            "run_js", {"code": code, **arguments},
            progress_callback=report if on_progress else None)
        tools = {tool.name: tool for tool in (await self._client.list_tools()).tools}
        check_against_schema(result.structuredContent, tools["run_js"].outputSchema)
        text = "".join(block.text for block in result.content if block.type == "text")
        return Answer(result.isError, result.structuredContent or {}, text)


def connector(binary):
    @asynccontextmanager
    async def connect(*options):
        server = StdioServerParameters(command=str(binary), args=[str(o) for o in options])
        async with stdio_client(server) as streams, ClientSession(*streams) as client:
            assert (await client.initialize()).protocolVersion == "2025-11-25"
            await client.send_ping()
            yield Session1(client)

    return connect


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_case(binary, directory, case):
    async def main():
        with anyio.fail_after(CASE_SECONDS):
            await case(connector(binary), directory)

    anyio.run(main)
