"""The web-platform-tests that need no page, as scripts for `run_js`.

The suite is not part of this repository. It is looked for in MCP_V8_WPT, or beside the repository
as `wpt`. `python web_platform.py [PART...]` runs what is there and prints a table, and of the parts
that are named what failed.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from raw_client import NoAnswer, Server

REPOSITORY = Path(__file__).resolve().parent.parent
HARNESS = Path(__file__).parent / "data/testharness.js"

PARTS = (
    "FileAPI/blob", "FileAPI/file", "WebCryptoAPI/digest", "console", "dom/abort", "dom/events",
    "encoding", "fetch/api/headers", "hr-time", "html/webappapis/atob",
    "html/webappapis/microtask-queuing", "html/webappapis/structured-clone",
    "html/webappapis/timers", "streams", "url", "user-timing", "xhr/formdata",
)
"""The folders that are run, each with the folders in it."""

LEFT_OUT = re.compile(
    r"idlharness|send-file-form|/crashtests/|/transferable/|xhr-|shadowrealm"
)
"""What needs a parser of Web IDL, forms that are sent, or XMLHttpRequest."""

_META = re.compile(r"^// META: script=(\S+)", re.MULTILINE)
_STRICT = re.compile(r"""(//[^\n]*\n|/\*.*?\*/|\s)*['"]use strict['"]""", re.DOTALL)
_FILE = re.compile(r"[\w./-]+\.json")


@dataclass
class Count:
    """How the tests of one folder ended."""

    files: int = 0
    tests: int = 0
    passed: int = 0
    failures: list[str] = field(default_factory=list)


def suite() -> Path | None:
    """Where the suite is, if anywhere."""
    path = Path(os.environ.get("MCP_V8_WPT", REPOSITORY.parent / "wpt"))
    return path if (path / "url/resources/urltestdata.json").is_file() else None


def tests(root: Path, part: str) -> Iterator[Path]:
    for path in sorted((root / part).rglob("*.any.js")):
        if not LEFT_OUT.search(str(path.relative_to(root))):
            yield path


def program(root: Path, path: Path) -> str:
    """The test, what it includes and reads, and our harness: one script whose value is a report."""
    sources = [path.read_text(encoding="utf-8")]
    for name in _META.findall(sources[0]):
        if "subset-tests" in name:
            continue
        included = root / name[1:] if name.startswith("/") else path.parent / name
        sources.insert(-1, included.read_text(encoding="utf-8"))
    files = {}
    for name in set(_FILE.findall("".join(sources))):
        found = path.parent / name if not name.startswith("/") else root / name[1:]
        if found.is_file():
            files[found.name] = found.read_text(encoding="utf-8")
    given = "".join(
        f"__files[{json.dumps(name)}] = {json.dumps(text)};\n" for name, text in files.items()
    )
    strict = "'use strict';" if _STRICT.match(sources[-1]) else ""
    return "\n".join([strict, HARNESS.read_text(), given, *sources, "await __report()"])


def run(server: Server, root: Path, part: str) -> Count:
    """Runs the tests of a folder in clean isolates."""
    count = Count()
    for path in tests(root, part):
        count.files += 1
        name = str(path.relative_to(root))
        try:
            result = server.run(program(root, path), timeout_ms=60_000, seconds=90)
        except NoAnswer:
            count.failures.append(f"{name}: no answer")
            continue
        if result.is_error:
            count.tests += 1
            count.failures.append(f"{name}: {result.text[:300]}")
            continue
        report = result.value
        count.tests += report["count"]
        count.passed += report["count"] - report["failedCount"]
        count.failures += [f"{name}: {test}: {text}" for test, text in report["failed"]]
    return count


def main(parts: list[str]) -> int:
    root = suite()
    if root is None:
        print("THERE ARE NO web-platform-tests: set MCP_V8_WPT to where they are", file=sys.stderr)
        return 1
    binary = os.environ.get("MCP_V8", str(REPOSITORY / ".build/release/mcp-v8"))
    with Server(binary, "--stateless") as server:
        for part in parts or PARTS:
            count = run(server, root, part)
            print(f"| `{part}` | {count.files} | {count.tests} | {count.passed} |")
            for failure in count.failures if parts else []:
                print("   ", failure.replace("\n", " ")[:300])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
