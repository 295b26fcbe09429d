"""What code means, and what comes back for it."""

from __future__ import annotations

import json
import re

import pytest

ABSENT = object()
FAILURES = {
    "exception", "syntax", "timeout", "out_of_memory", "output_limit", "cancelled", "busy",
    "conflict", "not_found", "incompatible", "not_serializable", "worker_lost", "storage",
    "invalid",
}


# -- Values

@pytest.mark.parametrize("code, value, text", [
    ("1 + 1", 2, "2"),
    ("0.1 + 0.2", 0.30000000000000004, "0.30000000000000004"),
    ("2 ** 53", 2**53, "9007199254740992"),
    ("1e300", 1e300, "1e+300"),
    ("-0", 0, "-0"),
    ("true", True, "true"),
    ("null", None, "null"),
    ("'caf\\u00e9 \\u2028 \\u{1f600}'", "café \u2028 \U0001f600", None),
    ("[1, 'a', [true]]", [1, "a", [True]], "[ 1, 'a', [ true ] ]"),
    ("({ b: 1, a: { c: [] } })", {"b": 1, "a": {"c": []}}, "{ b: 1, a: { c: [] } }"),
    ("[1, undefined, () => 1]", [1, None, None], None),
    ("({ a: undefined, f() {}, b: 2 })", {"b": 2}, None),
    ("new Date(1e12)", "2001-09-09T01:46:40.000Z", "2001-09-09T01:46:40.000Z"),
    ("new Map([['a', 1]])", {}, "Map(1) { 'a' => 1 }"),
    ("({ toJSON() { return 'mine' } })", "mine", None),
    ("", ABSENT, "undefined"),
    ("undefined", ABSENT, "undefined"),
    ("let x = 5", ABSENT, "undefined"),
    ("(function named() {})", ABSENT, "[Function: named]"),
    ("(class A {})", ABSENT, "[class A]"),
    ("Symbol('q')", ABSENT, "Symbol(q)"),
    ("10n", ABSENT, "10n"),
    ("({ a: 1n })", ABSENT, "{ a: 1n }"),
    ("const o = {}; o.self = o; o", ABSENT, "<ref *1> { self: [Circular *1] }"),
    ("({ get x() { throw 1 } })", ABSENT, "{ x: [Getter] }"),
    ("({ toJSON() { throw 1 } })", ABSENT, None),
    ("await 7", 7, "7"),
    ("await Promise.resolve([1])", [1], "[ 1 ]"),
    ("if (true) { 5 }", 5, "5"),
])
def test_a_value(memory, code, value, text):
    result = memory.run(code)
    assert not result.is_error, result
    if value is ABSENT:
        assert "result" not in result.structured
    else:
        assert result.structured["result"] == value
        assert type(result.structured["result"]) is type(value)
    if text is not None:
        assert result.structured["text"] == text


@pytest.mark.parametrize("code, text", [("NaN", "NaN"), ("1 / 0", "Infinity")])
def test_a_number_that_json_lacks(memory, code, text):
    result = memory.run(code)
    assert result.structured["text"] == text
    assert result.structured.get("result") is None


def test_a_lone_surrogate_is_still_json(memory):
    result = memory.run("'a\\ud800b'")
    assert not result.is_error
    assert result.structured["text"].startswith("a") or result.structured["text"][1] == "a"


def test_the_text_block_is_the_same_json(memory):
    result = memory.run("console.log('x'); ({ a: [1, 'ü'] })", heap="h")
    assert json.loads(result.text) == result.structured


def test_the_value_of_a_promise_that_is_not_awaited(memory):
    result = memory.run("Promise.resolve(5)")
    assert not result.is_error
    assert result.structured["text"] in ("5", "Promise { 5 }")


@pytest.mark.parametrize("code", [
    "'x'.repeat(1e6)", "new Array(1e6).fill(1)", "new Uint8Array(1e7)",
])
def test_a_value_over_the_output_limit(memory, code):
    result = memory.run(code)
    if result.is_error:
        assert result.kind == "output_limit"
    else:
        assert "result" not in result.structured
        assert len(result.structured["text"].encode()) <= 65_536 + 1024
    assert len(result.text) < 200_000


def test_statistics(memory):
    stats = memory.run("new Array(1e5).fill(1.5).length", heap="h").structured["stats"]
    assert stats["duration_ms"] >= 0
    assert stats["heap_bytes"] > 100_000
    assert stats["snapshot_bytes"] > 10_000


# -- Console

def test_console_lines_have_levels(memory):
    result = memory.run(
        "console.debug('d'); console.log('l'); console.info('i');"
        "console.warn('w'); console.error('e'); 1")
    assert result.structured["console"] == [
        {"level": level, "text": level[0]} for level in ("debug", "log", "info", "warn", "error")]


@pytest.mark.parametrize("arguments, text", [
    ("'a', { b: 1 }, [1, 2]", "a { b: 1 } [ 1, 2 ]"),
    ("'%s is %d', 'x', 5, 'more'", "x is 5 more"),
    ("", ""),
    ("undefined, null, -0, 5n", "undefined null -0 5n"),
    ("'two\\nlines'", "two\nlines"),
    ("new Set([1])", "Set(1) { 1 }"),
])
def test_console_formats_as_node_does(memory, arguments, text):
    assert memory.run(f"console.log({arguments})").structured["console"] == [
        {"level": "log", "text": text}]


def test_console_of_a_script_that_fails(memory):
    result = memory.run("console.log('before'); throw new Error('x')")
    assert result.structured["console"] == [{"level": "log", "text": "before"}]


def test_console_of_a_script_that_is_stopped(memory):
    result = memory.run("console.log('before'); for(;;);", timeout_ms=500)
    assert result.structured["console"] == [{"level": "log", "text": "before"}]


@pytest.mark.parametrize("line", ["'line ' + i", "''", "'x'.repeat(20000) + i"])
def test_console_keeps_head_and_tail(memory, line):
    result = memory.run(f"for (let i = 0; i < 20000; i++) console.log({line})")
    console = result.structured["console"]
    cuts = [i for i, entry in enumerate(console) if "omitted_lines" in entry]
    assert len(cuts) == 1 and 0 < cuts[0] < len(console) - 1
    cut = console[cuts[0]]
    assert cut["omitted_lines"] == 20_000 - (len(console) - 1)
    assert cut["omitted_bytes"] >= 0
    assert sum(len(e["text"].encode()) for e in console if "text" in e) <= 65_536
    if line.startswith("'line"):
        assert console[0]["text"] == "line 0" and console[-1]["text"] == "line 19999"


def test_the_output_limit_is_an_option(start):
    server = start("--in-memory", "--output-bytes-max", 2000)
    console = server.run("for (let i = 0; i < 1000; i++) console.log(i)").structured["console"]
    assert any("omitted_lines" in entry for entry in console)
    assert sum(len(e["text"]) for e in console if "text" in e) <= 2000


# -- Errors

def test_an_exception(memory):
    error = memory.run("let a = 1\n\n  throw new TypeError('boom')").error
    assert error["kind"] == "exception"
    assert error["name"] == "TypeError" and error["message"] == "boom"
    assert error["line"] == 3 and error["column"] in (3, 9)  # `throw`, or `new`
    assert error["stack"].startswith("TypeError: boom\n")
    assert re.search(r"run_js.*:3:9", error["stack"])


def test_the_text_of_a_failure_begins_with_the_error(memory):
    result = memory.run("throw new RangeError('too far')")
    assert result.text.startswith("RangeError: too far")
    assert len(result.text) < 11_000


def test_a_stack_holds_the_code_given_and_nothing_of_ours(memory):
    error = memory.run("function f() {\n  null.x\n}\nfunction g() { f() }\ng()").error
    frames = error["stack"].splitlines()[1:]
    assert [re.search(r":(\d+):\d+\)?$", frame).group(1) for frame in frames] == ["2", "4", "5"]
    assert all("run_js" in frame for frame in frames)
    assert "at f " in frames[0] and "at g " in frames[1]


def test_a_stack_through_code_of_an_earlier_run(memory):
    memory.run("function f() {\n  throw new Error('old')\n}", heap="h")
    stack = memory.run("\n\nf()", heap="h").error["stack"]
    assert re.search(r"run_js.*:2:\d+", stack) and re.search(r"run_js.*:3:\d+", stack)


@pytest.mark.parametrize("code, name, message", [
    ("throw 42", "number", "42"),
    ("throw 'text'", "string", "text"),
    ("throw undefined", "undefined", "undefined"),
    ("await Promise.reject(new RangeError('r'))", "RangeError", "r"),
    ("class Mine extends Error { name = 'Mine' }; throw new Mine('m')", "Mine", "m"),
    ("missing", "ReferenceError", "missing is not defined"),
])
def test_what_else_can_be_thrown(memory, code, name, message):
    error = memory.run(code).error
    assert (error["kind"], error["name"], error["message"]) == ("exception", name, message)


@pytest.mark.parametrize("code", [
    "throw { toString() { throw 1 } }",
    "throw new Proxy({}, { get() { throw 2 } })",
    "throw Object.create(null)",
    "throw null",
    "throw Object.assign(new Error(), { stack: 5, message: {}, name: [] })",
    "throw new Error('x'.repeat(5e6))",
    "Error.prepareStackTrace = () => { throw 1 }; throw new Error('x')",
    "function f() { f() }; f()",
])
def test_errors_that_resist_being_shown(memory, code):
    result = memory.run(code)
    assert result.kind == "exception"
    assert len(result.text) < 100_000


def test_a_syntax_error(memory):
    error = memory.run("let fine = 1\nlet x = ;").error
    assert error["kind"] == "syntax" and error["name"] == "SyntaxError"
    assert (error["line"], error["column"]) == (2, 9)


def test_a_syntax_error_runs_nothing(memory):
    memory.run("var ran = 0", heap="h")
    memory.run("ran = 1; let x = ;", heap="h", on_error="keep")
    assert memory.run("ran", heap="h").value == 0


def test_a_timeout(memory):
    error = memory.run("for(;;);", timeout_ms=300, seconds=3).error
    assert error["kind"] == "timeout"
    assert "0.3 s" in error["message"] or "300" in error["message"]


def test_a_promise_that_never_settles(memory):
    assert memory.run("await new Promise(() => {})", timeout_ms=500, seconds=3).kind == "timeout"


def test_out_of_memory(memory):
    memory.run("let n = 1", heap="h")
    result = memory.run("const a = []; for (;;) a.push({})", heap="h", timeout_ms=20_000)
    assert result.kind == "out_of_memory"
    assert memory.run("n", heap="h").value == 1


def test_the_heap_limit_is_an_option(start):
    server = start("--in-memory", "--heap-mb-max", 64)
    fill = "const a = []; for (let i = 0; i < %d; i++) a.push(new Array(1e5).fill(1.5)); a.length"
    assert server.run(fill % 20).value == 20
    assert server.run(fill % 400, timeout_ms=20_000).kind == "out_of_memory"


# -- Arguments

@pytest.mark.parametrize("arguments", [{}, {"code": 42}, {"code": None}, {"code": ["1"]}])
def test_code_that_is_no_text(memory, arguments):
    assert_bad_argument(memory, arguments, "code")


@pytest.mark.parametrize("name, value", [
    ("timeout_ms", 0), ("timeout_ms", -1), ("timeout_ms", "5"), ("timeout_ms", 1.5),
    ("save", "yes"), ("save", 1), ("on_error", "maybe"), ("on_error", True), ("heap", 5),
    ("heaps", "x"),
])
def test_an_argument_that_is_wrong(memory, name, value):
    assert_bad_argument(memory, {"code": "1", name: value}, name)


@pytest.mark.parametrize("name", ["heap", "timeout_ms", "save", "on_error"])
def test_null_stands_for_an_absent_argument(memory, name):
    assert memory.run("1 + 1", **{name: None}).value == 2


def test_code_over_the_limit(memory):
    result = memory.run("/*" + "x" * (1 << 20) + "*/ 1", heap="h")
    assert result.is_error and "code" in result.text
    assert memory.run("1", heap="h").structured["created"] is True


def test_a_large_script(memory):
    assert memory.run("'" + "x" * 1_000_000 + "'.length").value == 1_000_000


def test_the_shape_of_a_failure(memory):
    for code in ("throw 1", "let x = ;", "for(;;);"):
        error = memory.run(code, timeout_ms=500).error
        assert set(error) <= {"name", "message", "stack", "line", "column", "kind", "code_frame"}
        assert {"name", "message", "kind"} <= set(error)
        assert error["kind"] in FAILURES


# -- Globals

THERE = [
    "console", "setTimeout", "setInterval", "clearTimeout", "clearInterval",
    "queueMicrotask", "Intl.NumberFormat", "WeakRef", "FinalizationRegistry", "BigInt64Array",
    "Object.hasOwn", "[].at", "[].findLast",
    "structuredClone", "URL", "URLSearchParams", "TextEncoder", "TextDecoder", "atob", "btoa",
    "AbortController", "Event", "EventTarget", "performance", "crypto", "[].toSorted",
    "[].toReversed", "[].toSpliced", "[].with", "Object.groupBy", "Map.groupBy",
    "Promise.withResolvers", "new Set().union", "[].values().map", "Array.fromAsync",
    "''.isWellFormed",
]


@pytest.mark.parametrize("expression", THERE)
def test_what_is_there(memory, expression):
    assert memory.run(f"typeof {expression}").value in ("function", "object")


@pytest.mark.parametrize("name", [
    "require", "process", "module", "fetch", "XMLHttpRequest", "WebSocket", "Deno", "Bun", "gc",
    "importScripts", "Worker",
])
def test_what_is_not_there(memory, name):
    assert memory.run(f"typeof {name}").value == "undefined"


def test_import_fails_and_says_so(memory):
    assert memory.run("await import('fs')").kind == "exception"


def test_timers_end_before_the_run(memory):
    memory.run("var t = []; setTimeout(() => t.push(2), 30); setTimeout(() => t.push(1), 5); 0",
               heap="h")
    assert memory.run("t", heap="h").value == [1, 2]


def test_an_exception_in_a_timer_fails_the_run(memory):
    result = memory.run("setTimeout(() => { throw new Error('late') }, 5); 1")
    assert result.kind == "exception" and result.error["message"] == "late"


def test_random_numbers_are_fresh_in_a_restored_heap(start, directory):
    values = set()
    for _ in range(3):
        server = start("--directory-path", directory)
        values.add(server.run("Math.random()", heap="h", save=False).value)
        server.run("1", heap="h")
        server.close()
    assert len(values) == 3


def assert_bad_argument(server, arguments: dict, named: str) -> None:
    result = server.result("tools/call", {"name": "run_js", "arguments": arguments})
    assert result["isError"] is True
    assert named in result["content"][0]["text"]
    assert server.run("1").value == 1
