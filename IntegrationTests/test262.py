#!/usr/bin/env python3
"""Runs test262 through the built server in several ways that must not differ, and tells what fails.

Usage: test262.py [--per-area N] [--areas TEXT] [--failures] [--server FILE]

Ways: as scripts without a heap, in heaps with and without the JIT; and as functions that are called
until they are hot, then stored in a snapshot and called again by another process.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from raw_client import NoAnswer, Server, ServerEnded, ToolResult
from test262_suite import AREAS, REPOSITORY, Case, sample, suite

IN_FLIGHT = 6
"""Calls that wait at the same time: enough for two cores, far from the server's bounds."""
RUN_MS = 50_000
ANSWER_SECONDS = 60.0

JITLESS = ("--hardened",)
HOT_PASS = "pass\npass\npass"
"""Of a function: the first call, the last of many, and one more."""


@dataclass
class Verdicts:
    """How each case ended, by way."""

    scripts: dict[str, dict[str, str]] = field(default_factory=dict)
    functions: dict[str, dict[str, str]] = field(default_factory=dict)

    def differences(self) -> list[str]:
        """A line for each case that did not end the same way everywhere."""
        return [line for group in (self.scripts, self.functions) for line in _differences(group)]


class Runner:
    """Runs cases on servers of one binary."""

    def __init__(self, binary: Path, folder: Path):
        self._binary, self._folder = binary, folder

    def compare(
        self, cases: list[Case], say: Callable[[str], None] = lambda text: None
    ) -> Verdicts:
        """Every case in every way."""
        verdicts = Verdicts()
        for way, options, in_heap in (("no heap", (), False), ("heap, JIT", (), True),
                                      ("heap, no JIT", JITLESS, True)):
            verdicts.scripts[way] = self.scripts(cases, options, in_heap)
            say(f"scripts, {way}")
        repeated = [case for case in cases if case.can_repeat]
        verdicts.functions["no heap"] = self.functions_without_heap(repeated)
        say("functions, no heap")
        for way, options in (("heap, JIT", ()), ("heap, no JIT", JITLESS)):
            verdicts.functions[way] = self.functions_across_snapshot(repeated, options, way)
            say(f"functions, {way}, and after a restart")
        return verdicts

    def scripts(
        self, cases: list[Case], options: tuple = (), in_heap: bool = False
    ) -> dict[str, str]:
        """Each case as a script of its own."""
        arguments = ("--in-memory", *options)
        calls = {case.name: (case.script(), {"heap": _heap(case)} if in_heap else {})
                 for case in cases}
        answers = self._run(arguments, calls)
        return {case.name: script_verdict(case, answers[case.name]) for case in cases}

    def functions_without_heap(self, cases: list[Case]) -> dict[str, str]:
        """Each case as a function: its first call, one when it is hot, and one more."""
        calls = {case.name: (f"{case.function()}{case.heat()} + '\\n' + {case.call()}", {})
                 for case in cases}
        answers = self._run(("--in-memory",), calls)
        return {case.name: function_verdict(answers[case.name]) for case in cases}

    def functions_across_snapshot(
        self, cases: list[Case], options: tuple, way: str
    ) -> dict[str, str]:
        """The same, with the hot function in a snapshot, and the last call in another process."""
        folder = self._folder / way.replace(",", "").replace(" ", "-")
        folder.mkdir(mode=0o700)
        arguments = ("--directory-path", folder, *options)
        heat = {case.name: (case.function() + case.heat(), {"heap": _heap(case)}) for case in cases}
        hot = self._run(arguments, heat)
        kept = [case for case in cases if _is_value(hot[case.name])]
        calls = {case.name: (case.call(), {"heap": _heap(case), "save": False}) for case in kept}
        again = self._run(arguments, calls)
        verdicts = {name: function_verdict(answer) for name, answer in hot.items()}
        for name, answer in again.items():
            verdicts[name] += "\n" + function_verdict(answer)
        return verdicts

    def _run(self, arguments: tuple, calls: dict[str, tuple[str, dict]]) -> dict[str, object]:
        """The answer to each call, or what came instead of it."""
        answers: dict[str, object] = {}
        server = Server(self._binary, *arguments)
        waiting, open_calls = list(reversed(calls.items())), {}
        try:
            while waiting or open_calls:
                try:
                    while waiting and len(open_calls) < IN_FLIGHT:
                        name, (code, more) = waiting[-1]
                        open_calls[server.begin_run(code, timeout_ms=RUN_MS, **more)] = name
                        waiting.pop()
                    message = server.take(lambda m: m.get("id") in open_calls, "an answer",
                                          ANSWER_SECONDS)
                    name = open_calls.pop(message["id"])
                    answers[name] = (ToolResult(message["result"]) if "result" in message
                                     else f"protocol error {message['error']}")
                except (NoAnswer, ServerEnded, BrokenPipeError) as failure:
                    answers |= dict.fromkeys(open_calls.values(), type(failure).__name__)
                    open_calls = {}
                    server.kill()
                    server = Server(self._binary, *arguments)
        finally:
            server.__exit__()
        return answers


def script_verdict(case: Case, answer: object) -> str:
    """`pass`, or how it failed."""
    if not isinstance(answer, ToolResult):
        return f"fail: {answer}"
    if case.negative_type:
        return _negative_verdict(case, answer)
    if answer.is_error:
        return f"fail: {_error(answer)}"
    if not case.is_async:
        return "pass"
    printed = [line.get("text", "") for line in answer.structured.get("console", [])]
    ended = [text for text in printed if text.startswith("Test262:Async")]
    return "pass" if ended == ["Test262:AsyncTestComplete"] else f"fail: printed {ended}"


def function_verdict(answer: object) -> str:
    """How its calls ended, a line each."""
    if not isinstance(answer, ToolResult):
        return f"fail: {answer}"
    return f"fail: {_error(answer)}" if answer.is_error else str(answer.structured.get("result"))


def _negative_verdict(case: Case, answer: ToolResult) -> str:
    if not answer.is_error:
        return f"fail: no {case.negative_type}"
    error = answer.error
    phase = "parse" if error["kind"] == "syntax" else "runtime"
    wanted = "parse" if case.negative_phase in ("parse", "early") else "runtime"
    if error.get("name") == case.negative_type and phase == wanted:
        return "pass"
    return f"fail: {_error(answer)}, wanted {case.negative_type}"


def _error(answer: ToolResult) -> str:
    error = answer.error
    kind = "" if error["kind"] in ("exception", "syntax") else f"[{error['kind']}] "
    return f"{kind}{error.get('name')}: {error['message']}"[:300]


def _is_value(answer: object) -> bool:
    return isinstance(answer, ToolResult) and not answer.is_error


def _heap(case: Case) -> str:
    return "t" + hashlib.sha256(case.name.encode()).hexdigest()[:16]


def _differences(group: dict[str, dict[str, str]]) -> Iterable[str]:
    for name in next(iter(group.values()), {}):
        endings = {way: verdicts[name] for way, verdicts in group.items()}
        if len(set(endings.values())) > 1:
            yield name + "".join(f"\n    {way}: {ending!r}" for way, ending in endings.items())


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--per-area", type=int, default=120, help="files of each area")
    options.add_argument("--areas", default="", help="only areas whose name has this in it")
    options.add_argument("--failures", action="store_true", help="print what fails everywhere")
    options.add_argument("--server", type=Path, default=REPOSITORY / ".build/release/mcp-v8")
    asked = options.parse_args()
    if (root := suite()) is None:
        print("test262.py: there is no test262 beside this project, nor at $MCP_V8_TEST262",
              file=sys.stderr)
        return 66
    began = time.monotonic()
    cases = {case.name: case for area, folders in AREAS.items() if asked.areas in area
             for case in sample(root, folders, asked.per_area)}
    print(f"{len(cases)} cases", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        runner = Runner(asked.server.resolve(), Path(folder))
        verdicts = runner.compare(
            list(cases.values()),
            lambda text: print(f"{time.monotonic() - began:6.0f} s  {text}", flush=True))
    for way, endings in verdicts.scripts.items():
        passed = sum(ending == "pass" for ending in endings.values())
        print(f"scripts, {way}: {passed} of {len(endings)} pass")
    for way, endings in verdicts.functions.items():
        passed = sum(ending == HOT_PASS for ending in endings.values())
        print(f"functions, {way}: {passed} of {len(endings)} pass each time")
    differences = verdicts.differences()
    print(f"{len(differences)} differences", *differences, sep="\n")
    if asked.failures:
        for name, ending in verdicts.scripts["no heap"].items():
            if ending != "pass":
                print(name, sorted(cases[name].features), ending)
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
