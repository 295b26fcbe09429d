"""Values, code and objects that must come back from a snapshot as they were, three processes on.

All cases share the servers: one for the set-up, then a new one for each generation.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from data_files import cases
from raw_client import NoAnswer, Server, ServerEnded, ToolResult

CASES = cases("survive.jsonl")
GENERATIONS = 3
SECONDS = 60


class Generations:
    """Runs every case through its generations; a case that ends its server ends only itself."""

    def __init__(self, binary: Path, directory: Path):
        self._start: Callable[[], Server] = lambda: Server(binary, "--directory-path", directory)
        self.setups: dict[str, ToolResult] = {}
        self.checks: dict[str, list[ToolResult]] = {name: [] for name in CASES}
        self.failures: dict[str, str] = {}
        self._server = self._start()
        try:
            self._each(self._set_up)
            self._each(lambda name: self._check(name, 0))
            for generation in range(1, GENERATIONS + 1):
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
        self.checks[name].append(self._run(name, case["check"], save=False))

    def _run(self, name: str, code: str, **arguments) -> ToolResult:
        return self._server.run(code, heap=name, seconds=SECONDS, **arguments)


@pytest.fixture(scope="module")
def generations(binary, tmp_path_factory) -> Generations:
    directory = tmp_path_factory.mktemp("survive")
    directory.chmod(0o700)
    return Generations(binary, directory)


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
        assert values == case["values"][:GENERATIONS + 1]
    else:
        assert values == [values[0]] * (GENERATIONS + 1)
        assert values[0] == case.get("value", values[0])


def test_a_heap_whose_every_promise_throws_can_be_mended(memory):
    poison = "Object.defineProperty(Object.prototype, 'then', {get() { throw 'sabotage' }, "
    memory.run(poison + "configurable: true}); let n = 7", heap="h", on_error="keep")
    assert memory.run("n", heap="h").error["message"] == "sabotage"
    memory.run("delete Object.prototype.then", heap="h")
    assert memory.run("n", heap="h").value == 7
