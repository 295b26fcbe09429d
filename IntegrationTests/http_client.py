"""A server of mcp-v8 over HTTP, and a client that can also send what no MCP library would.

Standard library only: `Benchmarks/` may use it too.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from processes import wait_until
from raw_client import LEGACY_VERSION, MODERN_VERSION, Questions, ToolResult, modern_meta

WAIT_SECONDS = 30.0
"""How long anything may take where a test names no time of its own."""


class HTTPServer:
    """A server process that listens on ports of its own choice."""

    def __init__(
        self, binary: str | Path, *args: object, env: dict[str, str] | None = None
    ):
        options = [str(arg) for arg in args]
        if "--http-port" not in options and "--sse-port" not in options:
            options = ["--http-port", "0", "--sse-port", "0", *options]
        self.command = [str(binary), *options]
        self._stderr = tempfile.TemporaryFile()
        # A server refuses options that it does not know: these are the tests' own.
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("MCP_V8_")}
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self._stderr,
            env=environment | (env or {}), start_new_session=True)

    def ports(self, count: int = 1) -> list[int]:
        """The ports that it listens on; waits until there are so many."""
        def found() -> list[int]:
            ports = re.findall(r'Listening.*?port"?[=:](\d+)', self.stderr())
            return [int(port) for port in ports]

        def listens() -> bool:
            has_ended = self.process.poll() is not None
            listening = len(found()) >= count
            assert listening or not has_ended, f"the server ended\n{self.stderr()}"
            return listening

        wait_until(listens, "the server listens", WAIT_SECONDS)
        return found()

    @property
    def port(self) -> int:
        return self.ports()[0]

    def stderr(self) -> str:
        # Not `seek`: the server writes at the same position.
        size = os.fstat(self._stderr.fileno()).st_size
        return os.pread(self._stderr.fileno(), size, 0).decode(errors="replace")

    def wait_for_runs(self, count: int) -> None:
        """Returns when so many workers are at work; for servers that ask for no token."""
        def busy() -> int:
            with Client(self.port) as client:
                text = client.send("GET", "/metrics").body.decode()
            return int(re.search(r"^mcp_v8_workers_busy (\d+)", text, re.MULTILINE).group(1))

        wait_until(lambda: busy() >= count, f"{count} runs at a time", WAIT_SECONDS)

    def wait_until_deaf(self) -> None:
        """Returns when the server, which was told to end, accepts no more connections."""
        port = self.port

        def is_deaf() -> bool:
            with socket.socket() as connection:
                return connection.connect_ex(("127.0.0.1", port)) != 0

        wait_until(is_deaf, "no more connections", WAIT_SECONDS)

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def wait(self, seconds: float) -> int:
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(
                f"the server still ran after {seconds} s\n{self.stderr()}") from None

    def __enter__(self) -> HTTPServer:
        return self

    def __exit__(self, *exception: object) -> None:
        if self.process.poll() is None:
            self.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise
        stdout = self.process.stdout.read()
        self.process.stdout.close()
        assert stdout == b"", f"on stdout: {stdout[:200]!r}"


class Reply:
    """One response, whole."""

    def __init__(self, response: http.client.HTTPResponse):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def is_of_messages(self) -> bool:
        kind = self.headers.get("content-type", "")
        return kind.startswith(("application/json", "text/event-stream"))

    @property
    def messages(self) -> list[dict]:
        """What was answered, be it JSON or a stream of events."""
        if not self.headers.get("content-type", "").startswith("text/event-stream"):
            return [self.json] if self.body else []
        return [json.loads(data) for name, data in events(self.body.splitlines(True))]

    @property
    def answer(self) -> dict:
        answers = [m for m in self.messages if isinstance(m, list) or "method" not in m]
        assert len(answers) == 1, self.messages
        return answers[0]

    @property
    def tool_result(self) -> ToolResult:
        assert self.status == 200 and "result" in self.answer, (self.status, self.body)
        return ToolResult(self.answer["result"])

    def __repr__(self) -> str:
        return f"Reply({self.status}, {self.headers}, {self.body[:500]!r})"


class Client:
    """One connection that is kept."""

    def __init__(self, port: int, *, token: str | None = None):
        self.port = port
        self.session: str | None = None
        self._token = token
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT_SECONDS)
        self._next_id = 0
        self._questions = Questions()

    def send(
        self, method: str, path: str, headers: dict[str, str] | None = None,
        body: bytes | None = None,
    ) -> Reply:
        self.begin(method, path, headers, body)
        return self.reply()

    def begin(
        self, method: str, path: str, headers: dict[str, str] | None = None,
        body: bytes | None = None,
    ) -> None:
        """Sends a request and does not wait for the response."""
        headers = {"Accept": "application/json, text/event-stream"} | (headers or {})
        if self._token:
            headers.setdefault("Authorization", f"Bearer {self._token}")
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
        headers = {name: value for name, value in headers.items() if value is not None}
        self._connection.request(method, path, body, headers)

    def reply(self) -> Reply:
        """The response to what was begun."""
        reply = Reply(self._connection.getresponse())
        for message in reply.messages if reply.is_of_messages else []:
            self._questions.note_received(message)
        return reply

    def stream(self) -> Iterator[tuple[str, str]]:
        """The events of the response to what was begun, as they come."""
        for name, data in events(self._connection.getresponse()):
            if name == "message":
                self._questions.note_received(json.loads(data))
            yield name, data

    def post(self, message: object, headers: dict[str, str] | None = None) -> Reply:
        self.begin_post(message, headers)
        return self.reply()

    def begin_post(self, message: object, headers: dict[str, str] | None = None) -> None:
        self._questions.note_sent(message)
        session = {"Mcp-Session-Id": self.session} if self.session else {}
        self.begin("POST", "/mcp", session | (headers or {}), json.dumps(message).encode())

    def initialize(self, version: str = LEGACY_VERSION) -> Reply:
        reply = self.post(self.message("initialize", {
            "protocolVersion": version, "capabilities": {},
            "clientInfo": {"name": "raw-client", "version": "1"}}))
        self.session = reply.headers["mcp-session-id"]
        return reply

    def message(self, method: str, params: dict | None = None) -> dict:
        self._next_id += 1
        return {"jsonrpc": "2.0", "id": self._next_id, "method": method, "params": params or {}}

    def run(self, code: str, *, meta: dict | None = None, **arguments: object) -> ToolResult:
        self.begin_run(code, meta=meta, **arguments)
        return self.reply().tool_result

    def begin_run(self, code: str, *, meta: dict | None = None, **arguments: object) -> dict:
        """Calls `run_js`, in the session if there is one, else as a modern client does."""
        params = {"name": "run_js", "arguments": {"code": code, **arguments}}
        message = self.message("tools/call", params)
        if self.session:
            if meta:
                params["_meta"] = meta
            self.begin_post(message)
        else:
            params["_meta"] = modern_meta(**(meta or {}))
            self.begin_post(message, modern_headers("tools/call", "run_js"))
        return message

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def modern_headers(method: str, name: str | None = None) -> dict[str, str]:
    headers = {"MCP-Protocol-Version": MODERN_VERSION, "Mcp-Method": method}
    return headers | ({"Mcp-Name": name} if name else {})


def events(lines) -> Iterator[tuple[str, str]]:
    """Names and data of server-sent events; comments are left out."""
    name, data = "message", []
    for line in lines:
        text = line.decode().rstrip("\r\n")
        if text.startswith("event:"):
            name = text[6:].strip()
        elif text.startswith("data:"):
            data.append(text[5:].strip())
        elif not text:
            if data:
                yield name, "\n".join(data)
            name, data = "message", []


def send_raw(port: int, data: bytes, *, then_half_close: bool = False) -> bytes:
    """Writes these bytes and returns all that comes back until the server closes or is silent."""
    with socket.create_connection(("127.0.0.1", port), timeout=WAIT_SECONDS) as connection:
        connection.sendall(data)
        if then_half_close:
            connection.shutdown(socket.SHUT_WR)
        connection.settimeout(5)
        received = b""
        try:
            while piece := connection.recv(65536):
                received += piece
        except (TimeoutError, ConnectionResetError):
            pass
        return received
