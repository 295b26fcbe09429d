"""Clients that come at once, that vanish, and servers that are told to end."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from http_client import Client, HTTPServer

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


def test_many_clients_on_several_heaps(server):
    clients, heaps, calls = 60, 6, 4

    def work(number: int) -> None:
        with Client(server.port) as client:
            if number % 2:
                client.initialize()
            for _ in range(calls):
                client.run("globalThis.n = (globalThis.n ?? 0) + 1", heap=f"h{number % heaps}")

    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(work, range(clients)))
    with Client(server.port) as client:
        counts = [client.run("n", heap=f"h{heap}").value for heap in range(heaps)]
    assert counts == [clients * calls // heaps] * heaps


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
            time.sleep(0.3)
        vanish(other, how)
        began = time.monotonic()
        assert client.run("n", heap="h").value == 1
        assert time.monotonic() - began < 10


def test_a_legacy_client_that_vanishes_does_not_cancel(server, client):
    client.run("let n = 1", heap="h")
    with Client(server.port) as other:
        other.initialize()
        other.begin_run(PAUSE, heap="h")
        time.sleep(0.3)
    assert client.run("n", heap="h").value == 2


def test_a_cancellation_finds_its_call_in_the_session(server, client):
    client.initialize()
    client.run("let n = 1", heap="h")
    with Client(server.port) as other:
        other.session = client.session
        other._next_id = 100
        message = other.begin_run(SPIN, heap="h", timeout_ms=100_000)
        time.sleep(0.3)
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
        time.sleep(0.3)
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


@pytest.mark.parametrize("how", ["close", "reset", "half-close"])
def test_a_stream_that_is_closed_cancels(server, client, how):
    client.run("let n = 1", heap="h")
    stream = Stream(server.port)
    stream.call(SPIN, heap="h", timeout_ms=100_000)
    time.sleep(0.3)
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
    time.sleep(0.3)
    server.terminate()
    assert client.reply().tool_result.value == 2
    assert not stream.message()["result"].get("isError")
    assert server.wait(5) == 0
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port), timeout=5)


def test_what_does_not_end_is_ended(server, client):
    client.begin_run("for(;;);", timeout_ms=100_000)
    time.sleep(0.3)
    server.terminate()
    replies = []
    reader = threading.Thread(target=lambda: replies.append(client.reply()))
    reader.start()
    assert server.wait(16) == 0
    reader.join(5)
    assert replies and replies[0].tool_result.is_error


def test_a_second_signal_ends_at_once(server, client):
    client.begin_run("for(;;);", timeout_ms=100_000)
    time.sleep(0.3)
    server.terminate()
    time.sleep(0.3)
    assert server.process.poll() is None
    server.terminate()
    assert server.wait(2) != 0
