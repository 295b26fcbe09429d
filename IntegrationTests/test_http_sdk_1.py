"""The official Python client, 1.x, over both HTTP transports."""

from __future__ import annotations

from contextlib import asynccontextmanager

import anyio
import pytest
from http_client import HTTPServer
from sdk_cases import CASES
from test_sdk_1 import CASE_SECONDS, Session1

from mcp import ClientSession
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client

TRANSPORTS = {
    "http": lambda port: streamable_http_client(f"http://127.0.0.1:{port}/mcp"),
    "sse": lambda port: sse_client(f"http://127.0.0.1:{port}/sse"),
}


def connector(binary, transport):
    @asynccontextmanager
    async def connect(*options):
        with HTTPServer(binary, *options) as server:
            async with TRANSPORTS[transport](server.port) as (read, write, *_):
                async with ClientSession(read, write) as client:
                    assert (await client.initialize()).protocolVersion == "2025-11-25"
                    await client.send_ping()
                    yield Session1(client)

    return connect


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_case(binary, directory, transport, case):
    async def main():
        with anyio.fail_after(CASE_SECONDS):
            await case(connector(binary, transport), directory)

    anyio.run(main)
