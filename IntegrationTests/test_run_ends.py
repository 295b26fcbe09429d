"""How runs end: what V8 gives up over, what was begun late, and what a value has no form for."""

from __future__ import annotations

import pytest

FULL = "const all = []; try { for (;;) all.push(new ArrayBuffer(1 << 24)) } catch {} "


@pytest.mark.parametrize("code", [
    "'1'.repeat(0x7ffffff).split('')",
    "'x'.repeat(2 ** 28).split('')",
    "new Function('return [' + '1,'.repeat(5e7) + ']')()",
    FULL + "const more = []; for (let i = 0; i < 1e6; i++) more.push({ i }); more.length",
    FULL + "for (let i = 0; i < 1e5; i++) all.push(new ArrayBuffer(1 << 12)); all.length",
])
def test_what_v8_gives_up_over(memory, code):
    memory.run("let n = 1", heap="h")
    result = memory.run(code, heap="h", timeout_ms=20_000)
    # An array buffer that cannot be had is an error that a script may catch.
    assert result.kind in ("out_of_memory", "exception"), result
    assert memory.run("n", heap="h").value == 1


def test_an_array_that_v8_has_no_number_for(memory):
    result = memory.run("'1'.repeat(0x7ffffff).split('')", timeout_ms=20_000)
    assert result.kind == "out_of_memory"


@pytest.mark.parametrize("code", [
    "setTimeout(() => {}, 1e6); 1", "setInterval(() => {}, 700); 1", "setInterval(() => {}, 70); 1",
])
def test_a_timer_that_never_ends_is_named(memory, code):
    # Whether the deadline comes in a wait or in a turn of the timer, is chance.
    memory.run("1")
    messages = [memory.run(code, timeout_ms=1000).error["message"] for _ in range(3)]
    assert any("it was waiting for 1 timer (next in " in message for message in messages)
    assert not any("waiting for ." in message for message in messages)


@pytest.mark.parametrize("depth, has_result", [(127, True), (129, False), (1000, False),
                                               (20_000, False)])
def test_a_value_that_is_nested_deep_says_why_it_has_no_result(memory, depth, has_result):
    result = memory.run(f"let v = 0; for (let i = 0; i < {depth}; i++) v = [v]; v")
    assert not result.is_error
    assert ("result" in result.structured) == has_result
    assert ("note" in result.structured) != has_result


LATE = "Promise.resolve().then(() => setTimeout(() => { seen.push('late'); console.log('late') }))"


@pytest.mark.parametrize("value", [
    f"({{ toJSON() {{ {LATE}; return 1 }} }})",
    f"({{ get a() {{ {LATE}; return 1 }} }})",
    f"({{ async toJSON() {{ await null; {LATE} }} }})",
    f"new Proxy({{}}, {{ ownKeys() {{ {LATE}; return [] }} }})",
])
def test_a_run_is_over_when_it_is_answered(memory, value):
    memory.run("let seen = []", heap="h")
    result = memory.run(value, heap="h")
    assert not result.is_error
    count = len(result.structured["console"])
    assert count >= 1
    after = memory.run("await new Promise(done => setTimeout(done, 20)); seen.length", heap="h")
    assert after.value == count and after.structured["console"] == []
