"""Lines on stdin that are no proper requests, and what must come back for each."""

from __future__ import annotations

import json

import pytest


def test_a_line_that_is_not_json(memory):
    memory.send_bytes(b"{oops\n")
    assert_error(memory.next_message(), -32700, None)
    assert_serves(memory)


def test_a_line_that_is_not_utf8(memory):
    memory.send_bytes(b'{"jsonrpc":"2.0","id":1,"method":"pi\xff\xfeng"}\n')
    assert_error(memory.next_message(), -32700, None)
    assert_serves(memory)


@pytest.mark.parametrize("value", [42, "text", None, True, 1.5])
def test_json_that_is_no_object(memory, value):
    memory.send(value)
    assert_error(memory.next_message(), -32600, None)
    assert_serves(memory)


@pytest.mark.parametrize("version", ["1.0", 2, None])
def test_another_json_rpc_version(memory, version):
    memory.send({"jsonrpc": version, "id": 7, "method": "ping"})
    assert_error(memory.next_message(), -32600, 7)


def test_no_json_rpc_version(memory):
    memory.send({"id": 7, "method": "ping"})
    assert_error(memory.next_message(), -32600, 7)


@pytest.mark.parametrize("id", [None, 1.5, True, [], {}])
def test_an_id_of_a_wrong_type(memory, id):
    memory.send({"jsonrpc": "2.0", "id": id, "method": "ping"})
    assert_error(memory.next_message(), -32600, None)
    assert_serves(memory)


@pytest.mark.parametrize("id", [0, -1, 2**53 + 1, -(2**53) - 1, "", "a", "1", "ü\u2028😀"])
def test_an_id_comes_back_as_it_was(memory, id):
    response = memory.request("ping", id=id)
    assert response["id"] == id and type(response["id"]) is type(id)
    assert response["result"] == {}


def test_a_method_of_a_wrong_type(memory):
    memory.send({"jsonrpc": "2.0", "id": 7, "method": 5})
    assert_error(memory.next_message(), -32600, 7)


def test_neither_method_nor_result(memory):
    memory.send({"jsonrpc": "2.0", "id": 7})
    assert_error(memory.next_message(), -32600, 7)


@pytest.mark.parametrize("params", [5, "x", True])
def test_params_of_a_wrong_type(memory, params):
    memory.send({"jsonrpc": "2.0", "id": 7, "method": "tools/list", "params": params})
    message = memory.next_message()
    assert message["id"] == 7 and message["error"]["code"] in (-32600, -32602)


@pytest.mark.parametrize("message", [
    {"jsonrpc": "2.0", "id": 7, "result": {}},
    {"jsonrpc": "2.0", "id": 7, "error": {"code": 1, "message": "x"}},
    {"jsonrpc": "2.0", "method": "notifications/unknown"},
    {"jsonrpc": "2.0", "method": "notifications/cancelled"},
    {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": 5},
    {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": {}}},
    {"jsonrpc": "2.0", "method": "tools/call", "params": {"name": "run_js"}},
    {"jsonrpc": "2.0", "method": "ping"},
])
def test_what_gets_no_answer(memory, message):
    memory.send(message)
    assert_serves(memory)
    assert memory.pending() == []


def test_unknown_members_are_ignored(memory):
    memory.send({"jsonrpc": "2.0", "id": 7, "method": "ping", "extra": [1], "params": {"x": 1}})
    assert memory.answer(7)["result"] == {}


def test_blank_lines_and_carriage_returns(memory):
    memory.send_bytes(b'\n\r\n  \n{"jsonrpc":"2.0","id":7,"method":"ping"}\r\n')
    assert memory.answer(7)["result"] == {}
    assert memory.pending() == []


def test_a_message_in_pieces(memory):
    for byte in b'{"jsonrpc":"2.0","id":7,"method":"ping"}\n':
        memory.send_bytes(bytes([byte]))
    assert memory.answer(7)["result"] == {}


def test_many_messages_in_one_write(memory):
    lines = [json.dumps({"jsonrpc": "2.0", "id": i, "method": "ping"}) for i in range(200)]
    memory.send_bytes("\n".join(lines).encode() + b"\n")
    for number in range(200):
        assert memory.answer(number)["result"] == {}


def test_depth_beyond_reason(memory):
    deep = b"[" * 200_000 + b"]" * 200_000
    memory.send_bytes(b'{"jsonrpc":"2.0","id":7,"method":"ping","params":{"x":' + deep + b"}}\n")
    assert memory.next_message()["error"]["code"] in (-32700, -32600)
    assert_serves(memory)


def test_a_line_of_8_mib(memory):
    padding = "x" * (8 << 20)
    memory.send({"jsonrpc": "2.0", "id": 7, "method": "ping", "params": {"padding": padding}})
    message = memory.next_message()
    assert message.get("result") == {} or message["error"]["code"] == -32600
    assert_serves(memory)


def test_duplicate_names_in_an_object(memory):
    memory.send_bytes(b'{"jsonrpc":"2.0","id":7,"id":8,"method":"ping"}\n')
    memory.next_message()
    assert_serves(memory)


def test_an_id_that_is_in_flight(memory):
    memory.initialize()
    memory.begin("tools/call", {
        "name": "run_js", "arguments": {"code": "for(;;);", "timeout_ms": 2000},
    }, id="same")
    memory.send({"jsonrpc": "2.0", "id": "same", "method": "ping"})
    assert_error(memory.answer("same"), -32600, "same")
    assert memory.run_answer("same").kind == "timeout"
    assert memory.request("ping", id="same")["result"] == {}


# -- Batches: part of 2025-03-26 only

PINGS = [{"jsonrpc": "2.0", "id": i, "method": "ping"} for i in (1, 2)]


def test_a_batch_in_the_revision_that_has_batches(memory):
    memory.initialize("2025-03-26")
    memory.send([*PINGS, {"jsonrpc": "2.0", "method": "notifications/x"}, 5])
    answers = memory.next_message()
    assert isinstance(answers, list)
    assert sorted(a["id"] for a in answers if a.get("result") == {}) == [1, 2]
    assert [a["error"]["code"] for a in answers if "error" in a] == [-32600]


def test_a_batch_of_notifications_gets_no_answer(memory):
    memory.initialize("2025-03-26")
    memory.send([{"jsonrpc": "2.0", "method": "notifications/x"}])
    assert_serves(memory)
    assert memory.pending() == []


@pytest.mark.parametrize("batch", [
    [],
    [{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {}}, *PINGS],
])
def test_a_batch_that_is_refused(memory, batch):
    memory.initialize("2025-03-26")
    memory.send(batch)
    message = memory.next_message()
    message = message[0] if isinstance(message, list) else message
    assert message["error"]["code"] == -32600
    assert_serves(memory)


@pytest.mark.parametrize("version", ["2024-11-05", "2025-06-18", "2025-11-25"])
def test_a_batch_in_a_revision_without(memory, version):
    memory.initialize(version)
    memory.send(PINGS)
    message = memory.next_message()
    if version == "2024-11-05" and isinstance(message, list):
        return  # that revision leaves it to JSON-RPC, which has batches
    assert_error(message, -32600, None)
    assert_serves(memory)


def assert_error(message: dict, code: int, id: object) -> None:
    assert message["error"]["code"] == code, message
    assert "id" in message and message["id"] == id and type(message["id"]) is type(id), message
    assert message["error"]["message"]


def assert_serves(server) -> None:
    assert server.request("ping")["result"] == {}
