"""A server of the official SDK, of either major version, that does a little of everything."""

from __future__ import annotations

import asyncio
import os

from serving import serve

try:
    from mcp.server.mcpserver import Context, Image, MCPServer
except ModuleNotFoundError:
    from mcp.server.fastmcp import Context, Image
    from mcp.server.fastmcp import FastMCP as MCPServer

server = MCPServer("everything")

# The smallest picture in PNG.
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c63f8"
    "cfc0f01f0005000182ad7d290000000049454e44ae426082"
)


@server.tool()
def add(left: int, right: int) -> int:
    """Adds two numbers."""
    return left + right


@server.tool(structured_output=False)
def echo(text: str) -> str:
    """Says what it is told."""
    return text


@server.tool()
def picture() -> Image:
    """Shows a pixel."""
    return Image(data=PIXEL, format="png")


@server.tool()
def fail(reason: str) -> str:
    """Fails, and says why."""
    raise ValueError(reason)


@server.tool()
def environment() -> list[str]:
    """The names of all environment variables."""
    return sorted(os.environ)


@server.tool(structured_output=False)
def large(byte_count: int) -> str:
    """A text of so many bytes."""
    return "x" * byte_count


@server.tool(structured_output=False)
async def count(steps: int, context: Context) -> str:
    """Counts, and tells of its progress."""
    for step in range(steps):
        await context.report_progress(step + 1, steps, f"step {step + 1}")
    return "done"


@server.tool(structured_output=False)
async def wait(marker: str) -> str:
    """Waits until it is cancelled, and then writes a file."""
    try:
        await asyncio.Event().wait()
    finally:
        with open(marker, "w") as file:
            file.write("cancelled")
    return "never"


@server.tool(structured_output=False)
def die() -> str:
    """Ends the process in the middle of the call."""
    os._exit(3)


@server.resource("memo://hello")
def memo() -> str:
    """A text to read."""
    return "hello"


serve(server.run, server.streamable_http_app)
