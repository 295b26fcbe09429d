"""Values, code and objects that must come back from a snapshot as they were, three processes on.

All cases share the servers: one for the set-up, then a new one for each generation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from data_files import cases
from raw_client import NoAnswer, Server, ServerEnded, ToolResult

CASES = cases("survive.jsonl")
SECONDS = 60

# Called many times before the first snapshot, as the function that later processes call again: with
# the JIT, what it uses is then optimised code when the snapshot is made.
HEAT = """\
let hotCheck = () => ({check});
{{
    const end = performance.now() + 100;
    for (let i = 0; i < 3000 && performance.now() < end; i++) hotCheck();
}}
0"""
CHANGED_BY_CHECK = {"regexp_iter"}


@dataclass(frozen=True)
class Way:
    """A server's options, how often checks run before the snapshots, and restarts."""

    options: tuple[str, ...]
    generations: int
    # Many times before the first snapshot.
    is_hot: bool = False
    # Twice in the process that makes a snapshot, before each: some code is made late.
    is_twice: bool = False


WAYS = {
    "as they are": Way((), generations=3),
    "twice": Way((), generations=2, is_twice=True),
    "hot": Way((), generations=2, is_hot=True, is_twice=True),
    "hot, without the JIT": Way(("--hardened",), generations=1, is_hot=True, is_twice=True),
}


def is_repeatable(name: str) -> bool:
    case = CASES[name]
    return "check" in case and "setup_kind" not in case and name not in CHANGED_BY_CHECK


class Generations:
    """Runs every case through its generations; a case that ends its server ends only itself."""

    def __init__(self, binary: Path, directory: Path, way: Way):
        self._start: Callable[[], Server] = lambda: Server(
            binary, "--directory-path", directory, *way.options)
        self._way = way
        self.setups: dict[str, ToolResult] = {}
        self.checks: dict[str, list[ToolResult]] = {name: [] for name in CASES}
        self.failures: dict[str, str] = {}
        self._server = self._start()
        try:
            self._each(self._set_up)
            self._each(lambda name: self._check(name, 0))
            for generation in range(1, way.generations + 1):
                self._server.close()
                self._server = self._start()
                self._each(lambda name: self._check(name, generation))
        finally:
            self._server.__exit__()

    def _each(self, step: Callable[[str], None]) -> None:
        for name in CASES:
            if name in self.failures:
                continue
            try:
                step(name)
            except (NoAnswer, ServerEnded, BrokenPipeError, AssertionError) as failure:
                self.failures[name] = f"{type(failure).__name__}: {failure}"
                self._server.kill()
                self._server = self._start()

    def _set_up(self, name: str) -> None:
        self.setups[name] = self._run(name, CASES[name]["setup"], on_error="keep",
                                      timeout_ms=2000 if name.startswith("term_") else 30_000)
        if self._is_hot(name):
            heated = self._run(name, HEAT.format(check=CASES[name]["check"]))
            assert not heated.is_error, heated

        self._repeat(name)

    def _repeat(self, name: str) -> None:
        """Runs the check where its code goes into the next snapshot."""
        if not (self._way.is_twice and is_repeatable(name)):
            return
        check = self._check_code(name)
        repeated = self._run(name, f"({check}); ({check}); 0")
        assert not repeated.is_error, repeated

    def _is_hot(self, name: str) -> bool:
        return self._way.is_hot and is_repeatable(name)

    def _check_code(self, name: str) -> str:
        return "hotCheck()" if self._is_hot(name) else CASES[name]["check"]

    def _check(self, name: str, generation: int) -> None:
        case = CASES[name]
        if "checks" in case:
            steps = case["checks"]
            if generation < len(steps):
                self.checks[name].append(self._run(name, steps[generation]))
            return
        # A saved run in between, so that each generation is a snapshot of a restored heap.
        if generation and "setup_kind" not in case:
            self._run(name, "0")
            self._repeat(name)
        self.checks[name].append(self._run(name, self._check_code(name), save=False))

    def _run(self, name: str, code: str, **arguments) -> ToolResult:
        return self._server.run(code, heap=name, seconds=SECONDS, **arguments)


@pytest.fixture(scope="module", params=WAYS)
def generations(binary, tmp_path_factory, request) -> Generations:
    directory = tmp_path_factory.mktemp("survive")
    directory.chmod(0o700)
    return Generations(binary, directory, WAYS[request.param])


@pytest.mark.parametrize("name", CASES)
def test_survives(generations, name):
    case = CASES[name]
    assert name not in generations.failures, generations.failures[name]
    setup = generations.setups[name]
    if "setup_kind" in case:
        assert setup.kind == case["setup_kind"]
    else:
        assert not setup.is_error, setup
    values = [check.value for check in generations.checks[name]]
    if "values" in case:
        assert values == case["values"][:len(values)]
    else:
        assert values == [values[0]] * len(values)
        assert values[0] == case.get("value", values[0])


def test_dates_follow_the_time_zone_of_the_server(start, directory):
    with start("--directory-path", directory, "--time-zone", "UTC") as server:
        assert server.run("const d = new Date(0); d.getHours()", heap="h").value == 0
    with start("--directory-path", directory, "--time-zone", "Asia/Tokyo") as server:
        assert server.run("d.getHours()", heap="h").value == 9


def test_ways_that_are_hot_heat_most_cases():
    assert sum(map(is_repeatable, CASES)) > len(CASES) // 2


def test_a_heap_whose_every_promise_throws_can_be_repaired(memory):
    poison = "Object.defineProperty(Object.prototype, 'then', {get() { throw 'sabotage' }, "
    memory.run(poison + "configurable: true}); let n = 7", heap="h", on_error="keep")
    memory.run("delete Object.prototype.then", heap="h")
    assert memory.run("n", heap="h").value == 7
