"""Both eras of MCP on one pipe: `initialize` (to 2025-11-25) and `_meta` (2026-07-28)."""

from __future__ import annotations

import json

import pytest
from raw_client import modern_meta

LEGACY = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]


@pytest.mark.parametrize("version", LEGACY)
def test_initialize_answers_with_the_version_asked_for(memory, version):
    result = memory.initialize(version)
    assert result["protocolVersion"] == version
    assert isinstance(result["capabilities"]["tools"], dict)
    assert result["serverInfo"]["name"] and result["serverInfo"]["version"]
    assert not {"resultType", "ttlMs", "cacheScope"} & result.keys()
    assert len(result.get("instructions", "")) < 1500


@pytest.mark.parametrize("version", ["2026-07-28", "1999-01-01", "", "latest"])
def test_initialize_offers_the_newest_handshake_for_any_other(memory, version):
    assert memory.initialize(version)["protocolVersion"] == "2025-11-25"


@pytest.mark.parametrize("params", [{}, {"protocolVersion": 5}, {"protocolVersion": None}])
def test_initialize_without_a_version(memory, params):
    assert memory.request("initialize", params)["error"]["code"] == -32602


def test_initialize_twice(memory):
    memory.initialize("2024-11-05")
    assert memory.initialize("2025-06-18")["protocolVersion"] == "2025-06-18"
    assert "outputSchema" in tools(memory)["run_js"]


def test_requests_before_initialize_are_served(memory):
    assert memory.request("ping")["result"] == {}
    assert memory.run("1 + 1").value == 2


@pytest.mark.parametrize("method, member", [
    ("resources/list", "resources"), ("resources/templates/list", "resourceTemplates"),
    ("prompts/list", "prompts"),
])
@pytest.mark.parametrize("modern", [False, True])
def test_lists_of_what_is_not_there_are_empty(memory, method, member, modern):
    memory.initialize()
    result = memory.result(method, modern=modern)
    assert result[member] == []
    if modern:
        assert_modern(result, cacheable=True)
    else:
        assert set(result) == {member}
    assert memory.request(method, {"cursor": "x"}, modern=modern)["error"]["code"] == -32602


@pytest.mark.parametrize("method", [
    "resources/read", "prompts/get", "completion/complete", "resources/subscribe",
    "no/such/method", "",
])
@pytest.mark.parametrize("modern", [False, True])
def test_what_is_not_there(memory, method, modern):
    memory.initialize()
    assert memory.request(method, modern=modern)["error"]["code"] == -32601


# -- 2026-07-28

def test_discover(memory):
    result = memory.result("server/discover", modern=True)
    assert result["supportedVersions"] == ["2026-07-28"]
    assert isinstance(result["capabilities"]["tools"], dict)
    assert_modern(result, cacheable=True)
    assert result["_meta"]["io.modelcontextprotocol/serverInfo"]["name"]


def test_discover_without_an_envelope(memory):
    error = memory.request("server/discover")["error"]
    assert error["code"] == -32602
    assert "io.modelcontextprotocol/protocolVersion" in error["message"]


def test_discover_then_initialize_on_one_pipe(memory):
    memory.result("server/discover", modern=True)
    memory.initialize()
    assert "resultType" not in memory.result("tools/list")
    assert_modern(memory.result("tools/list", modern=True), cacheable=True)
    memory.run("let kept = 5", heap="h")
    assert memory.run("kept", heap="h", modern=True).value == 5


def test_a_version_that_is_not_served(memory):
    error = memory.request("tools/list", {"_meta": modern_meta("2099-01-01")})["error"]
    assert error["code"] == -32022
    assert error["data"] == {"supported": ["2026-07-28"], "requested": "2099-01-01"}


def test_a_version_of_the_other_era_in_an_envelope(memory):
    error = memory.request("tools/list", {"_meta": modern_meta("2025-11-25")})["error"]
    assert error["code"] == -32022


def test_a_version_that_is_no_text(memory):
    error = memory.request("tools/list", {"_meta": modern_meta(5)})["error"]
    assert error["code"] == -32602


@pytest.mark.parametrize("capabilities", [None, 5, [1]])
def test_an_envelope_without_capabilities(memory, capabilities):
    meta = modern_meta()
    if capabilities is None:
        del meta["io.modelcontextprotocol/clientCapabilities"]
    else:
        meta["io.modelcontextprotocol/clientCapabilities"] = capabilities
    error = memory.request("tools/list", {"_meta": meta})["error"]
    assert error["code"] == -32602
    assert "clientCapabilities" in error["message"]


@pytest.mark.parametrize("method", ["initialize", "ping", "logging/setLevel"])
def test_methods_that_are_gone(memory, method):
    assert memory.request(method, modern=True)["error"]["code"] == -32601


def test_a_modern_result(memory):
    response = memory.request(
        "tools/call", {"name": "run_js", "arguments": {"code": "1 + 2"}}, modern=True)
    assert_modern(response["result"], cacheable=False)
    assert response["result"]["structuredContent"]["result"] == 3


def test_a_modern_failure(memory):
    response = memory.request(
        "tools/call", {"name": "run_js", "arguments": {"code": "throw 1"}}, modern=True)
    assert_modern(response["result"], cacheable=False)
    assert response["result"]["isError"] is True


# -- The tool as it is listed

@pytest.mark.parametrize("version", LEGACY)
def test_a_revision_gets_only_the_fields_it_knows(memory, version):
    memory.initialize(version)
    tool = tools(memory)["run_js"]
    assert ("annotations" in tool) == (version >= "2025-03-26")
    assert ("outputSchema" in tool) == (version >= "2025-06-18")
    assert ("title" in tool) == (version >= "2025-06-18")
    result = memory.result("tools/call", {"name": "run_js", "arguments": {"code": "[1]"}})
    assert ("structuredContent" in result) == (version >= "2025-06-18")
    assert json.loads(result["content"][0]["text"])["result"] == [1]


@pytest.mark.parametrize("modern", [False, True])
def test_the_list_is_safe_for_every_client(memory, modern):
    memory.initialize()
    listed = memory.result("tools/list", modern=modern)
    assert "nextCursor" not in listed
    written = json.dumps(listed["tools"], separators=(",", ":"))
    assert len(written) < 4 * 1300, "more than about 1,300 tokens"
    for tool in listed["tools"]:
        assert len(tool["description"]) <= 2048
        assert {"readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"} \
            <= tool["annotations"].keys()
        for schema in (tool["inputSchema"], tool.get("outputSchema", {"type": "object"})):
            assert schema["type"] == "object"
            assert not {"anyOf", "oneOf", "allOf", "not", "if", "$ref", "$schema"} & schema.keys()


def test_the_list_stays_the_same(memory):
    memory.initialize()
    first = memory.result("tools/list")
    memory.run("1", heap="h")
    assert memory.result("tools/list") == first


def test_an_unknown_cursor(memory):
    assert memory.request("tools/list", {"cursor": "x"})["error"]["code"] == -32602


@pytest.mark.parametrize("params", [
    {"name": "no_such_tool", "arguments": {}}, {"arguments": {"code": "1"}}, {"name": 5},
    {"name": "run_js", "arguments": 5}, {"name": "run_js", "arguments": [1]}, None,
])
@pytest.mark.parametrize("modern", [False, True])
def test_a_call_of_nothing(memory, params, modern):
    error = memory.request("tools/call", params, modern=modern)["error"]
    assert error["code"] == -32602
    if params and params.get("name") == "no_such_tool":
        assert "no_such_tool" in error["message"]


def tools(server) -> dict:
    return {tool["name"]: tool for tool in server.result("tools/list")["tools"]}


def assert_modern(result: dict, *, cacheable: bool) -> None:
    assert result["resultType"] == "complete"
    if cacheable:
        assert isinstance(result["ttlMs"], int) and result["ttlMs"] >= 0
        assert result["cacheScope"] in ("public", "private")
