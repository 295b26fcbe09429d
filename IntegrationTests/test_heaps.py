"""State that stays: in one process, over restarts, between two servers; and what changes none."""

from __future__ import annotations

import re

import pytest
from processes import wait_until_busy


# -- What stays

DECLARE = """
let l = 1; const c = { deep: [2] }; var v = 3;
function f(x) { return x + l }
class A { #p = 4; get p() { return this.#p } static s = 5 }
const counter = (() => { let n = 0; return () => ++n })(); counter();
const map = new Map([['k', new Set([1])]]);
const gen = (function* () { yield 1; yield 2 })(); gen.next();
"""
USE = "[l, c.deep[0], v, f(1), new A().p, A.s, counter(), map.get('k').has(1), gen.next().value]"
STAYS = [1, 2, 3, 2, 4, 5, 2, True, 2]


def test_state_stays_between_calls(memory):
    memory.run(DECLARE, heap="h")
    assert memory.run(USE, heap="h").value == STAYS


def test_state_stays_over_restarts(start, directory):
    start("--directory-path", directory).run(DECLARE, heap="h")
    for generation in range(3):
        server = start("--directory-path", directory)
        assert server.run(USE, heap="h", save=False).value == STAYS
        assert server.run(f"globalThis.generation = {generation}", heap="h").value == generation
        assert server.close() == 0


def test_declarations_may_be_repeated(memory):
    for number in range(3):
        code = (
            f"let a = {number}; const b = {number}; class C {{}}; function f() {{ return a }}; f()")
        assert memory.run(code, heap="h").value == number


def test_a_redeclared_variable_is_seen_by_old_closures(memory):
    memory.run("let a = 1; const read = () => a", heap="h")
    memory.run("let a = 2", heap="h")
    assert memory.run("read()", heap="h").value == 2


def test_memory_ends_with_its_server(start):
    first = start("--in-memory")
    first.run("let n = 1", heap="h")
    first.close()
    result = start("--in-memory").run("typeof n", heap="h")
    assert result.value == "undefined" and result.structured["created"] is True


def test_heaps_do_not_see_each_other(memory):
    memory.run("let secret = 1; Array.prototype.leak = 1; globalThis.g = 1", heap="a")
    assert memory.run("[typeof secret, typeof g, typeof [].leak]", heap="b").value \
        == ["undefined"] * 3
    assert memory.run("[typeof secret, typeof g, typeof [].leak]").value == ["undefined"] * 3


def test_runs_without_a_heap_keep_nothing(memory):
    result = memory.run("globalThis.n = 1; Object.prototype.x = 1; 5")
    assert result.value == 5
    assert not any(result.structured.get(key) for key in ("heap", "version", "created"))
    assert memory.run("[typeof n, typeof ({}).x]").value == ["undefined"] * 2


def test_stateless(start):
    server = start("--stateless")
    listed = server.result("tools/list")["tools"]
    assert [tool["name"] for tool in listed] == ["run_js"]
    assert not {"heap", "save"} & listed[0]["inputSchema"]["properties"].keys()
    assert server.run("globalThis.n = 1").value == 1
    assert server.run("typeof n").value == "undefined"
    refused = server.run("1", heap="h")
    assert refused.is_error and "heap" in refused.text


# -- Versions

def test_each_saved_run_makes_a_version(memory):
    first = memory.run("let n = 1", heap="h").structured
    assert first["heap"] == "h" and first["created"] is True
    assert re.fullmatch("[0-9a-f]{64}", first["version"])
    second = memory.run("n", heap="h").structured
    assert second["created"] is False
    assert re.fullmatch("[0-9a-f]{64}", second["version"]) and second["version"] != first["version"]


def test_a_run_that_is_not_saved(memory):
    version = memory.run("let n = 1", heap="h").structured["version"]
    unsaved = memory.run("n = 2; globalThis.m = 1; n", heap="h", save=False)
    assert unsaved.value == 2
    assert unsaved.structured.get("version", version) == version
    assert memory.run("[n, typeof m]", heap="h").value == [1, "undefined"]


def test_a_run_that_is_not_saved_makes_no_heap(memory):
    assert memory.run("let n = 1; n", heap="h", save=False).value == 1
    result = memory.run("typeof n", heap="h")
    assert result.value == "undefined" and result.structured["created"] is True


# -- Failures

@pytest.mark.parametrize("arguments, n", [({}, 1), ({"on_error": "rollback"}, 1),
                                          ({"on_error": "keep"}, 2)])
def test_what_an_exception_leaves(memory, arguments, n):
    memory.run("let n = 1", heap="h")
    assert memory.run("n = 2; throw new Error('x')", heap="h", **arguments).kind == "exception"
    assert memory.run("n", heap="h").value == n


def test_a_kept_failure_survives_a_restart(start, directory):
    server = start("--directory-path", directory)
    server.run("globalThis.n = 5; throw new Error('x')", heap="h", on_error="keep")
    server.close()
    assert start("--directory-path", directory).run("n", heap="h").value == 5


def test_a_failure_that_is_not_kept_makes_no_heap(memory):
    assert memory.run("globalThis.n = 5; throw 1", heap="h").kind == "exception"
    assert memory.run("typeof n", heap="h").structured["created"] is True


@pytest.mark.parametrize("on_error", ["rollback", "keep"])
@pytest.mark.parametrize("code, kind", [
    ("n = 2; for(;;);", "timeout"),
    ("n = 2; const a = []; for(;;) a.push({})", "out_of_memory"),
])
def test_a_limit_never_commits(memory, on_error, code, kind):
    memory.run("let n = 1", heap="h")
    result = memory.run(code, heap="h", on_error=on_error,
                        timeout_ms=1000 if kind == "timeout" else 20_000)
    assert result.kind == kind
    assert memory.run("n", heap="h").value == 1


def test_a_failed_run_leaves_nothing_running(memory):
    memory.run("let ticks = 0; var id", heap="h")
    memory.run("id = setInterval(() => ticks++, 1); await new Promise(() => {})",
               heap="h", timeout_ms=300)
    first = memory.run("ticks", heap="h").value
    assert memory.run("ticks", heap="h").value == first == 0


# -- Names

@pytest.mark.parametrize("name", ["a", "A-b_c.9", "0", "x" * 128, "con", "a..b", "heads"])
def test_a_name(files, name):
    files.run("let n = 7", heap=name)
    assert files.run("n", heap=name).value == 7


@pytest.mark.parametrize("name", [
    ".", "..", ".hidden", "-x", "_x", "a b", "a/b", "../a", "a\\b", "a\n", "a\0", "ü", "a:b",
    "a%2fb", "x" * 129, " a", "a ",
])
def test_a_name_that_is_none(files, directory, name):
    files.run("1", heap="first")
    # Versions may come: the base heap is stored beside the first run's.
    places = lambda: sorted([*directory.iterdir(), *(directory / "heads").rglob("*")])
    before = places()
    result = files.run("1", heap=name)
    assert result.is_error
    assert re.search("A-Z|letters", result.text), f"does not say what is allowed: {result.text}"
    assert places() == before


def test_names_differ_by_case(files):
    files.run("let n = 1", heap="name")
    assert files.run("typeof n", heap="NAME").value == "undefined"


def test_an_old_version_can_be_looked_at(memory):
    old = memory.run("let n = 1", heap="h").structured["version"]
    memory.run("n = 2", heap="h")
    for reference in (f"h@{old}", f"h@{old[:12]}", old):
        assert memory.run("n", heap=reference, save=False).value == 1
    assert memory.run("n", heap="h").value == 2


def test_a_version_that_does_not_exist(memory):
    memory.run("1", heap="h")
    for reference in ("h@" + "0" * 64, "h@00000000", "0" * 64, "no-such-heap@00000000"):
        assert memory.run("1", heap=reference, save=False).kind == "not_found"


@pytest.mark.parametrize("reference", ["h@", "h@0", "h@xyz", "h@0000000", "@" + "0" * 64])
def test_a_reference_that_is_none(memory, reference):
    memory.run("1", heap="h")
    assert memory.run("1", heap=reference, save=False).is_error


# -- Two servers on one directory

def test_another_servers_commit_is_seen(start, directory):
    one, two = (start("--directory-path", directory) for _ in range(2))
    one.run("let n = 1", heap="h")
    for server in (two, one, one, two, two, one):
        server.run("n++", heap="h")
    assert one.run("n", heap="h", save=False).value == 7
    assert two.run("n", heap="h", save=False).value == 7


def test_a_conflict(start, directory):
    one, two = (start("--directory-path", directory) for _ in range(2))
    one.run("let n = 0", heap="h")
    slow = one.begin_run(
        "for (const end = Date.now() + 3000; Date.now() < end;); n += 10", heap="h")
    wait_until_busy(one.pid)
    assert two.run("n += 1", heap="h").value == 1
    loser = one.run_answer(slow)
    assert loser.kind == "conflict"
    assert re.search("[0-9a-f]{64}", loser.text), "the loser's version is not named"
    assert one.run("n", heap="h", save=False).value == 1
    assert two.run("n", heap="h", save=False).value == 1


def test_nothing_acknowledged_is_lost_between_two_servers(start, directory):
    servers = [start("--directory-path", directory) for _ in range(2)]
    servers[0].run("let done = []", heap="h")
    acknowledged, number = [], 0
    for _ in range(25):
        open_runs = []
        for server in servers:
            number += 1
            open_runs.append((number, server, server.begin_run(f"done.push({number})", heap="h")))
        for id, server, run in open_runs:
            result = server.run_answer(run)
            if result.is_error:
                assert result.kind == "conflict"
            else:
                acknowledged.append(id)
    done = start("--directory-path", directory).run("done", heap="h", save=False).value
    assert sorted(done) == sorted(acknowledged)
    assert len(done) >= 25, "of two writers one at least gets through"
