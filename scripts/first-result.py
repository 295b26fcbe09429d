#!/usr/bin/env python3
"""Shows what mcp-v8 does: two runs on one heap, each by a server process of its own.

Usage: first-result.py SERVER [OPTION...]
"""

import json
import subprocess
import sys
import threading

HEAP = "readme-demo"
RUNS = [
    "let total = 0; const add = (n) => (total += n); add(40)",
    "add(2)",
]
SECONDS_MAX = 60


def main() -> int:
    command = sys.argv[1:]
    if not command:
        print(__doc__, file=sys.stderr)
        return 64
    # Of an earlier time, and perhaps of another V8; nothing happens if there is none.
    call(command, "delete_heap", {"heap": HEAP})
    for number, code in enumerate(RUNS, start=1):
        print(f"\nrun {number}, in a new server process, on the heap '{HEAP}':")
        print(f"    > {code}")
        result = call(command, "run_js", {"code": code, "heap": HEAP})
        for line in json.dumps(result["structuredContent"], indent=2).splitlines():
            print(f"    {line}")
        if result.get("isError"):
            return 1
    return 0


def call(command: list[str], tool: str, arguments: dict) -> dict:
    """Starts a server, calls a tool of its once as any MCP client would, and ends it."""
    server = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )
    watchdog = threading.Timer(SECONDS_MAX, server.kill)
    watchdog.start()
    try:
        request(server, 1, "initialize", {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": {"name": "first-result", "version": "1"},
        })
        send(server, {"jsonrpc": "2.0", "method": "notifications/initialized"})
        return request(server, 2, "tools/call", {"name": tool, "arguments": arguments})
    finally:
        server.stdin.close()
        server.wait()
        watchdog.cancel()


def request(server: subprocess.Popen, number: int, method: str, params: dict) -> dict:
    send(server, {"jsonrpc": "2.0", "id": number, "method": method, "params": params})
    for line in server.stdout:
        message = json.loads(line)
        if message.get("id") == number and "method" not in message:
            if "error" in message:
                raise SystemExit(f"first-result: {method} failed: {message['error']}")
            return message["result"]
    raise SystemExit(f"first-result: the server ended before it answered {method}")


def send(server: subprocess.Popen, message: dict) -> None:
    server.stdin.write(json.dumps(message) + "\n")
    server.stdin.flush()


if __name__ == "__main__":
    sys.exit(main())
