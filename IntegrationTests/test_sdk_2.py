"""The official Python client, 2.x, in each of its modes."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager

import anyio
import pytest
from processes import descendants
from sdk_cases import CASES, Answer, check_against_schema

from mcp import Client
from mcp.client.stdio import StdioServerParameters

MODES = {"auto": "2026-07-28", "legacy": "2025-11-25", "2026-07-28": "2026-07-28"}
CASE_SECONDS = 120


class Session2:
    """The client behind the names that the cases use."""

    def __init__(self, client: Client):
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
        check_against_schema(result.structured_content, tools["run_js"].output_schema)
        text = "".join(block.text for block in result.content if block.type == "text")
        return Answer(result.is_error, result.structured_content or {}, text)


def connector(binary, mode):
    @asynccontextmanager
    async def connect(*options):
        server = StdioServerParameters(command=str(binary), args=[str(o) for o in options])
        async with Client(server, mode=mode) as client:
            assert client.protocol_version == MODES[mode]
            yield Session2(client)

    return connect


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_case(binary, directory, mode, case):
    async def main():
        with anyio.fail_after(CASE_SECONDS):
            await case(connector(binary, mode), directory)

    anyio.run(main)


@pytest.mark.parametrize("mode", MODES)
def test_cancel(binary, mode):
    async def main():
        async with connector(binary, mode)("--in-memory") as session:
            await session.run("let n = 1", heap="h")
            async with anyio.create_task_group() as group:
                running = anyio.Event()

                async def run_forever():
                    code = (
                        "n = 2; console.log(1);"
                        "for(;;) await new Promise((done) => setTimeout(done, 50))")
                    await session.run(code, heap="h", timeout_ms=100_000,
                                      on_progress=lambda _: running.set())
                    pytest.fail("a cancelled run was answered")

                group.start_soon(run_forever)
                with anyio.fail_after(20):
                    await running.wait()
                group.cancel_scope.cancel()
            with anyio.fail_after(10):
                assert (await session.run("n", heap="h")).value == 1

    anyio.run(main)


@pytest.mark.parametrize("mode", MODES)
def test_many_calls_at_once(binary, mode):
    async def main():
        async with connector(binary, mode)("--in-memory") as session:
            values: dict[int, int] = {}

            async def run(number):
                values[number] = (await session.run(f"{number} * 2", heap=f"h{number % 5}")).value

            with anyio.fail_after(CASE_SECONDS):
                async with anyio.create_task_group() as group:
                    for number in range(25):
                        group.start_soon(run, number)
            assert values == {number: number * 2 for number in range(25)}

    anyio.run(main)


@pytest.mark.parametrize("mode", MODES)
def test_the_server_ends_with_its_client(binary, mode):
    before = set(descendants(os.getpid()))

    async def main():
        async with connector(binary, mode)("--in-memory") as session:
            await session.run("1", heap="h")
            assert set(descendants(os.getpid())) - before

    anyio.run(main)
    assert not set(descendants(os.getpid())) - before
