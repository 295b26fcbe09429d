"""The official Python client, 2.x, in each of its modes, over both HTTP transports."""

from __future__ import annotations

from contextlib import asynccontextmanager

import anyio
import pytest
from http_client import HTTPServer
from sdk_cases import CASES
from test_sdk_2 import CASE_SECONDS, MODES, Session2

from mcp import Client
from mcp.client.sse import sse_client

TRANSPORTS = {
    "http": lambda port: f"http://127.0.0.1:{port}/mcp",
    "sse": lambda port: sse_client(f"http://127.0.0.1:{port}/sse"),
}


def connector(binary, transport, mode):
    @asynccontextmanager
    async def connect(*options):
        with HTTPServer(binary, *options) as server:
            async with Client(TRANSPORTS[transport](server.port), mode=mode) as client:
                assert client.protocol_version == MODES[mode]
                yield Session2(client)

    return connect


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_case(binary, directory, transport, mode, case):
    async def main():
        with anyio.fail_after(CASE_SECONDS):
            await case(connector(binary, transport, mode), directory)

    anyio.run(main)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_cancel(binary, transport, mode):
    async def main():
        async with connector(binary, transport, mode)("--in-memory") as session:
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
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_many_calls_at_once(binary, transport, mode):
    async def main():
        async with connector(binary, transport, mode)("--in-memory") as session:
            values: dict[int, int] = {}

            async def run(number):
                values[number] = (await session.run(f"{number} * 2", heap=f"h{number % 5}")).value

            with anyio.fail_after(CASE_SECONDS):
                async with anyio.create_task_group() as group:
                    for number in range(25):
                        group.start_soon(run, number)
            assert values == {number: number * 2 for number in range(25)}

    anyio.run(main)
