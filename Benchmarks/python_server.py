"""The comparison: MCP servers with the official Python library, as people would write them.

Usage: python_server.py [PORT]    (stdio without a port)
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys

from mcp.server import MCPServer

NODE, DENO = os.environ.get("BENCHMARK_NODE", "node"), os.environ.get("BENCHMARK_DENO", "deno")

server = MCPServer("comparison", log_level="ERROR")


@server.tool()
async def nothing() -> str:
    """Does nothing."""
    return ""


@server.tool()
async def node(code: str) -> str:
    """Runs JavaScript in a process of node."""
    return await output_of(NODE, "-p", code)


@server.tool()
async def deno(code: str) -> str:
    """Runs JavaScript in a process of deno."""
    return await output_of(DENO, "eval", "--print", code)


@server.tool()
def mini_racer_fresh(code: str) -> str:
    """Runs JavaScript in an isolate of its own in this process."""
    from py_mini_racer import MiniRacer

    with MiniRacer() as racer:
        return str(racer.eval(code))


@server.tool()
def mini_racer_kept(code: str) -> str:
    """Runs JavaScript in an isolate that lives as long as this process and is stored nowhere."""
    return str(kept_racer().eval(code))


async def output_of(*command: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE)
    output, complaint = await process.communicate()
    if process.returncode:
        raise RuntimeError(complaint.decode())
    return output.decode()


def kept_racer():
    global _kept
    if _kept is None:
        from py_mini_racer import MiniRacer

        _kept = MiniRacer()
    return _kept


_kept = None

if __name__ == "__main__":
    logging.disable(logging.WARNING)
    if len(sys.argv) > 1:
        server.run("streamable-http", host="127.0.0.1", port=int(sys.argv[1]),
                   json_response=True, stateless_http=True)
    else:
        server.run("stdio")
