"""What the official conformance suite wants of a server over Streamable HTTP, as our own tests.

Scenarios that need tools of the suite's own (prompts, resources, elicitation, tasks) do not apply.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from http_client import Client, HTTPServer, events, modern_headers
from raw_client import modern_meta

MODERN = "2026-07-28"


@pytest.fixture(scope="module")
def server(binary):
    with HTTPServer(binary, "--in-memory") as server:
        yield server


@pytest.fixture
def client(server):
    with Client(server.port) as client:
        yield client


def request(method: str, params: dict | None = None, *, id: object = 1, meta=True) -> dict:
    params = dict(params or {})
    if meta is not None:
        params["_meta"] = modern_meta() if meta is True else meta
    return {"jsonrpc": "2.0", "id": id, "method": method, "params": params}


# -- DNS rebinding

def initialize() -> dict:
    return request("initialize", {
        "protocolVersion": "2025-11-25", "capabilities": {},
        "clientInfo": {"name": "conformance", "version": "1"}}, meta=None)


PROBES = {
    "legacy": (initialize, {"MCP-Protocol-Version": "2025-11-25"}),
    "modern": (lambda: request("server/discover"), modern_headers("server/discover")),
}


@pytest.mark.parametrize("probe, headers", PROBES.values(), ids=PROBES)
def test_rebinding_is_refused_and_this_machine_is_served(server, client, probe, headers):
    evil = {"Host": "evil.example.com", "Origin": "http://evil.example.com"}
    assert 400 <= client.post(probe(), headers | evil).status < 500
    own = f"127.0.0.1:{server.port}"
    reply = client.post(probe(), headers | {"Host": own, "Origin": f"http://{own}"})
    assert reply.status == 200


# -- Headers

LIST = request("tools/list")
CALL = request("tools/call", {"name": "run_js", "arguments": {}})
VERSION = {"MCP-Protocol-Version": MODERN}
HEADERS = {
    "another method": (LIST, {"Mcp-Method": "prompts/list"}, 400),
    "no method": (LIST, {}, 400),
    "another name": (CALL, {"Mcp-Method": "tools/call", "Mcp-Name": "wrong"}, 400),
    "no name": (CALL, {"Mcp-Method": "tools/call"}, 400),
    "blanks around the name": (CALL, {"Mcp-Method": "tools/call", "Mcp-Name": "  run_js  "}, 200),
    "small letters": (LIST, {"mcp-method": "tools/list"}, 200),
    "capital letters": (LIST, {"MCP-METHOD": "tools/list"}, 200),
    "a value in capitals": (LIST, {"Mcp-Method": "TOOLS/LIST"}, 400),
}


@pytest.mark.parametrize("message, headers, status", HEADERS.values(), ids=HEADERS)
def test_standard_headers(client, message, headers, status):
    reply = client.post(message, VERSION | headers)
    assert reply.status == status, reply
    if status == 400:
        assert reply.answer["error"]["code"] == -32020
    else:
        assert "error" not in reply.answer, "a tool's failure is a result"


# -- Stateless requests

def without(key: str) -> dict:
    meta = modern_meta()
    del meta[f"io.modelcontextprotocol/{key}"]
    return meta


INCOMPLETE = {
    "no _meta": None, "no version": without("protocolVersion"),
    "no capabilities": without("clientCapabilities"),
    "capabilities of another type": modern_meta() | {
        "io.modelcontextprotocol/clientCapabilities": "none"},
}


@pytest.mark.parametrize("meta", INCOMPLETE.values(), ids=INCOMPLETE)
def test_incomplete_envelopes_are_refused(client, meta):
    reply = client.post(request("tools/list", meta=meta, id="a"), modern_headers("tools/list"))
    assert (reply.status, reply.answer["error"]["code"], reply.answer["id"]) == (400, -32602, "a")


def test_the_client_need_not_say_its_name(client):
    meta = {key: value for key, value in modern_meta().items() if not key.endswith("clientInfo")}
    reply = client.post(request("tools/list", meta=meta), modern_headers("tools/list"))
    assert reply.status == 200 and reply.answer["result"]["resultType"] == "complete"


def test_discovery_tells_what_there_is_and_no_more(client):
    result = client.post(
        request("server/discover"), modern_headers("server/discover")).answer["result"]
    assert result["supportedVersions"] == [MODERN]
    assert set(result["capabilities"]) == {"tools", "logging", "extensions"}
    assert result["_meta"]["io.modelcontextprotocol/serverInfo"]["name"] == "mcp-v8"
    for method in ["prompts/get", "resources/read", "completion/complete"]:
        assert client.post(request(method), modern_headers(method)).status == 404


@pytest.mark.parametrize("method", [
    "initialize", "ping", "logging/setLevel", "resources/subscribe", "resources/unsubscribe",
    "subscriptions/listen", "tasks/list", "no/such"])
def test_removed_and_unknown_methods(client, method):
    reply = client.post(request(method, id=77), modern_headers(method))
    assert (reply.status, reply.answer["error"]["code"], reply.answer["id"]) == (404, -32601, 77)


def test_an_unknown_version_is_told_the_known_ones(client):
    meta = modern_meta("2099-01-01")
    reply = client.post(request("tools/list", meta=meta, id=5),
                        modern_headers("tools/list") | {"MCP-Protocol-Version": "2099-01-01"})
    error = reply.answer["error"]
    assert (reply.status, error["code"], reply.answer["id"]) == (400, -32022, 5)
    assert error["data"] == {"supported": [MODERN], "requested": "2099-01-01"}


def test_versions_that_differ_are_refused(client):
    reply = client.post(request("tools/list"),
                        modern_headers("tools/list") | {"MCP-Protocol-Version": "2025-11-25"})
    assert (reply.status, reply.answer["error"]["code"]) == (400, -32020)


def test_no_request_of_the_servers_own_is_on_a_stream(client):
    client.begin_run("console.log(1); await new Promise((f) => setTimeout(f, 1200)); 1",
                     meta={"progressToken": 1})
    messages = client.reply().messages
    assert all("id" not in message for message in messages[:-1])
    assert "notifications/message" not in json.dumps(messages)


# -- Sessions

def test_the_life_of_a_session(client):
    reply = client.post(initialize())
    session = reply.headers["mcp-session-id"]
    assert all(0x21 <= ord(letter) <= 0x7E for letter in session)
    version = reply.answer["result"]["protocolVersion"]
    headers = {"Mcp-Session-Id": session, "MCP-Protocol-Version": version}
    initialized = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    assert client.post(initialized, headers).status == 202
    listing = request("tools/list", meta=None)
    assert client.post(listing, headers).status == 200
    assert client.send("DELETE", "/mcp", headers).status == 204
    assert client.post(listing, headers).status == 404
    assert client.send("DELETE", "/mcp", headers).status == 404
    assert client.post(initialize()).headers["mcp-session-id"] != session


# -- Several streams

@pytest.mark.parametrize("era", ["legacy", "modern"])
def test_several_streams_at_once(server, client, era):
    if era == "legacy":
        client.initialize()

    def call(number: int) -> list[dict]:
        with Client(server.port) as one:
            one.session = client.session
            one._next_id = 1000 + number
            message = one.begin_run(
                f"console.log({number}); await new Promise((f) => setTimeout(f, 300)); {number}",
                meta={"progressToken": number})
            response = one._connection.getresponse()
            assert response.status == 200
            assert response.getheader("content-type").startswith("text/event-stream")
            found = [json.loads(data) for _, data in events(response)]
            assert found[-1]["id"] == message["id"]
            return found

    with ThreadPoolExecutor(3) as pool:
        for number, found in enumerate(pool.map(call, range(3))):
            assert found[-1]["result"]["structuredContent"]["result"] == number
            tokens = {message["params"]["progressToken"] for message in found[:-1]}
            assert tokens == {number}, "nothing of another stream's"
