#!/usr/bin/env python3
"""Compares what snippets.jsonl calls right with what Node 24 does with the same code.

Usage: check_expectations.py [--node FILE] [--write]

What Node says and the file does not have yet is added with --write; what is there is never
changed. The end of the output names what Node cannot say: it was decided by hand.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from snippets import FILE, Call, Snippet, load, save

RUNNER = Path(__file__).resolve().parent / "run_in_node.js"
SECONDS = 10
_DECIDED = ("value", "text", "like", "has", "cut", "media", "error")
_VERSION = re.compile(r"@\{version:(\d+)\}$")


class Node:
    """Node, told what came before on the same heap, and asked for the last step's end."""

    def __init__(self, executable: str):
        self._executable = executable
        self._esbuild = shutil.which("esbuild")

    def run(self, codes: list[str], call: Call) -> dict | None:
        """What the last of these ends with: `value`, `text`, `console`, `error`; None where Node
        does not end in time."""
        steps = [{"code": self._plain(code, call), "typescript": is_typescript(code, call)}
                 for code in codes]
        with tempfile.TemporaryFile("w+") as output:
            # A pipe would take no more than is in it when Node ends.
            try:
                subprocess.run(
                    [self._executable, "--expose-internals", "--no-warnings", RUNNER],
                    input=json.dumps(steps), stdout=output, text=True, timeout=SECONDS,
                    env={"PATH": os.environ["PATH"], "TZ": "UTC", "LANG": "en_US.UTF-8"})
            except subprocess.TimeoutExpired:
                return None
            output.seek(0)
            answers = json.loads(output.read() or "[]")
        return answers[-1] if len(answers) == len(steps) else None

    def _plain(self, code: str, call: Call) -> str:
        """The code without JSX, which Node does not read at all."""
        if call.cause != "jsx" or not self._esbuild:
            return code
        factory = "h" if re.search(r"\bh =", code) else "React.createElement"
        done = subprocess.run(
            [self._esbuild, "--loader=tsx", f"--jsx-factory={factory}"],
            input=code, capture_output=True, text=True, check=True)
        return done.stdout


def is_typescript(code: str, call: Call) -> bool:
    """Whether Node has to be told that this has types: it does not find out by itself."""
    if call.arguments.get("language", "") in ("ts", "typescript"):
        return True
    return call.style == "typescript" or bool(re.search(r"^```(ts|typescript)$", code, re.M))


def may_be_endless(call: Call) -> bool:
    """Whether only a deadline ends it: Node has none, and what it left behind depends on time."""
    return "timeout" in str(call.expect.get("error", ""))


class Replay:
    """The code that led to the present state of each heap of one snippet."""

    def __init__(self):
        self._heaps: dict[str, list[str]] = {}
        self._after: list[dict[str, list[str]]] = []

    def before(self, reference: str | None) -> list[str]:
        if reference is None:
            return []
        if version := _VERSION.search(reference):
            name = reference[:version.start()]
            return self._after[int(version[1]) - 1][name]
        return self._heaps.get(reference, [])

    def note(self, call: Call, is_error: bool) -> None:
        """Remembers what the call left behind."""
        arguments = call.arguments
        heap = arguments.get("heap")
        if call.tool == "fork_heap" and "error" not in call.expect:
            self._heaps[arguments["target"]] = self.before(arguments["source"])
        elif call.tool == "run_js" and heap and "@" not in heap:
            is_kept = not is_error or arguments.get("on_error") == "keep"
            if is_kept and arguments.get("save", True) and not may_be_endless(call):
                self._heaps[heap] = [*self.before(heap), call.code]
        self._after.append(dict(self._heaps))


def differences(call: Call, answer: dict | None) -> list[str] | None:
    """How the file and Node differ; None where Node cannot say."""
    expect = call.expect
    if call.tool != "run_js" or answer is None or "cut" in expect or "media" in expect:
        return None
    if "error" in expect:
        said = answer.get("error", "").lower()
        return [] if said and all(part.lower() in said for part in expect["error"]) else None
    if "text" not in answer:
        if "error" not in answer:
            return None
        return None if any(key in expect for key in _DECIDED) else [answer["error"]]
    found = []
    for key in ("value", "text", "console"):
        if key in expect and expect[key] != answer.get(key):
            found.append(f"{key} is {answer.get(key)!r}, not {expect[key]!r}")
    said = answer["console"] + answer["text"]
    found += [f"no {part!r} in {said!r}" for part in expect.get("has", []) if part not in said]
    if "like" in expect and not re.search(expect["like"], answer["text"]):
        found.append(f"{answer['text']!r} is not like {expect['like']!r}")
    return found


def complete(call: Call, answer: dict | None) -> None:
    """Adds what Node says of a call of which the file says nothing yet."""
    if call.tool != "run_js" or answer is None or "text" not in answer:
        return
    if not any(key in call.expect for key in _DECIDED):
        call.expect |= {key: answer[key] for key in ("value", "text") if key in answer}
    if answer["console"] and not {"cut", "console", "error"} & set(call.expect):
        call.expect["console"] = answer["console"]


def check(snippet: Snippet, node: Node, is_writing: bool) -> tuple[int, list[str], list[str]]:
    """How many calls agree with Node, which do not, and which it cannot judge."""
    replay = Replay()
    agreed, wrong, by_hand = 0, [], []
    for number, call in enumerate(snippet.calls, 1):
        answer = None
        if call.tool == "run_js" and not may_be_endless(call):
            answer = node.run([*replay.before(call.arguments.get("heap")), call.code], call)
        if not call.is_counted:
            replay.note(call, False)
            continue
        if is_writing:
            complete(call, answer)
        found = differences(call, answer)
        name = f"{snippet.id}, call {number}" if len(snippet.calls) > 1 else snippet.id
        if found is None:
            by_hand.append(name)
        elif found:
            wrong.append(f"{name}: {'; '.join(found)}")
        else:
            agreed += 1
        replay.note(call, "error" in call.expect)
    return agreed, wrong, by_hand


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--node", default=os.environ.get("NODE", "node"))
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    version = subprocess.run([arguments.node, "--version"], capture_output=True, text=True)
    if not version.stdout.startswith("v24."):
        print(f"{arguments.node} is not Node 24: {version.stdout.strip()}", file=sys.stderr)
        return 2
    snippets = load(FILE)
    node = Node(arguments.node)
    agreed, wrong, by_hand = 0, [], []
    for snippet in snippets:
        count, differing, unknown = check(snippet, node, arguments.write)
        agreed, wrong, by_hand = agreed + count, wrong + differing, by_hand + unknown
    if arguments.write:
        save(FILE, snippets)
    print(f"{agreed} as in Node {version.stdout.strip()}, {len(wrong)} not, "
          f"{len(by_hand)} decided by hand")
    for line in wrong:
        print(f"  {line}")
    print("By hand: " + "; ".join(by_hand))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
