"""A client of mcp-v8 over stdio that can also say what no MCP library would.

Standard library only: `Benchmarks/` uses it too.
"""

from __future__ import annotations

import io
import json
import os
import queue
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ANSWER_SECONDS = 30.0
"""How long an answer may take where a test names no time of its own."""

READ_BYTE_COUNT = 1 << 16
"""How much of the server's stdout is read at a time."""

LEGACY_VERSION = "2025-11-25"
MODERN_VERSION = "2026-07-28"
_META = "io.modelcontextprotocol/"

# What the Python SDK passes on to a server; nothing else may be relied on.
_INHERITED = ("HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER", "LD_LIBRARY_PATH")


@dataclass
class Answered:
    """A request, as far as it says what its answer must look like, and the answer."""

    method: str
    tool: str | None
    is_modern: bool
    response: dict


class Questions:
    """The requests of one client that have not been answered."""

    judge: Callable[[Answered], None] | None = None
    """Told of every answer, where a test suite wants to see them all."""

    def __init__(self):
        self._asked: dict[str, list[dict]] = {}

    def note_sent(self, message: object) -> None:
        for one in message if isinstance(message, list) else [message]:
            if isinstance(one, dict) and "id" in one and isinstance(one.get("method"), str):
                self._asked.setdefault(json.dumps(one["id"]), []).append(one)

    def note_received(self, message: object) -> None:
        for one in message if isinstance(message, list) else [message]:
            if not isinstance(one, dict) or "method" in one:
                continue
            asked = self._asked.get(json.dumps(one.get("id")))
            if asked and Questions.judge:
                Questions.judge(_answered(asked.pop(0), one))


def _answered(request: dict, response: dict) -> Answered:
    params = request.get("params")
    params = params if isinstance(params, dict) else {}
    meta = params.get("_meta")
    version = meta.get(_META + "protocolVersion") if isinstance(meta, dict) else None
    return Answered(
        request["method"], params.get("name"), version == MODERN_VERSION, response)


class ServerEnded(Exception):
    """The server closed its stdout while something was still expected of it."""


class NoAnswer(Exception):
    """The server did not say what was expected within the time."""


class ToolResult:
    """What `run_js` answered."""

    def __init__(self, result: dict):
        self.raw = result
        self.is_error: bool = result.get("isError", False)
        self.structured: dict = result.get("structuredContent") or {}
        self.text: str = "".join(b["text"] for b in result["content"] if b["type"] == "text")

    @property
    def value(self):
        """The script's value; fails with the whole answer where the script did not end with one."""
        assert not self.is_error, f"run_js failed: {self.text}"
        assert "result" in self.structured, f"no result in {self.structured}"
        return self.structured["result"]

    @property
    def error(self) -> dict:
        """The `error` object of a run that failed."""
        assert self.is_error, f"run_js did not fail: {self.structured}"
        error = self.structured.get("error")
        assert isinstance(error, dict), f"no structured error beside the text: {self.text}"
        return error

    @property
    def kind(self) -> str:
        return self.error["kind"]

    def __repr__(self) -> str:
        return f"ToolResult({json.dumps(self.raw)[:2000]})"


class Server:
    """A server process, and every line that it has written to stdout."""

    def __init__(
        self, binary: str | Path, *args: object, env: dict[str, str] | None = None,
        cwd: str | Path | None = None,
    ):
        self.command = [str(binary), *map(str, args)]
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        self._stderr = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._stderr,
            env=inherited | (env or {}), cwd=cwd, bufsize=0, start_new_session=True,
        )
        self.lines: list[bytes] = []
        self._questions = Questions()
        self._unread: queue.Queue[bytes | None] = queue.Queue()
        self._pending: list[dict | list] = []
        self._next_id = 1000
        self._is_introduced = False
        self._sending = threading.Lock()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    # -- What is sent

    def send_bytes(self, data: bytes) -> None:
        """Writes these bytes and nothing else."""
        with self._sending:
            view = memoryview(data)
            while view:
                view = view[self.process.stdin.write(view):]

    def send(self, message: object) -> None:
        """Writes one JSON value as a line."""
        self._questions.note_sent(message)
        self.send_bytes(json.dumps(message).encode() + b"\n")

    def notify(self, method: str, params: dict | None = None) -> None:
        self.send(_message(method, params))

    def begin(
        self, method: str, params: dict | None = None, *, modern: bool = False, id: object = None
    ) -> object:
        """Sends a request and returns its id, without waiting for the answer."""
        if id is None:
            self._next_id += 1
            id = self._next_id
        if modern:
            params = dict(params or {})
            params["_meta"] = params.get("_meta", {}) | modern_meta()
        self.send(_message(method, params) | {"id": id})
        return id

    def begin_run(self, code: object, *, modern: bool = False, meta: dict | None = None, **args):
        """Sends a `run_js` call and returns its id; introduces itself first if nobody has."""
        # A client that says nothing of itself is given no structured content.
        if not modern and not self._is_introduced:
            self.initialize()
        params = {"name": "run_js", "arguments": {"code": code, **args}}
        if meta:
            params["_meta"] = meta
        return self.begin("tools/call", params, modern=modern)

    # -- What comes back

    def next_message(self, seconds: float = ANSWER_SECONDS) -> dict | list:
        """The oldest message that no one has taken yet."""
        if self._pending:
            return self._pending.pop(0)
        return self._receive(time.monotonic() + seconds, "a message")

    def answer(self, id: object, seconds: float = ANSWER_SECONDS) -> dict:
        """The response with this id (of this very type); other messages stay for later."""
        return self.take(lambda m: _answers(m, id), f"the answer to {id!r}", seconds)

    def take(self, wanted, what: str, seconds: float = ANSWER_SECONDS) -> dict:
        """The first message that `wanted` accepts; other messages stay for later."""
        for index, message in enumerate(self._pending):
            if wanted(message):
                return self._pending.pop(index)
        deadline = time.monotonic() + seconds
        while True:
            message = self._receive(deadline, what)
            if wanted(message):
                return message
            self._pending.append(message)

    def pending(self) -> list[dict | list]:
        """Messages that have arrived and that no one has taken."""
        while True:
            try:
                line = self._unread.get_nowait()
            except queue.Empty:
                return list(self._pending)
            if line is None:
                self._unread.put(None)
                return list(self._pending)
            self._pending.append(json.loads(line))

    # -- Whole exchanges

    def request(
        self, method: str, params: dict | None = None, *, modern: bool = False, id: object = None,
        seconds: float = ANSWER_SECONDS,
    ) -> dict:
        """Sends a request and returns the whole response, be it a result or an error."""
        return self.answer(self.begin(method, params, modern=modern, id=id), seconds)

    def result(self, method: str, params: dict | None = None, **options) -> dict:
        response = self.request(method, params, **options)
        assert "result" in response, response
        return response["result"]

    def initialize(self, version: str = LEGACY_VERSION) -> dict:
        """The handshake of the revisions before 2026-07-28."""
        self._is_introduced = True
        result = self.result("initialize", {
            "protocolVersion": version, "capabilities": {},
            "clientInfo": {"name": "raw-client", "version": "1"},
        })
        self.notify("notifications/initialized")
        return result

    def run(
        self, code: object, *, modern: bool = False, seconds: float = ANSWER_SECONDS, **arguments
    ) -> ToolResult:
        """Calls `run_js` and waits for its answer."""
        return self.run_answer(self.begin_run(code, modern=modern, **arguments), seconds)

    def run_answer(self, id: object, seconds: float = ANSWER_SECONDS) -> ToolResult:
        """Waits for the answer to `begin_run`."""
        response = self.answer(id, seconds)
        assert "result" in response, f"run_js ended in a protocol error: {response}"
        return ToolResult(response["result"])

    # -- The process

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None

    def stderr(self) -> str:
        self._stderr.seek(0)
        return self._stderr.read().decode(errors="replace")

    def end_of_input(self) -> None:
        """Closes the server's stdin: what a client does that has finished."""
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass

    def wait(self, seconds: float) -> int:
        """The exit code, negative for a signal's number; fails where the server still runs."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise NoAnswer(f"the server still ran after {seconds} s\n{self.stderr()}") from None

    def close(self, seconds: float = 10) -> int:
        """Ends the server as a client does, by force if it does not end by itself."""
        self.end_of_input()
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        finally:
            self._finish()

    def kill(self) -> None:
        """Ends the server with SIGKILL, by its own id only."""
        self.process.kill()
        self.process.wait()
        self._finish()

    def all_lines(self) -> list[bytes]:
        """Everything on stdout; call after the server has ended."""
        self._reader.join(ANSWER_SECONDS)
        return self.lines

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *exception: object) -> None:
        if self.is_alive:
            self.end_of_input()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._finish()

    def _finish(self) -> None:
        self._reader.join(5)
        self.end_of_input()
        self.process.stdout.close()
        questions, self._questions = self._questions, Questions()
        for line in self.lines:
            if line.endswith(b"\n"):
                questions.note_received(json.loads(line))

    def _read(self) -> None:
        try:
            # The pipe itself, which is not buffered, would be read byte by byte.
            for line in io.BufferedReader(self.process.stdout, READ_BYTE_COUNT):
                self.lines.append(line)
                self._unread.put(line)
        except ValueError:
            pass  # closed by `_finish`
        self._unread.put(None)

    def _receive(self, deadline: float, what: str) -> dict | list:
        try:
            line = self._unread.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            raise NoAnswer(f"{what} did not come in time\n{self.stderr()}") from None
        if line is None:
            self._unread.put(None)
            raise ServerEnded(f"{what} never came: the server ended\n{self.stderr()}")
        return json.loads(line)


def modern_meta(version: object = MODERN_VERSION, **more: object) -> dict:
    """The envelope that each request of 2026-07-28 has."""
    return {_META + "protocolVersion": version, _META + "clientCapabilities": {}} | more


def _message(method: str, params: dict | None) -> dict:
    message: dict = {"jsonrpc": "2.0", "method": method}
    if params is not None:
        message["params"] = params
    return message


def _answers(message: object, id: object) -> bool:
    if not isinstance(message, dict) or "method" in message or "id" not in message:
        return False
    return type(message["id"]) is type(id) and message["id"] == id
