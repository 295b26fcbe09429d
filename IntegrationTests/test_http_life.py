"""Clients that come at once, that vanish, and servers that are told to end."""

from __future__ import annotations

import http.client
import json
import re
import socket
import struct
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from http_client import Client, HTTPServer
from processes import wait_until

SPIN = "n = 2; console.log('begun'); for(;;);"
PAUSE = "n = 2; await new Promise((f) => setTimeout(f, 1500)); n"


@pytest.fixture
def server(binary):
    with HTTPServer(binary, "--in-memory") as server:
        yield server


@pytest.fixture
def client(server):
    with Client(server.port) as client:
        yield client


def vanish(client: Client, how: str) -> None:
    connection = client._connection.sock
    if how == "half-close":
        connection.shutdown(socket.SHUT_WR)
        return
    if how == "reset":
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def test_many_clients_on_many_heaps(server):
    """200 clients on 50 heaps, in both eras; who is told that a heap is busy comes again."""
    clients, heaps, calls = 200, 50, 2
    busy = []

    def count(client: Client, heap: str) -> bool:
        client.begin_run("globalThis.n = (globalThis.n ?? 0) + 1", heap=heap, timeout_ms=120_000)
        result = client.reply().tool_result
        if result.is_error:
            assert result.kind == "busy", result
            busy.append(heap)
        return not result.is_error

    def work(number: int) -> None:
        with Client(server.port) as client:
            client._connection.timeout = 150
            if number % 2:
                client.initialize()
            for _ in range(calls):
                heap = f"h{number % heaps}"
                wait_until(lambda: count(client, heap), f"a turn on {heap}", 120)

    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(work, range(clients)))
    with Client(server.port) as client:
        counts = [client.run("n", heap=f"h{heap}", save=False).value for heap in range(heaps)]
        text = client.send("GET", "/metrics").body.decode()
    assert counts == [clients * calls // heaps] * heaps
    values = int(re.search(r'executions_total\{outcome="value"\} (\d+)', text).group(1))
    assert values == clients * calls + heaps
    if busy:
        assert f'executions_total{{outcome="busy"}} {len(busy)}' in text


@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize("how", ["close", "reset", "half-close"])
def test_a_modern_client_that_vanishes_cancels(server, client, how, streaming):
    client.run("let n = 1", heap="h")
    with Client(server.port) as other:
        meta = {"progressToken": 1} if streaming else None
        other.begin_run(SPIN, heap="h", timeout_ms=100_000, meta=meta)
        if streaming:
            next(other.stream())
        else:
            server.wait_for_runs(1)
        vanish(other, how)
        began = time.monotonic()
        assert client.run("n", heap="h").value == 1
        assert time.monotonic() - began < 10


def test_a_legacy_client_that_vanishes_does_not_cancel(server, client):
    client.run("let n = 1", heap="h")
    with Client(server.port) as other:
        other.initialize()
        other.begin_run(PAUSE, heap="h")
        server.wait_for_runs(1)
    assert client.run("n", heap="h").value == 2


def test_a_cancellation_finds_its_call_in_the_session(server, client):
    client.initialize()
    client.run("let n = 1", heap="h")
    with Client(server.port) as other:
        other.session = client.session
        other._next_id = 100
        message = other.begin_run(SPIN, heap="h", timeout_ms=100_000)
        server.wait_for_runs(1)
        cancel = {"jsonrpc": "2.0", "method": "notifications/cancelled",
                  "params": {"requestId": message["id"]}}
        with Client(server.port) as stranger:
            stranger.initialize()
            assert stranger.post(cancel).status == 202, "another session's call runs on"
        assert client.post(cancel).status == 202
        reply = other.reply()
        assert reply.status == 200 and reply.messages == []
    assert client.run("n", heap="h").value == 1


def test_the_end_of_a_session_cancels_its_calls(server, client):
    client.run("let n = 1", heap="h")
    with Client(server.port) as other:
        other.initialize()
        other.begin_run(SPIN, heap="h", timeout_ms=100_000)
        server.wait_for_runs(1)
        reply = client.send("DELETE", "/mcp", {"Mcp-Session-Id": other.session})
        assert reply.status == 204 and other.reply().messages == []
    assert client.run("n", heap="h").value == 1


class Stream:
    """A client of HTTP+SSE."""

    def __init__(self, port: int):
        self.client, self.poster = Client(port), Client(port)
        self.client.begin("GET", "/sse")
        self.events = self.client.stream()
        name, self.endpoint = next(self.events)
        assert name == "endpoint" and self.endpoint.startswith("/message?sessionId=")

    def post(self, message: object) -> None:
        reply = self.poster.send("POST", self.endpoint, {}, json.dumps(message).encode())
        assert reply.status == 202, reply

    def call(self, code: str, **arguments: object) -> None:
        self.post(self.poster.message(
            "tools/call", {"name": "run_js", "arguments": {"code": code, **arguments}}))

    def message(self) -> dict:
        name, data = next(self.events)
        assert name == "message"
        return json.loads(data)


def test_a_stream(server):
    stream = Stream(server.port)
    stream.post({"jsonrpc": "2.0", "id": 1, "method": "ping"})
    assert stream.message() == {"jsonrpc": "2.0", "id": 1, "result": {}}
    reply = stream.poster.send("POST", stream.endpoint, {}, b"{")
    assert reply.status == 400
    stream.post({"jsonrpc": "2.0", "method": "notifications/initialized"})
    stream.call("1 + 1")
    assert stream.message()["result"]["content"][0]["text"].startswith('{"result":2')
    stream.client.close()


def test_a_task_tells_its_end_on_a_stream(server):
    stream = Stream(server.port)
    stream.post(stream.poster.message("initialize", {
        "protocolVersion": "2025-11-25", "capabilities": {},
        "clientInfo": {"name": "stream", "version": "1"}}))
    assert "tasks" in stream.message()["result"]["capabilities"]
    stream.post(stream.poster.message("tools/call", {
        "name": "run_js", "arguments": {"code": "6 * 7"}, "task": {}}))
    # The answer and what the task tells may come in either order.
    messages = [stream.message(), stream.message()]
    [created] = [message["result"]["task"] for message in messages if "result" in message]
    [ended] = [message for message in messages if "method" in message]
    assert ended["method"] == "notifications/tasks/status"
    assert ended["params"]["taskId"] == created["taskId"]
    assert ended["params"]["status"] == "completed"
    stream.client.close()


@pytest.mark.parametrize("how", ["close", "reset", "half-close"])
def test_a_stream_that_is_closed_cancels(server, client, how):
    client.run("let n = 1", heap="h")
    stream = Stream(server.port)
    stream.call(SPIN, heap="h", timeout_ms=100_000)
    server.wait_for_runs(1)
    # The response holds the socket open beside the connection.
    stream.events.close()
    vanish(stream.client, how)
    assert client.run("n", heap="h").value == 1
    ping = b'{"jsonrpc":"2.0","id":1,"method":"ping"}'
    assert stream.poster.send("POST", stream.endpoint, {}, ping).status == 404


def test_what_runs_is_answered_before_the_server_ends(server, client):
    stream, idle = Stream(server.port), Client(server.port)
    idle.run("1")
    stream.call("let n; " + PAUSE)
    client.begin_run("let n; " + PAUSE)
    server.wait_for_runs(2)
    server.terminate()
    assert client.reply().tool_result.value == 2
    assert not stream.message()["result"].get("isError")
    assert server.wait(5) == 0
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port), timeout=5)


def test_what_does_not_end_is_ended(server, client):
    client.begin_run("for(;;);", timeout_ms=100_000)
    server.wait_for_runs(1)
    server.terminate()
    replies = []
    reader = threading.Thread(target=lambda: replies.append(client.reply()))
    reader.start()
    assert server.wait(16) == 0
    reader.join(5)
    assert replies and replies[0].tool_result.is_error


def test_what_ran_at_the_end_is_stored(binary, directory):
    with HTTPServer(binary, "--directory-path", directory) as server, \
            Client(server.port) as client, Client(server.port) as late:
        late.run("0")
        client.begin_run("let " + PAUSE, heap="h")
        server.wait_for_runs(1)
        server.terminate()
        server.wait_until_deaf()
        # The connection is open still, but nothing new is run.
        try:
            late.begin_run("1")
            assert late.reply().tool_result.kind == "busy"
        except (ConnectionError, http.client.HTTPException):
            pass
        result = client.reply().tool_result
        assert result.value == 2 and server.wait(5) == 0
    with HTTPServer(binary, "--directory-path", directory) as server, \
            Client(server.port) as client:
        kept = client.run("n", heap="h", save=False)
        assert kept.value == 2 and kept.structured["version"] == result.structured["version"]


def test_nothing_acknowledged_is_lost_with_a_second_signal(binary, directory):
    acknowledged = [0] * 4

    def work(number: int) -> None:
        try:
            with Client(server.port) as client:
                while True:
                    value = client.run("globalThis.n = (globalThis.n ?? 0) + 1",
                                       heap=f"h{number}").value
                    acknowledged[number] = value
        except (AssertionError, OSError, http.client.HTTPException, ValueError):
            pass  # the server has gone

    with HTTPServer(binary, "--directory-path", directory) as server:
        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        wait_until(lambda: min(acknowledged) >= 5, "five runs on each heap", 60)
        server.terminate()
        server.terminate()
        server.wait(2)
        for thread in threads:
            thread.join(20)
    with HTTPServer(binary, "--directory-path", directory) as server, \
            Client(server.port) as client:
        for number, count in enumerate(acknowledged):
            assert client.run("n", heap=f"h{number}", save=False).value >= count


def test_a_second_signal_ends_at_once(server, client):
    client.begin_run("for(;;);", timeout_ms=100_000)
    server.wait_for_runs(1)
    server.terminate()
    server.wait_until_deaf()
    assert server.process.poll() is None
    server.terminate()
    assert server.wait(2) != 0
