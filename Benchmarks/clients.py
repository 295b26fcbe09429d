"""Clients that cost little: one connection, one call at a time, the newest protocol."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import tempfile

VERSION = "2026-07-28"
META = {
    "io.modelcontextprotocol/protocolVersion": VERSION,
    "io.modelcontextprotocol/clientInfo": {"name": "benchmark", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}
ANSWER_SECONDS = 120.0


class CallFailed(Exception):
    """An answer that is not what a benchmark wants to measure."""


class StdioClient:
    """Starts a server and speaks to it over its standard input and output."""

    def __init__(self, command: list[str], env: dict[str, str] | None = None):
        self._stderr = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._stderr,
            env=os.environ | (env or {}))
        self._id = 0

    @property
    def pid(self) -> int:
        return self.process.pid

    def request(self, method: str, params: dict | None = None) -> dict:
        """Sends a request and waits for its answer."""
        self._id += 1
        self.process.stdin.write(_request(self._id, method, params) + b"\n")
        self.process.stdin.flush()
        while line := self.process.stdout.readline():
            answer = json.loads(line)
            if answer.get("id") == self._id:
                return _result(answer)
        self._stderr.seek(0)
        raise CallFailed(f"the server ended: {self._stderr.read().decode(errors='replace')}")

    def call(self, tool: str, **arguments: object) -> dict:
        """Calls a tool; an error of the tool is one here."""
        return _checked(self.request("tools/call", {"name": tool, "arguments": arguments}))

    def close(self) -> None:
        self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def __enter__(self) -> StdioClient:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


class HTTPClient:
    """One connection that is kept, to a server that runs already."""

    def __init__(self, port: int):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=ANSWER_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._unread = b""
        self._port, self._id = port, 0

    def request(self, method: str, params: dict | None = None) -> dict:
        self._id += 1
        body = _request(self._id, method, params)
        name = f"Mcp-Name: {params['name']}\r\n" if method == "tools/call" else ""
        head = (f"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n"
                "Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n"
                f"MCP-Protocol-Version: {VERSION}\r\nMcp-Method: {method}\r\n{name}"
                f"Content-Length: {len(body)}\r\n\r\n")
        self._socket.sendall(head.encode() + body)
        return _result(json.loads(self._read_body()))

    def call(self, tool: str, **arguments: object) -> dict:
        """Calls a tool; an error of the tool is one here."""
        return _checked(self.request("tools/call", {"name": tool, "arguments": arguments}))

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> HTTPClient:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _read_body(self) -> bytes:
        head = self._take_until(b"\r\n\r\n").lower()
        if not head.startswith(b"http/1.1 200"):
            raise CallFailed(head.decode(errors="replace"))
        for line in head.split(b"\r\n"):
            if line.startswith(b"content-length:"):
                return self._take(int(line[15:]))
        body = b""
        while size := int(self._take_until(b"\r\n"), 16):
            body += self._take(size + 2)[:-2]
        self._take(2)
        return body

    def _take_until(self, end: bytes) -> bytes:
        while end not in self._unread:
            self._receive()
        taken, _, self._unread = self._unread.partition(end)
        return taken

    def _take(self, count: int) -> bytes:
        while len(self._unread) < count:
            self._receive()
        taken, self._unread = self._unread[:count], self._unread[count:]
        return taken

    def _receive(self) -> None:
        received = self._socket.recv(1 << 16)
        if not received:
            raise CallFailed("the server closed the connection")
        self._unread += received


def _request(id: int, method: str, params: dict | None) -> bytes:
    params = (params or {}) | {"_meta": META}
    return json.dumps({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).encode()


def _result(answer: dict) -> dict:
    if "result" not in answer:
        raise CallFailed(json.dumps(answer)[:1000])
    return answer["result"]


def _checked(result: dict) -> dict:
    if result.get("isError"):
        raise CallFailed(json.dumps(result)[:1000])
    return result
