"""What HTTP says of each request: statuses, headers, limits, and who is let in."""

from __future__ import annotations

import json
import re

import pytest
from http_client import Client, HTTPServer, modern_headers, send_raw
from processes import wait_until
from raw_client import modern_meta

JSON = {"Content-Type": "application/json"}
TOKEN = "correct-horse-battery-staple"


@pytest.fixture(scope="module")
def server(binary):
    with HTTPServer(binary, "--in-memory") as server:
        yield server


@pytest.fixture
def client(server):
    with Client(server.port) as client:
        yield client


def body(method: str, params: dict | None = None, *, modern: bool = False, id: object = 1) -> dict:
    params = dict(params or {})
    if modern:
        params["_meta"] = modern_meta()
    return {"jsonrpc": "2.0", "id": id, "method": method, "params": params}


PING = json.dumps(body("ping")).encode()

REFUSALS = {
    "get of the endpoint": ("GET", "/mcp", {}, None, 405),
    "put": ("PUT", "/mcp", JSON, PING, 405),
    "options": ("OPTIONS", "/mcp", {}, None, 405),
    "another path": ("GET", "/", {}, None, 404),
    "a path that only begins so": ("POST", "/mcp/x", JSON, PING, 404),
    "another type": ("POST", "/mcp", {"Content-Type": "text/plain"}, PING, 415),
    "a type that only begins so": (
        "POST", "/mcp", {"Content-Type": "application/jsonx"}, PING, 415),
    "no type": ("POST", "/mcp", {"Content-Type": None}, PING, 415),
    "a compressed body": ("POST", "/mcp", JSON | {"Content-Encoding": "gzip"}, PING, 415),
    "a form that is not spoken": ("POST", "/mcp", JSON | {"Accept": "text/html"}, PING, 406),
    "a foreign host": ("POST", "/mcp", JSON | {"Host": "evil.example"}, PING, 421),
    "a host with a name in front": ("POST", "/mcp", JSON | {"Host": "localhost.evil"}, PING, 421),
    "a host that is no host": ("POST", "/mcp", JSON | {"Host": "localhost:x"}, PING, 421),
    "a foreign origin": ("POST", "/mcp", JSON | {"Origin": "https://evil.example"}, PING, 403),
    "no origin": ("POST", "/mcp", JSON | {"Origin": "null"}, PING, 403),
    "a foreign host of a probe": ("GET", "/healthz", {"Host": "evil.example"}, None, 421),
    "a foreign origin of a stream": ("GET", "/sse", {"Origin": "http://evil.example"}, None, 403),
    "a foreign host of a stream": ("GET", "/sse", {"Host": "evil.example"}, None, 421),
    "no session": ("POST", "/mcp", JSON, PING, 400),
    "an unknown session": ("POST", "/mcp", JSON | {"Mcp-Session-Id": "x"}, PING, 404),
    "the end of no session": ("DELETE", "/mcp", {}, None, 400),
    "the end of an unknown session": ("DELETE", "/mcp", {"Mcp-Session-Id": "x"}, None, 404),
    "the end of a modern session": (
        "DELETE", "/mcp", {"MCP-Protocol-Version": "2026-07-28"}, None, 405),
    "no JSON": ("POST", "/mcp", JSON, b"{", 400),
    "no body": ("POST", "/mcp", JSON, b"", 400),
    "no JSON-RPC": ("POST", "/mcp", JSON | {"Mcp-Session-Id": "x"}, b"[]", 404),
    "a body over the limit": ("POST", "/mcp", JSON, b" " * (5 << 20), 413),
    "no session of a stream": ("POST", "/message", JSON, PING, 400),
    "a malformed session of a stream": ("POST", "/message?sessionId=1", JSON, PING, 400),
    "an unknown session of a stream": (
        "POST", "/message?sessionId=474f6724-1396-4ec1-8177-b56e5c3393c0", JSON, PING, 404),
    "a post to the stream": ("POST", "/sse", JSON, PING, 405),
    "a get of the messages": ("GET", "/message", {}, None, 405),
    "a stream in another form": ("GET", "/sse", {"Accept": "application/json"}, None, 406),
}


@pytest.mark.parametrize("method, path, headers, content, status", REFUSALS.values(), ids=REFUSALS)
def test_refusals(client, method, path, headers, content, status):
    reply = client.send(method, path, headers, content)
    assert reply.status == status, reply
    assert reply.json["error"]["code"] in (-32600, -32700) and reply.json["id"] is None
    assert "/" not in reply.json["error"]["message"].replace("application/json", "").replace(
        "text/event-stream", "")
    assert "mcp-session-id" not in reply.headers
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert ("allow" in reply.headers) == (status == 405)


@pytest.mark.parametrize("headers", [
    {"Host": "localhost"}, {"Host": "LOCALHOST:1"}, {"Host": "[::1]:80"}, {"Host": "127.0.0.1"},
    {"Origin": "http://localhost:6274"}, {"Origin": "https://127.0.0.1"},
    {"Accept": "*/*"}, {"Accept": "application/*;q=0.5"}, {"Accept": None},
    {"Accept": "application/json"}, {"Content-Type": "application/json; charset=utf-8"},
])
def test_what_is_let_in(client, headers):
    reply = client.post(body("server/discover", modern=True),
                        modern_headers("server/discover") | headers)
    assert reply.status == 200 and reply.answer["result"]["supportedVersions"] == ["2026-07-28"]


MODERN = {
    "tools": (body("tools/list", modern=True), modern_headers("tools/list"), 200, None),
    "removed method": (body("ping", modern=True), modern_headers("ping"), 404, -32601),
    "handshake in an envelope": (
        body("initialize", modern=True), modern_headers("initialize"), 404, -32601),
    "no version header": (
        body("tools/list", modern=True), {"Mcp-Method": "tools/list"}, 400, -32020),
    "older version header": (
        body("tools/list", modern=True),
        modern_headers("tools/list") | {"MCP-Protocol-Version": "2025-11-25"}, 400, -32020),
    "no method header": (
        body("tools/list", modern=True), {"MCP-Protocol-Version": "2026-07-28"}, 400, -32020),
    "another name": (
        body("tools/call", {"name": "run_js", "arguments": {"code": "1"}}, modern=True),
        modern_headers("tools/call", "other"), 400, -32020),
    "encoded name": (
        body("tools/call", {"name": "run_js", "arguments": {"code": "1"}}, modern=True),
        modern_headers("tools/call", "=?base64?cnVuX2pz?="), 200, None),
    "no envelope": (body("tools/list"), modern_headers("tools/list"), 400, -32602),
    "unknown version": (
        body("tools/list", {"_meta": modern_meta("2099-01-01")}),
        modern_headers("tools/list") | {"MCP-Protocol-Version": "2099-01-01"}, 400, -32022),
    "unknown version header": (
        body("tools/list"), {"MCP-Protocol-Version": "1999-01-01"}, 400, -32602),
    "unknown tool": (
        body("tools/call", {"name": "no_such"}, modern=True),
        modern_headers("tools/call", "no_such"), 400, -32602),
    "batch": ([body("tools/list", modern=True)], modern_headers("tools/list"), 400, -32600),
    "bad id": (body("tools/list", modern=True, id=None), modern_headers("tools/list"), 400, -32600),
    "answer": ({"jsonrpc": "2.0", "id": 1, "result": {}}, modern_headers("x"), 400, -32600),
    "discovery without envelope": (body("server/discover"), {}, 400, -32602),
}


@pytest.mark.parametrize("message, headers, status, code", MODERN.values(), ids=MODERN)
def test_modern_requests(client, message, headers, status, code):
    reply = client.post(message, headers)
    assert reply.status == status, reply
    assert reply.answer.get("error", {}).get("code") == code
    assert "mcp-session-id" not in reply.headers


def test_notifications_get_no_body(client):
    notification = {"jsonrpc": "2.0", "method": "notifications/whatever"}
    reply = client.post(notification, modern_headers("notifications/whatever"))
    assert (reply.status, reply.body) == (202, b"")
    client.initialize()
    reply = client.post({"jsonrpc": "2.0", "method": "notifications/initialized"})
    assert (reply.status, reply.body) == (202, b"")


def test_a_legacy_session_from_its_begin_to_its_end(client):
    reply = client.initialize()
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
                        client.session)
    assert client.post(body("ping"), {"MCP-Protocol-Version": "2025-11-25"}).json["result"] == {}
    assert client.post(body("ping"), {"MCP-Protocol-Version": "2024-11-05"}).status == 200
    assert client.post(body("ping"), {"MCP-Protocol-Version": "1999-01-01"}).status == 400
    assert client.post(body("no/such")).json["error"]["code"] == -32601
    assert client.post([body("ping")]).status == 400
    reply = client.send("DELETE", "/mcp", {"Mcp-Session-Id": client.session})
    assert (reply.status, reply.body) == (204, b"")
    assert client.post(body("ping")).status == 404


def test_a_failed_handshake_makes_no_session(client):
    reply = client.post(body("initialize"))
    assert reply.status == 200 and reply.json["error"]["code"] == -32602
    assert "mcp-session-id" not in reply.headers


def test_batches_of_march_2025(client):
    client.initialize("2025-03-26")
    reply = client.post([body("ping", id=1), body("tools/list", id=2),
                         {"jsonrpc": "2.0", "method": "notifications/initialized"}])
    assert reply.status == 200 and [answer["id"] for answer in reply.json] == [1, 2]
    reply = client.post([{"jsonrpc": "2.0", "method": "notifications/initialized"}])
    assert (reply.status, reply.body) == (202, b"")


def test_an_answer_is_json_or_a_stream(client):
    assert client.run("1 + 1").value == 2
    client.begin_run("for (let i = 0; i < 3; i++) {"
                     "  console.log(i); await new Promise((f) => setTimeout(f, 300)) }; 7",
                     meta={"progressToken": "p"})
    reply = client.reply()
    assert reply.headers["content-type"].startswith("text/event-stream")
    assert reply.headers["cache-control"] == "no-cache, no-transform"
    assert reply.headers["x-accel-buffering"] == "no"
    assert reply.messages[0]["params"]["progressToken"] == "p"
    assert reply.tool_result.value == 7
    client.begin_run("await new Promise((f) => setTimeout(f, 1300)); 8")
    reply = client.reply()
    assert reply.headers["content-type"].startswith("text/event-stream")
    assert reply.tool_result.value == 8


def test_who_takes_only_json_gets_json(client):
    params = {"name": "run_js", "arguments": {
        "code": "console.log(1); await new Promise((f) => setTimeout(f, 1300)); 8"},
        "_meta": modern_meta(progressToken=1)}
    reply = client.post(body("tools/call", params),
                        modern_headers("tools/call", "run_js") | {"Accept": "application/json"})
    assert reply.headers["content-type"] == "application/json" and reply.tool_result.value == 8


def test_a_connection_serves_one_request_after_the_other(client):
    for number in range(20):
        assert client.run(f"{number} + 1").value == number + 1
    assert client.send("POST", "/mcp", {"Content-Type": "text/plain"}, None).status == 415
    assert client.run("5").value == 5


# -- What no library sends

def http(*lines: str, content: bytes = b"") -> bytes:
    return "\r\n".join([*lines, "", ""]).encode() + content


HOST = "Host: localhost"
LAST = "Connection: close"
POST = ("POST /mcp HTTP/1.1", HOST, "Content-Type: application/json")
CHUNKS = b"2\r\n{}\r\n0\r\n\r\n"
RAW = {
    "two lengths": (http(*POST, "Content-Length: 2", "Content-Length: 3", content=b"{}x"), b"400"),
    "length and chunks": (http(*POST, "Content-Length: 2", "Transfer-Encoding: chunked",
                               content=CHUNKS), b"400"),
    "a malformed request": (b"\x16\x03\x01 nonsense\r\n\r\n", b"400"),
    "a folded header": (http("GET /healthz HTTP/1.1", HOST, "X: a", " b"), b"400"),
    "no host": (http("GET /healthz HTTP/1.1", LAST), b"400"),
    "two hosts": (http("GET /healthz HTTP/1.1", HOST, "Host: evil.example", LAST), b"400"),
    "two sessions": (http("DELETE /mcp HTTP/1.1", HOST, "Mcp-Session-Id: a",
                          "Mcp-Session-Id: b", LAST),
                     b"400"),
    "a malformed chunk": (http(*POST, "Transfer-Encoding: chunked", content=b"zz\r\n"), b"400"),
    "chunks over the limit": (http("POST /mcp HTTP/1.1", HOST, "Content-Type: application/json",
                                   "Transfer-Encoding: chunked",
                                   content=b"100000\r\n" + b" " * 0x100000 + b"\r\n") +
                              (b"100000\r\n" + b" " * 0x100000 + b"\r\n") * 4, b"413"),
    "a long header": (http("GET /healthz HTTP/1.1", HOST, "X: " + "x" * 17_000), b"431"),
    "many headers": (http("GET /healthz HTTP/1.1", HOST, *["X: x"] * 101), b"431"),
    "long headers": (http("GET /healthz HTTP/1.1", HOST, *["X: " + "x" * 8000] * 5), b"431"),
    "a long target": (http("GET /" + "x" * 9000 + " HTTP/1.1", HOST, LAST), b"414"),
    "a bare line feed": (b"GET /healthz HTTP/1.1\nHost: localhost\n\n", b"400"),
    "a bare line feed behind a header": (
        b"GET /healthz HTTP/1.1\r\nHost: localhost\nX: x\r\n\r\n", b"400"),
    "a header without a name": (http("GET /healthz HTTP/1.1", HOST, ": x"), b"400"),
    "a blank before the colon": (http("GET /healthz HTTP/1.1", HOST, "X : x"), b"400"),
    "a length that is no number": (http("POST /mcp HTTP/1.1", HOST, "Content-Length: +2"), b"400"),
    "an encoding beside chunks": (http("POST /mcp HTTP/1.1", HOST,
                                       "Transfer-Encoding: chunked, identity"), b"400"),
    "an encoding before chunks": (http(*POST, "Transfer-Encoding: gzip, chunked",
                                       content=CHUNKS), b"501"),
    "an encoding in a header of its own": (
        http(*POST, "Transfer-Encoding: gzip", "Transfer-Encoding: chunked", content=CHUNKS),
        b"501"),
    "an encoding without chunks": (http(*POST, "Transfer-Encoding: identity"), b"501"),
    "chunks in HTTP/1.0": (http("POST /mcp HTTP/1.0", *POST[1:], "Transfer-Encoding: chunked",
                                content=CHUNKS), b"400"),
    "a control character before chunks": (http(*POST, "Transfer-Encoding: \x0bchunked"), b"400"),
    "a length of hexadecimal digits": (http(*POST, "Content-Length: 0x2"), b"400"),
    "two lengths in one header": (http(*POST, "Content-Length: 2, 2"), b"400"),
    "the same length twice": (http(*POST, "Content-Length: 2", "Content-Length: 2",
                                   content=b"{}"), b"400"),
    "another host in the target": (
        http("GET http://evil.example/healthz HTTP/1.1", HOST, LAST), b"400"),
    "another version": (http("GET /healthz HTTP/3.0", HOST), b"400"),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"400"),
}


@pytest.mark.parametrize("data, status", RAW.values(), ids=RAW)
def test_raw_requests(server, data, status):
    received = send_raw(server.port, data)
    assert received.startswith(b"HTTP/1.1 " + status), received[:300]
    assert received.count(b"HTTP/1.1 ") <= 1, received
    with Client(server.port) as client:
        assert client.send("GET", "/healthz").status == 200


def test_a_body_that_is_announced_is_wanted_or_not(server):
    request = http("POST /mcp HTTP/1.1", HOST, "Content-Type: application/json",
                   "Expect: 100-continue", f"Content-Length: {len(PING)}", "Connection: close")
    received = send_raw(server.port, request + PING)
    assert received.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 400")
    request = http("POST /mcp HTTP/1.1", HOST, "Content-Type: application/json",
                   "Expect: 100-continue", "Content-Length: 99999999", "Connection: close")
    assert send_raw(server.port, request).startswith(b"HTTP/1.1 413")


def test_requests_that_come_at_once_are_answered_in_turn(server):
    request = http("GET /healthz HTTP/1.1", HOST) * 3
    received = send_raw(server.port, request + http("GET /nothing HTTP/1.1", HOST, LAST))
    statuses = re.findall(rb"HTTP/1.1 (\d+)", received)
    assert statuses == [b"200", b"200", b"200", b"404"]


def test_what_is_no_request_behind_one_that_is(server):
    received = send_raw(server.port, http("GET /healthz HTTP/1.1", HOST) + b"nonsense\r\n\r\n")
    statuses = re.findall(rb"HTTP/1.1 (\d+)", received)
    assert statuses[:1] == [b"200"] and statuses[1:] in ([], [b"400"])


def test_a_target_may_name_the_host(server):
    request = http("GET http://localhost/healthz HTTP/1.1", HOST, LAST)
    assert b" 200 OK" in send_raw(server.port, request)


def test_a_rate_that_is_too_high_is_refused(binary):
    with HTTPServer(binary, "--in-memory", "--requests-per-second", "1") as server, \
            Client(server.port) as client:
        replies = [client.post(body("server/discover", modern=True),
                               modern_headers("server/discover")) for _ in range(20)]
        assert [reply.status for reply in replies[:2]] == [200, 200]
        refused = next(reply for reply in replies if reply.status == 429)
        assert refused.headers["retry-after"] == "1" and refused.json["error"]["code"] == -32600
        assert client.send("GET", "/healthz").status == 200


def test_connections_of_one_address(binary):
    with HTTPServer(binary, "--in-memory", "--connections-per-address", "2") as server:
        with Client(server.port) as one, Client(server.port) as two:
            assert one.send("GET", "/healthz").status == two.send("GET", "/healthz").status == 200
            assert send_raw(server.port, http("GET /healthz HTTP/1.1", HOST)) == b""
        wait_until(lambda: b"200 OK" in send_raw(
            server.port, http("GET /healthz HTTP/1.1", HOST, LAST)), "room for another")


def test_who_guesses_tokens_is_refused(binary, tmp_path):
    tokens = tmp_path / "tokens"
    tokens.write_text(TOKEN)
    with HTTPServer(binary, "--in-memory", "--auth-token-file", tokens,
                    "--auth-failures-per-minute", "3") as server, \
            Client(server.port) as client:
        wrong = JSON | {"Authorization": "Bearer wrong-wrong-wrong"}
        statuses = [client.send("POST", "/mcp", wrong, PING).status for _ in range(5)]
        assert statuses == [401, 401, 401, 429, 429]
        reply = client.send("POST", "/mcp", JSON | {"Authorization": f"Bearer {TOKEN}"}, PING)
        assert reply.status == 429 and 0 < int(reply.headers["retry-after"]) <= 20


def test_a_half_closed_client_is_answered(server):
    request = http("GET /healthz HTTP/1.1", HOST)
    assert b" 200 OK" in send_raw(server.port, request, then_half_close=True)


# -- Tokens

@pytest.fixture(scope="module")
def guarded(binary, tmp_path_factory):
    tokens = tmp_path_factory.mktemp("tokens") / "tokens"
    tokens.write_text(f"another-token-0123456789\n\n{TOKEN}\n")
    with HTTPServer(binary, "--in-memory", "--auth-token-file", tokens) as server:
        yield server


@pytest.mark.parametrize("header", [
    None, "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}"])
@pytest.mark.parametrize("path", ["/mcp", "/sse", "/message", "/metrics", "/nothing"])
def test_without_a_token(guarded, path, header):
    with Client(guarded.port) as client:
        reply = client.send("POST", path, JSON | {"Authorization": header}, PING)
        assert reply.status == 401 and reply.headers["www-authenticate"].startswith("Bearer")


def test_with_a_token(guarded):
    with Client(guarded.port, token=TOKEN) as client, \
            Client(guarded.port, token="another-token-0123456789") as other:
        assert client.run("1 + 1").value == 2
        assert other.run("1 + 1").value == 2
        client.initialize()
        other.session = client.session
        assert client.post(body("ping")).status == 200
        assert other.post(body("ping")).status == 404, "a session is its token's"
        assert Client(guarded.port).send("GET", "/healthz").status == 200
    assert TOKEN not in guarded.stderr()


@pytest.mark.parametrize("options, complaint", [
    (["--http-port", "0", "--host", "0.0.0.0"], "--auth-token-file"),
    (["--http-port", "0", "--host", "0.0.0.0", "--insecure-no-auth", "--sandbox", "off"],
     "--sandbox off"),
    (["--http-port", "0", "--auth-token-file", "no-such-file"], "cannot be read"),
    (["--http-port", "70000"], "--http-port"),
    (["--sse-port", "-1"], "sse-port"),
])
def test_what_is_refused_at_the_start(binary, options, complaint):
    with HTTPServer(binary, "--in-memory", *options) as server:
        assert server.wait(10) != 0 and complaint in server.stderr()


def test_two_ports_serve_one_thing_each(binary):
    with HTTPServer(binary, "--in-memory", "--http-port", "0") as server:
        with Client(server.port) as client:
            assert client.send("GET", "/sse").status == 404
            assert client.send("GET", "/readyz").json["status"] == "ready"
