#!/usr/bin/env python3
"""Runs a large sample of test262 and writes docs/reference/test262.md. Takes some twenty minutes.

Usage: test262_report.py [--per-area N] [--node NODE] [--revision TEXT] [--server FILE] [--out FILE]

NODE is a node of the same V8: what fails there too is V8's own.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from test262 import HOT_PASS, Runner, Verdicts
from test262_suite import (ADDITIONS, AREAS, HEAT_RUNS, REPOSITORY, Case, everything, file_count,
                           sample, suite)

NODE_SECONDS = 60
LISTED_MAX = 80

WAYS_TEXT = f"""\
A sample, spread evenly over each area. Left out are modules, and what needs a second realm,
agents, shared memory or another hook of a test's host. Every file is run as a script of its own
without a heap, on a heap with the JIT and on a heap without it; and, if it is no negative test, as
a function that is called {HEAT_RUNS} times, so that V8 optimises what it can: its first call, its
last, and one more, which on a heap is made by another server on the stored snapshot. Of the
functions fewer pass, the same ones everywhere: many tests are not meant to be inside a function, or
to be called again."""

HERE_ONLY = """\
The rest fails here only, by design: `await` is reserved at the top level of a REPL, and a run fails
if a promise is rejected and nobody handles it."""

# The script as a script, not as a module of node's; rejections that nobody handles are let be.
REFERENCE = """
process.on('unhandledRejection', () => {});
require('vm').runInThisContext(require('fs').readFileSync(0, 'utf8'));
"""


@dataclass
class Sample:
    """Cases by area, and how they ended."""

    areas: dict[str, list[Case]]
    verdicts: Verdicts


class Reference:
    """Node with the same V8, run as a script's host would run V8."""

    def __init__(self, node: str | None):
        self.node = node

    def fails(self, case: Case) -> bool:
        """Whether a case fails there as well; unknown counts as no."""
        if self.node is None:
            return False
        try:
            run = subprocess.run([self.node, "-e", REFERENCE], input=case.script(), text=True,
                                 capture_output=True, timeout=NODE_SECONDS)
        except subprocess.TimeoutExpired:
            return True
        if case.negative_type:
            return case.negative_type not in run.stderr
        ended = [line for line in run.stdout.splitlines() if line.startswith("Test262:Async")]
        return run.returncode != 0 or (case.is_async and ended != ["Test262:AsyncTestComplete"])


def report(found: Sample, additions: dict[str, dict[Case, str]], root: Path,
           reference: Reference, revision: str) -> Iterator[str]:
    """The document, line by line."""
    yield "# test262"
    yield ""
    yield ("What passes of the official tests of ECMAScript. `IntegrationTests/test262_report.py` "
           f"wrote this, from test262 {revision}. The suite is not part of this repository: "
           "`MCP_V8_TEST262` names its folder, or it lies beside the project's. "
           "`IntegrationTests/test262.py` runs parts of it.")
    yield ""
    yield from _ways(found)
    yield from _areas(found)
    yield from _failures(found, reference)
    yield from _additions(additions, root)


def _ways(found: Sample) -> Iterator[str]:
    yield "## The language, in every way that it runs"
    yield ""
    yield WAYS_TEXT
    yield ""
    yield "| way | cases | pass |"
    yield "|---|---:|---:|"
    for way, endings in found.verdicts.scripts.items():
        passed = sum(ending == "pass" for ending in endings.values())
        yield f"| script, {way} | {len(endings):,} | {passed:,} |"
    for way, endings in found.verdicts.functions.items():
        passed = sum(ending == HOT_PASS for ending in endings.values())
        yield f"| hot function, {way} | {len(endings):,} | {passed:,} |"
    yield ""
    differences = found.verdicts.differences()
    yield f"**{len(differences)} cases end differently in one way than in another.**"
    yield ""
    for line in differences:
        yield f"- `{line.splitlines()[0]}`" + "".join(
            f"; {rest.strip()}" for rest in line.splitlines()[1:])
    yield ""


def _areas(found: Sample) -> Iterator[str]:
    yield "## By area"
    yield ""
    yield "| area | cases | pass as scripts | cases | pass hot, before and after the snapshot |"
    yield "|---|---:|---:|---:|---:|"
    scripts = found.verdicts.scripts["heap, JIT"]
    functions = found.verdicts.functions["heap, JIT"]
    for area, cases in found.areas.items():
        names = [case.name for case in cases]
        hot = [functions[name] for name in names if name in functions]
        yield (f"| {area} | {len(names)} | {sum(scripts[name] == 'pass' for name in names)} | "
               f"{len(hot)} | {sum(ending == HOT_PASS for ending in hot)} |")
    yield ""


def _failures(found: Sample, reference: Reference) -> Iterator[str]:
    failed = [(case, found.verdicts.scripts["heap, JIT"][case.name])
              for cases in found.areas.values() for case in cases
              if found.verdicts.scripts["heap, JIT"][case.name] != "pass"]
    yield "## What fails as a script, and why"
    yield ""
    yield from _causes(failed, reference)


def _additions(additions: dict[str, dict[Case, str]], root: Path) -> Iterator[str]:
    yield "## What the base heap adds to V8's library"
    yield ""
    yield "All files of each, on a heap. Those not run need another realm."
    yield ""
    yield "| feature | files | run | pass |"
    yield "|---|---:|---:|---:|"
    for feature, endings in additions.items():
        passed = sum(ending == "pass" for ending in endings.values())
        yield f"| {feature} | {file_count(root, ADDITIONS[feature])} | {len(endings)} | {passed} |"
    yield ""
    failed = list({case.name: (case, ending) for endings in additions.values()
                   for case, ending in endings.items() if ending != "pass"}.values())
    yield from _causes(failed, Reference(None))


def _causes(failed: list[tuple[Case, str]], reference: Reference) -> Iterator[str]:
    """Counts by what is missing; what is neither V8's nor a missing feature by name."""
    missing, ours, of_v8 = Counter(), [], []
    for case, ending in failed:
        if absent := sorted(case.features & NOT_THERE):
            missing[absent[0]] += 1
        elif reference.fails(case):
            of_v8.append(f"`{case.name}`")
        else:
            ours.append(f"`{case.name}`: {' '.join(ending.split())[:160]}")
    if missing:
        yield "Features of later editions, and proposals, that are not there:"
        yield ""
        yield ", ".join(f"{feature} ({count})" for feature, count in missing.most_common()) + "."
        yield ""
    yield from _listed("Others fail in node with the same V8 too:", of_v8)
    yield from _listed(HERE_ONLY if reference.node else "The rest:", ours)


def _listed(title: str, lines: list[str]) -> Iterator[str]:
    if not lines:
        return
    yield f"{title} {len(lines)}."
    yield ""
    yield from (f"- {line}" for line in lines[:LISTED_MAX])
    if len(lines) > LISTED_MAX:
        yield f"- and {len(lines) - LISTED_MAX} more"
    yield ""


NOT_THERE = frozenset((
    "Float16Array", "Iterator.prototype.join", "Temporal", "await-dictionary",
    "error-stack-accessor", "explicit-resource-management", "immutable-arraybuffer",
    "iterator-chunking", "iterator-includes", "joint-iteration", "json-parse-with-source",
    "legacy-regexp", "regexp-duplicate-named-groups", "regexp-modifiers", "regexp-v-flag",
    "resizable-arraybuffer", "symbols-as-weakmap-keys", "tail-call-optimization", "upsert",
    "decorators", "source-phase-imports", "import-defer", "iterator-sequencing", "canonical-tz",
    "nonextensible-applies-to-private", "Math.clamp", "import-attributes", "dynamic-import",
))


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--per-area", type=int, default=120)
    options.add_argument("--node", help="a node with the same V8")
    options.add_argument("--revision", default="of an unknown day")
    options.add_argument("--server", type=Path, default=REPOSITORY / ".build/release/mcp-v8")
    options.add_argument("--out", type=Path, default=REPOSITORY / "docs/reference/test262.md")
    asked = options.parse_args()
    if (root := suite()) is None:
        print("test262_report.py: there is no test262", file=sys.stderr)
        return 66
    areas, seen = {}, set()
    for area, folders in AREAS.items():
        cases = [case for case in sample(root, folders, asked.per_area) if case.name not in seen]
        seen |= {case.name for case in cases}
        areas[area] = cases
    with tempfile.TemporaryDirectory() as folder:
        runner = Runner(asked.server.resolve(), Path(folder))
        verdicts = runner.compare([case for cases in areas.values() for case in cases],
                                  lambda text: print(text, flush=True))
        additions = {}
        for feature, folders in ADDITIONS.items():
            cases = everything(root, folders)
            endings = runner.scripts(cases, in_heap=True)
            additions[feature] = {case: endings[case.name] for case in cases}
    lines = report(Sample(areas, verdicts), additions, root, Reference(asked.node), asked.revision)
    asked.out.write_text("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
