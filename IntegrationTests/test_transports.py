"""What holds on every transport alike: one suite, five ways in."""

from __future__ import annotations

import pytest
from transports import WAYS, open_way

SPIN = "console.log('begun'); for(;;);"
LATER = "await new Promise((f) => setTimeout(f, 300)); "


@pytest.fixture(params=WAYS)
def way(request, binary):
    with open_way(request.param, binary, "--in-memory") as way:
        yield way


@pytest.mark.parametrize("id", [0, 7, "seven", "", "é☃"])
def test_an_answer_has_the_id_of_its_request(way, id):
    answer = way.request(id, "tools/list")
    assert answer["id"] == id and type(answer["id"]) is type(id)
    assert answer["jsonrpc"] == "2.0" and "error" not in answer


@pytest.mark.parametrize("method, params, code", [
    ("nothing/of/the/kind", {}, -32601),
    ("tools/call", {"name": "no_such_tool", "arguments": {}}, -32602),
    ("tools/call", {"arguments": {}}, -32602),
])
def test_errors_have_the_same_codes(way, method, params, code):
    assert way.request(1, method, params)["error"]["code"] == code
    assert way.run(2, "1 + 1").value == 2


def test_answers_come_in_the_order_in_which_calls_end(way):
    way.begin_run(1, LATER + "'slow'", heap="slow")
    way.begin_run(2, "'quick'")
    quick, slow = way.finish(2)[-1], way.finish(1)[-1]
    assert quick["result"]["structuredContent"]["result"] == "quick"
    assert slow["result"]["structuredContent"]["result"] == "slow"


def test_large_answers_are_whole_and_their_own(way):
    for id, letter in enumerate("ab"):
        way.begin_run(id, f"'{letter}'.repeat(60_000)")
    for id, letter in enumerate("ab"):
        result = way.finish(id)[-1]["result"]["structuredContent"]
        assert result["result"] == letter * 60_000


def test_large_code_arrives(way):
    code = "/* " + "x" * 500_000 + " */ 6 * 7"
    assert way.run(1, code).value == 42


def test_what_is_no_ascii_goes_through(way):
    text = "é ☃ 𝄞 \u2028 \x00 \\ \" </script>"
    result = way.run(1, f"console.log({text!r}.length); {text!r}".replace("\\x00", "\\0"))
    assert result.value == text


def test_progress_comes_before_the_answer_and_in_order(way):
    code = "for (let i = 0; i < 5; i++) { console.log('line ' + i); " + LATER + "}"
    way.begin_run(1, code, meta={"progressToken": "p"})
    *told, answer = way.finish(1)
    lines = [m["params"] for m in told if m["method"] == "notifications/progress"]
    assert lines and all(line["progressToken"] == "p" for line in lines)
    counts = [line["progress"] for line in lines]
    assert counts == sorted(set(counts)) and "result" in answer


def test_a_failed_run_is_a_result(way):
    result = way.run(1, "throw new TypeError('of the script')")
    assert result.is_error and result.kind == "exception"
    assert "of the script" in result.text


def test_heaps_are_the_same_whatever_asks(way):
    assert way.run(1, "let n = 41; n", heap="h").value == 41
    assert way.run(2, "++n", heap="h").value == 42


def test_what_runs_at_the_end_is_answered(way):
    way.begin_run(1, "console.log('begun'); " + LATER * 3 + "'done'",
                  meta={"progressToken": 1})
    way.wait_for_run()
    way.end()
    assert way.finish(1)[-1]["result"]["structuredContent"]["result"] == "done"


@pytest.mark.parametrize("name", ["stdio", "stdio-modern", "http", "sse"])
def test_a_cancelled_call_commits_nothing(binary, name):
    """A modern client over HTTP closes its connection instead."""
    with open_way(name, binary, "--in-memory") as way:
        assert way.run(1, "let n = 1; n", heap="h").value == 1
        way.begin_run(2, "n = 2; " + SPIN, heap="h", timeout_ms=100_000)
        way.wait_for_run()
        way.cancel(2)
        assert way.run(3, "n", heap="h").value == 1


def test_every_way_shows_the_same(binary):
    """Tools and results, but for what is the era's or the run's own."""
    shown = {}
    for name in WAYS:
        with open_way(name, binary, "--in-memory") as way:
            listed = way.request(1, "tools/list")["result"]["tools"]
            failed = way.run(2, "throw new Error('x')")
            shown[name] = (
                [(tool["name"], tool["description"], tool["inputSchema"]) for tool in listed],
                way.run(3, "console.log('a'); [1, new Map([[1, 2]])]").structured["text"],
                failed.text.split("stats")[0].split("exec")[0])
    assert len({repr(one) for one in shown.values()}) == 1, shown
