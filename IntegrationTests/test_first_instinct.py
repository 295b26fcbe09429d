"""The first attempts of models are well-formed, and their runner counts right."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parent.parent / "Benchmarks/first_instinct"
sys.path.insert(0, str(FOLDER))

import first_instinct  # noqa: E402
from answers import Answer, judge, measure  # noqa: E402
from snippets import MalformedFile, load  # noqa: E402

DECIDED = {"value", "text", "like", "has", "error", "cut", "media", "console"}


def test_the_file_is_well_formed():
    snippets = load()
    assert sum(len(one.calls) > 1 and "steps" in one.record for one in snippets) >= 12
    assert sum("steps" not in one.record for one in snippets) >= 260
    for snippet in snippets:
        for call in snippet.calls:
            is_decided = DECIDED & set(call.expect) or call.tool != "run_js"
            assert is_decided or not call.is_counted, snippet.id


@pytest.mark.parametrize("line", [
    "{", '{"id": "a"}', '{"id": "a", "style": "loud", "cause": "c", "code": "", "expect": {}}',
    '{"id": "a", "style": "terse", "cause": "c", "code": "", "expect": {"vaule": 1}}',
    '{"id": "a", "style": "terse", "cause": "c", "code": "", "expect": {"text": 1}}',
])
def test_what_is_malformed_is_refused(tmp_path, line):
    path = tmp_path / "snippets.jsonl"
    path.write_text(line + "\n")
    with pytest.raises(MalformedFile):
        load(path)


def attempts(tmp_path, server, *records: dict) -> list:
    path = tmp_path / "snippets.jsonl"
    path.write_text("".join(
        json.dumps({"id": f"s{n}", "style": "terse", "cause": "c"} | one) + "\n"
        for n, one in enumerate(records)))
    server.initialize()
    ask = first_instinct.ask_server(server)
    return [one for snippet in load(path) for one in first_instinct.attempt(snippet, ask)]


def test_a_few_attempts(tmp_path, memory):
    found = attempts(
        tmp_path, memory,
        {"code": "1 + 1", "expect": {"value": 2, "text": "2"}},
        {"code": "1 + 1", "expect": {"value": 3, "text": "3"}},
        {"code": "console.log('hé'); true", "expect": {"value": True, "console": "hé\n"}},
        {"code": "throw new RangeError('far')", "expect": {"error": ["RangeError", "far"]}},
        {"code": "1", "expect": {"error": ["far"]}},
        {"code": "n + 1", "heap": True, "before": ["let n = 1"], "expect": {"value": 2}},
        {"steps": [
            {"arguments": {"heap": "h"}, "code": "let n = 1", "expect": {"text": "undefined"}},
            {"arguments": {"heap": "h"}, "code": "n = 5; null.x", "expect": {"value": 5},
             "otherwise": "n = 5"},
            {"arguments": {"heap": "h"}, "code": "n", "expect": {"value": 5}},
            {"arguments": {"heap": "h@{version:1}"}, "code": "n", "expect": {"value": 1}},
        ]})
    worked = [True, False, True, True, False, True, True, False, True, True]
    assert [one.worked for one in found] == worked
    assert found[2].bytes.useful == len("hé\ntrue".encode())
    assert found[3].bytes.useful == 0, "a failure has no value"
    assert found[6].bytes.useful == 0, "undefined is nothing that anybody asked for"


def test_an_answer_that_is_text_for_a_reader():
    answer = Answer({"content": [{"type": "text", "text": "hi\n[ 1, 2 ]\nheap h at 0123abcd"}]})
    right = {"value": [1, 2], "text": "[ 1, 2 ]", "console": "hi\n"}
    assert judge(answer, right) == [] and answer.version == "0123abcd"
    assert measure(answer, right).useful == len("hi\n[ 1, 2 ]")
    assert judge(answer, right | {"text": "[ 1 ]"}) == ["another value"]


def test_what_is_too_long_is_wasted():
    answer = Answer({"content": [{"type": "text", "text": "a" * 20_000}]})
    assert judge(answer, {"cut": ["a"]}) == ["over 10000 bytes"]
