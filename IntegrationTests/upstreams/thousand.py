"""A FastMCP server with 1,000 tools."""

from __future__ import annotations

from fastmcp import FastMCP
from serving import serve

server = FastMCP("thousand")


def add_tool(number: int) -> None:
    def tool(value: int, note: str = "") -> str:
        return f"{number}: {value} {note}".strip()

    server.tool(
        tool, name=f"tool_{number}", description=f"Does what number {number} does with a value."
    )


for number in range(1_000):
    add_tool(number)

serve(lambda: server.run(show_banner=False), lambda: server.http_app(path="/mcp"))
