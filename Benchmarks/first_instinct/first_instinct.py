#!/usr/bin/env python3
"""Makes the first attempts of models on a server: how many work, and how many bytes come back.

Usage: first_instinct.py [--server FILE] [--json] [--verbose] [--only TEXT] [--snippets FILE]

A call is wasted where its answer is not what snippets.jsonl calls right; README.md says how
bytes are counted.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from answers import Answer, Bytes, judge, measure
from snippets import FILE, Call, Snippet, load
from tables import report

REPOSITORY = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(REPOSITORY / "IntegrationTests"))

from raw_client import Server  # noqa: E402

_PLACEHOLDER = re.compile(r"\{version:(\d+)\}")


@dataclass
class Attempt:
    """One call that counts, and what became of it."""

    id: str
    style: str
    cause: str
    complaints: list[str]
    bytes: Bytes
    answer: str

    @property
    def worked(self) -> bool:
        return not self.complaints


@dataclass
class Welcome:
    """What a model is told before its first call, in UTF-8 bytes and UTF-16 units."""

    instructions_bytes: int
    instructions_tokens: int
    tools_bytes: int
    tools_tokens: int


def welcome(server: Server) -> Welcome:
    instructions = server.initialize().get("instructions", "")
    tools = json.dumps(server.result("tools/list")["tools"], ensure_ascii=False,
                       separators=(",", ":"))
    return Welcome(
        len(instructions.encode()), tokens(instructions), len(tools.encode()), tokens(tools))


def tokens(text: str) -> int:
    """A rough count: four characters a token."""
    return round(len(text) / 4)


def attempt(snippet: Snippet, ask: Callable[[str, dict], dict]) -> list[Attempt]:
    """Makes the calls of one snippet in their order. `ask` takes a tool's name and arguments."""
    attempts: list[Attempt] = []
    versions: list[str] = []
    for number, call in enumerate(snippet.calls, 1):
        answer = Answer(ask(call.tool, _arguments(call, versions)))
        versions.append(answer.version)
        if not call.is_counted:
            continue
        complaints = judge(answer, call.expect)
        name = f"{snippet.id}/{number}" if "steps" in snippet.record else snippet.id
        attempts.append(Attempt(
            name, call.style, call.cause, complaints, measure(answer, call.expect),
            answer.content[:2000]))
        if complaints and call.otherwise:
            versions[-1] = Answer(ask("run_js", call.arguments | {"code": call.otherwise})).version
    return attempts


def _arguments(call: Call, versions: list[str]) -> dict:
    """The arguments as they are sent: with versions that earlier answers named."""
    def version(match: re.Match) -> str:
        return versions[int(match[1]) - 1]

    arguments = {name: _PLACEHOLDER.sub(version, value) if isinstance(value, str) else value
                 for name, value in call.arguments.items()}
    return arguments | ({"code": call.code} if call.tool == "run_js" else {})


def ask_server(server: Server) -> Callable[[str, dict], dict]:
    def ask(tool: str, arguments: dict) -> dict:
        response = server.request("tools/call", {"name": tool, "arguments": arguments}, seconds=60)
        # A model is shown a protocol error much as a failure of the tool.
        refused = {"content": [{"type": "text", "text": str(response.get("error"))}],
                   "isError": True}
        return response.get("result", refused)
    return ask


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--server", type=Path,
        default=Path(os.environ.get("MCP_V8", REPOSITORY / ".build/release/mcp-v8")))
    parser.add_argument("--snippets", type=Path, default=FILE)
    parser.add_argument("--only", default="", help="ids and causes that contain this text")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--verbose", action="store_true")
    arguments = parser.parse_args()
    snippets = [one for one in load(arguments.snippets)
                if arguments.only in one.id or arguments.only in one.calls[0].cause]
    with Server(arguments.server, "--in-memory") as server:
        told = welcome(server)
        attempts = [one for snippet in snippets for one in attempt(snippet, ask_server(server))]
    if arguments.json:
        records = [asdict(one) | {"worked": one.worked} for one in attempts]
        print(json.dumps({"welcome": asdict(told), "attempts": records}, ensure_ascii=False))
        return 0
    print(report(attempts, told))
    for one in attempts if arguments.verbose else []:
        if not one.worked:
            print(f"\n{one.id} ({one.style}): {'; '.join(one.complaints)}\n{one.answer}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
