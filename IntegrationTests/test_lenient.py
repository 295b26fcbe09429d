"""What clients send that says in another way what can mean one thing only."""

from __future__ import annotations

import json
import keyword

import pytest
from http_client import Client, HTTPServer
from raw_client import LEGACY_VERSION

BREAKS = "\u2028\u2029\u0085"


def call(server, tool: str, arguments: object, **options) -> dict:
    return server.result("tools/call", {"name": tool, "arguments": arguments}, **options)


@pytest.mark.parametrize("arguments", [
    {"timeout_ms": "5000"}, {"timeout_ms": 5000.0}, {"timeout_ms": ""}, {"timeout_ms": None},
    {"heap": ""}, {"heap": None}, {"language": ""}, {"language": "JS"},
    {"language": "javascript"}, {"on_error": ""}, {"on_error": "Rollback"}, {"save": ""},
    {"heap": "h", "save": "true"}, {"heap": "h", "save": "False"},
])
def test_arguments_that_have_one_meaning(memory, arguments):
    memory.initialize()
    assert memory.run("1 + 1", **arguments).value == 2


def test_they_mean_what_they_say(memory):
    memory.run("let n = 1", heap="h")
    assert memory.run("n = 2", heap="h", save="false").value == 2
    assert memory.run("n", heap="h").value == 1
    assert memory.run("for(;;);", timeout_ms="300").kind == "timeout"
    assert memory.run("const n: number = 1; n", language="TypeScript").structured
    assert memory.run("n = 3; throw 1", heap="h", on_error="KEEP").is_error
    assert memory.run("n", heap="h").value == 3
    assert "created" not in memory.run("1", heap="").structured, "no heap was named"


@pytest.mark.parametrize("arguments", [
    {"timeout_ms": "soon"}, {"timeout_ms": "5e-1"}, {"timeout_ms": "0"}, {"timeout_ms": True},
    {"timeout_ms": [5000]}, {"save": "no"}, {"save": 1}, {"language": "python"},
    {"heap": " "}, {"heap": 5}, {"on_error": "ignore"},
])
def test_arguments_that_make_no_sense(memory, arguments):
    memory.initialize()
    failed = memory.run("1", **arguments)
    assert failed.kind == "invalid" and failed.text == failed.error["message"]


@pytest.mark.parametrize("arguments", [{"limit": "10"}, {"cursor": ""}, {"prefix": ""}, [], "{}"])
def test_the_list_of_heaps(memory, arguments):
    memory.initialize()
    memory.run("1", heap="h")
    result = call(memory, "list_heaps", arguments)["structuredContent"]
    assert [heap["name"] for heap in result["heaps"]] == ["h"]


def test_arguments_in_a_string(memory):
    memory.initialize()
    arguments = json.dumps({"code": "6 * 7"})
    assert call(memory, "run_js", arguments)["structuredContent"]["result"] == 42


@pytest.mark.parametrize("params", [[], None, {}])
@pytest.mark.parametrize("method", ["ping", "tools/list", "resources/list"])
def test_no_parameters(memory, method, params):
    memory.send({"jsonrpc": "2.0", "id": 7, "method": method, "params": params})
    assert "result" in memory.answer(7)


def test_an_empty_cursor(memory):
    memory.initialize()
    assert memory.result("tools/list", {"cursor": ""})["tools"]


@pytest.mark.parametrize("beginning", [b"\xef\xbb\xbf", b"\xef\xbb\xbf\r\n"])
def test_a_byte_order_mark_before_the_first_message(memory, beginning):
    memory.send_bytes(beginning + b'{"jsonrpc":"2.0","id":7,"method":"ping"}\n')
    assert memory.next_message() == {"jsonrpc": "2.0", "id": 7, "result": {}}


def test_the_former_names_of_arguments(memory):
    memory.initialize()
    memory.run("let n = 1", heap="h")
    result = call(memory, "fork_heap", {"from": "h", "to": "g"})
    assert result["structuredContent"]["name"] == "g"
    both = call(memory, "fork_heap", {"from": "h", "source": "g", "target": "x"})
    assert both["structuredContent"]["error"]["kind"] == "invalid"


def test_what_is_told_of_numbers_is_in_their_descriptions_too(memory):
    for tool in memory.result("tools/list")["tools"]:
        for schema in tool["inputSchema"]["properties"].values():
            if schema["type"] == "integer":
                bounds = f"{schema['minimum']} to {schema['maximum']}."
                assert bounds in schema["description"], schema


def test_no_argument_is_a_keyword_of_python(memory):
    for tool in memory.result("tools/list")["tools"]:
        assert not [name for name in tool["inputSchema"]["properties"] if keyword.iskeyword(name)]


# -- Line breaks that JSON lets stand

@pytest.mark.parametrize("code", [
    '"\\u2028\\u2029\\u0085"', '({["\\u2028\\u2029\\u0085"]: 1})',
    'console.log("\\u2028\\u2029\\u0085")',
    'throw new Error("\\u2028\\u2029\\u0085")', f"// {BREAKS}\n1", f"'{BREAKS}'",
])
@pytest.mark.parametrize("modern", [False, True])
def test_no_line_break_reaches_a_client_as_it_is(memory, code, modern):
    memory.run(code, modern=modern)
    memory.close()
    for line in memory.all_lines():
        assert not any(character in line.decode() for character in BREAKS), line


def test_line_breaks_come_back_as_they_were(memory):
    assert memory.run('"\\u2028\\u2029\\u0085"').value == BREAKS
    assert memory.request("ping", id=BREAKS)["result"] == {}


# -- Over HTTP

@pytest.fixture(scope="module")
def http(binary):
    with HTTPServer(binary, "--in-memory") as server:
        yield server


def test_a_slash_behind_the_address(http):
    with Client(http.port) as client:
        body = json.dumps(client.message("initialize", {
            "protocolVersion": LEGACY_VERSION, "capabilities": [], "clientInfo": {}})).encode()
        reply = client.send("POST", "/mcp/", body=b"\xef\xbb\xbf" + body)
        assert reply.status == 200, reply
        session = {"Mcp-Session-Id": reply.headers["mcp-session-id"]}
        assert client.send("DELETE", "/mcp/", session).status == 204
        assert client.send("GET", "/healthz/").status == 200
        assert client.send("POST", "/mcp//", body=body).status == 404


def test_line_breaks_in_a_stream_of_events(http):
    with Client(http.port) as client:
        client.begin_run(
            "console.log('\\u2028'); await new Promise((f) => setTimeout(f, 50)); '\\u0085\\u2029'",
            meta={"progressToken": 1})
        reply = client.reply()
        assert reply.headers["content-type"] == "text/event-stream"
        assert not any(character in reply.body.decode() for character in BREAKS)
        assert reply.tool_result.value == "\u0085\u2029"
