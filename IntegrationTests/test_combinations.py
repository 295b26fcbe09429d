"""The basic cases under every combination of the options that change what workers are."""

from __future__ import annotations

import itertools

import pytest

NEXT = "globalThis.n = (globalThis.n ?? 0) + 1"
ENGINES = [[], ["--jit", "off"], ["--hardened"]]
LAYOUTS = [[], ["--strict"]]
SANDBOXES = [[], ["--sandbox", "required"], ["--sandbox", "off"]]
DURABILITIES = [[], ["--durability", "relaxed"]]
KINDS = [sum(parts, []) for parts in itertools.product(ENGINES, LAYOUTS, SANDBOXES, DURABILITIES)
         # They contradict each other.
         if not (parts[0] == ["--hardened"] and parts[2] == ["--sandbox", "off"])]


@pytest.fixture
def begin(start):
    """Starts a server, or skips one that this machine cannot have."""
    def begin_server(*options: object):
        server = start(*options)
        try:
            assert server.run("1 + 1").value == 2
        except Exception:  # noqa: BLE001
            if "required" not in options or server.is_alive():
                raise
            pytest.skip(f"workers cannot be confined so here: {server.stderr()[-300:]}")
        return server
    return begin_server


def go_on(server) -> None:
    """Leaves 12 in n."""
    for expected in range(1, 7):
        assert server.run(NEXT, heap="h").value == expected
    # What is large, or computes for long, is written down in another way.
    large = "globalThis.big = Array.from({ length: 3e4 }, (_, i) => ({ i })); big.length"
    assert server.run(large, heap="h").value == 30000
    compute = "for (let i = 0, end = Date.now() + 10; Date.now() < end; i++); "
    for expected in range(7, 11):
        assert server.run(compute + NEXT, heap="h").value == expected
    assert server.run("big[29999].i + n", heap="h", save=False).value == 30009
    assert server.run("delete globalThis.big", heap="h").value is True
    for expected in (11, 12):
        assert server.run(NEXT, heap="h").value == expected


def fail(server) -> None:
    """Leaves 8 in n."""
    assert server.run("n = -1; throw new Error('no')", heap="h").kind == "exception"
    assert server.run("n = ;", heap="h").kind == "syntax"
    assert server.run("n = -1; for (;;);", heap="h", timeout_ms=150).kind == "timeout"
    assert server.run(NEXT, heap="h").value == 13
    assert server.run("n = 7; throw 1", heap="h", on_error="keep").kind == "exception"
    assert server.run(NEXT, heap="h").value == 8


@pytest.mark.parametrize("options", KINDS, ids=" ".join)
@pytest.mark.parametrize("storage", ["memory", "files"])
def test_heaps_go_on_and_failures_change_nothing(begin, directory, options, storage):
    place = ["--in-memory"] if storage == "memory" else ["--directory-path", directory]
    server = begin(*options, *place)
    go_on(server)
    fail(server)
    assert server.run(NEXT, heap="other").value == 1
    if storage == "files":
        server.close()
        server = begin(*options, *place)
        assert server.run(NEXT, heap="h").value == 9


@pytest.mark.parametrize("options", KINDS, ids=" ".join)
def test_runs_without_heaps(begin, options):
    server = begin(*options, "--stateless")
    for _ in range(3):
        assert server.run(NEXT).value == 1
    assert server.run("throw new Error('no')").kind == "exception"
    assert server.run("for (;;);", timeout_ms=150).kind == "timeout"
    assert server.run("await new Promise(done => setTimeout(done, 1, 5))").value == 5
