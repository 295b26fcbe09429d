"""The file of first attempts: what is in it, and what makes it well-formed."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).resolve().parent / "snippets.jsonl"
STYLES = ("analyst", "browser", "chat", "node", "terse", "tester", "typescript", "verbose")
TOOLS = ("run_js", "list_heaps", "heap_history", "fork_heap", "delete_heap", "inspect_heap")
EXPECTATIONS = {
    "value": object, "text": str, "console": str, "like": str, "has": list, "error": list,
    "hint": str, "cut": list, "bytes_max": int, "media": (str, type(None)),
}
_SINGLE = {"id", "style", "cause", "heap", "arguments", "before", "code", "expect"}
_STEP = {"tool", "arguments", "code", "expect", "otherwise"}


@dataclass
class Call:
    """One call as a model makes it, and what is right as its answer."""

    style: str
    cause: str
    tool: str
    arguments: dict
    code: str
    expect: dict
    is_counted: bool = True
    otherwise: str | None = None


@dataclass
class Snippet:
    """A first attempt with what it needs before it, or a conversation."""

    id: str
    calls: list[Call]
    record: dict


class MalformedFile(Exception):
    """A line of the file is not what it should be."""


def load(path: Path = FILE) -> list[Snippet]:
    """All snippets of a file, in its order."""
    snippets = []
    seen: set[str] = set()
    for number, line in enumerate(path.read_text().splitlines(), 1):
        try:
            record = json.loads(line)
            snippet = _snippet(record)
        except (KeyError, TypeError, ValueError) as error:
            raise MalformedFile(f"{path.name}:{number}: {error!r}") from error
        for name in {snippet.id} | {f"heap {heap}" for heap in _heaps(snippet)}:
            if name in seen:
                raise MalformedFile(f"{path.name}:{number}: {name} is there twice")
            seen.add(name)
        snippets.append(snippet)
    return snippets


def save(path: Path, snippets: list[Snippet]) -> None:
    """Writes the records back, one a line."""
    lines = [json.dumps(one.record, ensure_ascii=False) + "\n" for one in snippets]
    path.write_text("".join(lines))


def _snippet(record: dict) -> Snippet:
    if "steps" in record:
        _only(record, {"id", "style", "cause", "steps"})
        calls = [_step(record, step) for step in record["steps"]]
    else:
        _only(record, _SINGLE)
        calls = _single(record)
    if record["style"] not in STYLES:
        raise ValueError(f"no style {record['style']}")
    for call in calls:
        _check(call)
    return Snippet(record["id"], calls, record)


def _single(record: dict) -> list[Call]:
    """The attempt, after the calls that made what it needs."""
    style, cause = record["style"], record["cause"]
    heap = {"heap": record["id"]} if record.get("heap") else {}
    before = [Call(style, cause, "run_js", dict(heap), code, {}, is_counted=False)
              for code in record.get("before", [])]
    if before and not heap:
        raise ValueError("what is run before needs a heap")
    arguments = heap | record.get("arguments", {})
    return [*before, Call(style, cause, "run_js", arguments, record["code"], record["expect"])]


def _step(record: dict, step: dict) -> Call:
    _only(step, _STEP)
    return Call(
        record["style"], record["cause"], step.get("tool", "run_js"), step["arguments"],
        step.get("code", ""), step["expect"], otherwise=step.get("otherwise"))


def _only(record: dict, known: set[str]) -> None:
    if unknown := set(record) - known:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}")


def _check(call: Call) -> None:
    if call.tool not in TOOLS:
        raise ValueError(f"no tool {call.tool}")
    for key, wanted in call.expect.items():
        if not isinstance(call.expect[key], EXPECTATIONS[key]):
            raise TypeError(f"{key} is no {wanted}")
    for key in ("like", "hint"):
        re.compile(call.expect.get(key, ""))


def _heaps(snippet: Snippet) -> set[str]:
    """The heaps that it makes: no two snippets may see each other's."""
    made = {call.arguments.get("heap", "") for call in snippet.calls if call.tool == "run_js"}
    forked = {call.arguments["target"] for call in snippet.calls if call.tool == "fork_heap"}
    return {re.sub(r"@.*", "", heap) for heap in made | forked if heap}
