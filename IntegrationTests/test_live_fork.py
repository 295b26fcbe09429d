"""What a worker has from the process that it was forked from, and what it must not have."""

from __future__ import annotations

import time

RANDOM = "[Math.random(), Math.random(), crypto.randomUUID(), new Map([[{}, 1]]).size]"


def test_random_numbers_differ_between_runs_without_a_heap(memory):
    seen = [memory.run(RANDOM).structured["result"] for _ in range(12)]
    assert len({number for one in seen for number in one[:2]}) == 24
    assert len({one[2] for one in seen}) == 12


def test_random_numbers_differ_between_new_heaps(memory):
    seen = [memory.run(RANDOM, heap=f"h{i}").structured["result"] for i in range(6)]
    assert len({number for one in seen for number in one[:2]}) == 12


def test_random_numbers_go_on_in_a_heap(memory):
    seen = [memory.run("Math.random()", heap="h").structured["result"] for _ in range(6)]
    assert len(set(seen)) == 6


def test_the_clock_of_a_run_begins_with_the_run(memory):
    memory.run("1")
    before = time.time() * 1000
    origin, now = memory.run("[performance.timeOrigin, performance.now()]").value
    # The template, and whoever it forked before, began earlier. Clocks are read to a millisecond.
    assert before - 1 <= origin <= origin + now <= time.time() * 1000 + 1


def test_nothing_of_one_run_is_in_the_next(memory):
    memory.run("globalThis.leak = 1; Array.prototype.leak = 2; console.count('leak')")
    result = memory.run("console.count('leak'); [typeof leak, [].leak, Object.keys(globalThis)]")
    kind, inherited, names = result.structured["result"]
    assert (kind, inherited) == ("undefined", None)
    assert "leak" not in names
    assert result.structured["console"][0]["text"] == "leak: 1"


def test_runs_without_a_heap_have_what_cannot_be_kept(memory):
    result = memory.run("[typeof WebAssembly, typeof SharedArrayBuffer, typeof Atomics]")
    assert result.structured["result"] == ["object", "function", "object"]


def test_the_first_line_of_a_stack_is_the_scripts(memory):
    result = memory.run("(() => { throw new Error('here') })()")
    assert result.structured["error"]["line"] == 1
    assert "warm-up" not in result.structured["error"]["stack"]
