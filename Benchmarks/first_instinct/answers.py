"""What an answer says, whatever its form, whether that is right, and what it costs to read."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

CUT_BYTES_MAX = 10_000
"""What `content` may have where it is cut to 8 KiB, with the words that say so."""

_FULL_VERSION = re.compile(r"\b[0-9a-f]{64}\b")
_SHORT_VERSION = re.compile(r"\bat ([0-9a-f]{8})\b")
_MISSING = object()


class Answer:
    """The result of a tool call.

    Two forms are understood: all of it in `structuredContent` with the fields `result`, `text`
    and `console`; and text for a reader in `content`, the console's lines first, then the value.
    """

    def __init__(self, result: dict):
        self.is_error: bool = result.get("isError", False)
        blocks = result["content"]
        self.content = "\n".join(one["text"] for one in blocks if one["type"] == "text")
        self.content_bytes = _size(blocks) if self.media_types(blocks) else len(
            self.content.encode())
        structured = result.get("structuredContent")
        self.structured_bytes = 0 if structured is None else _size(structured)
        self._structured: dict = structured if isinstance(structured, dict) else {}
        self.types = self.media_types(blocks)
        self.version = self._version(result)

    @staticmethod
    def media_types(blocks: list[dict]) -> list[str]:
        """The types of pictures, sounds and files in it."""
        return [one.get("mimeType") or one.get("resource", {}).get("mimeType", "")
                for one in blocks if one["type"] != "text"]

    @property
    def value(self) -> object:
        return self._structured.get("value", self._structured.get("result", _MISSING))

    @property
    def hint(self) -> str:
        error = self._structured.get("error")
        if isinstance(error, dict) and "hint" in error:
            return error["hint"]
        return self.content.partition("Hint:")[2]

    @property
    def is_structured(self) -> bool:
        return "text" in self._structured

    @property
    def shown(self) -> str:
        """Everything that it says of value and console, or of the failure."""
        if not self.is_structured or self.is_error:
            return self.content
        return f"{self.console}{self._structured['text']}"

    @property
    def text(self) -> str:
        return self._structured.get("text", self.content)

    @property
    def console(self) -> str:
        lines = self._structured.get("console")
        if not isinstance(lines, list):
            return self.content
        return "".join(one["text"] + "\n" for one in lines if "text" in one)

    def says(self, text: str, where: str) -> bool:
        """Whether the value or the console is this text: its own field, or whole lines."""
        if self.is_structured:
            return where.rstrip("\n") == text.rstrip("\n")
        return f"\n{text.rstrip()}\n" in f"\n{self.content.rstrip()}\n"

    def _version(self, result: dict) -> str:
        """Eight digits of the version that it names, or nothing."""
        said = json.dumps(result)
        if found := _FULL_VERSION.search(said):
            return found[0][:8]
        found = _SHORT_VERSION.search(said)
        return found[1] if found else ""


@dataclass
class Bytes:
    """UTF-8 bytes of one answer; `useful` is 0 where it ended without value and console."""

    content: int
    structured: int
    useful: int


def measure(answer: Answer, expect: dict) -> Bytes:
    """Counts value and console, each once, beside what both forms of the answer take."""
    useful = 0
    if not answer.is_error and not answer.types:
        # `undefined` is nothing that anybody asked for.
        text = expect.get("text", answer.text)
        if "cut" in expect or not isinstance(text, str):
            text = answer.text
        console = expect.get("console", answer.console if answer.is_structured else "")
        useful = len((console + ("" if text == "undefined" else text)).encode())
    return Bytes(answer.content_bytes, answer.structured_bytes, useful)


def judge(answer: Answer, expect: dict) -> list[str]:
    """What is wrong with an answer; nothing where it is right."""
    if "error" in expect:
        return _judge_failure(answer, expect)
    if answer.is_error:
        return ["it failed"]
    found = []
    if "value" in expect or "text" in expect:
        # What has a JSON form may come as that, or as a console prints it.
        is_same = "value" in expect and _same(answer.value, expect["value"])
        if not is_same and not answer.says(expect.get("text", "\0"), answer.text):
            found.append("another value")
    if "console" in expect and not answer.says(expect["console"], answer.console):
        found.append("another console")
    if "like" in expect and not re.search(expect["like"], answer.text, re.MULTILINE):
        found.append(f"not like {expect['like']}")
    for part in expect.get("has", []) + expect.get("cut", []):
        if part not in answer.shown and part not in answer.content:
            found.append(f"no {part}")
    found += _judge_media(answer, expect)
    limit = expect.get("bytes_max", CUT_BYTES_MAX if "cut" in expect else None)
    if limit is not None and max(answer.content_bytes, answer.structured_bytes) > limit:
        found.append(f"over {limit} bytes")
    return found


def _judge_failure(answer: Answer, expect: dict) -> list[str]:
    if not answer.is_error:
        return ["it did not fail"]
    said = answer.content.lower()
    found = [f"no {part}" for part in expect["error"] if part.lower() not in said]
    if "hint" in expect and not re.search(expect["hint"], answer.hint, re.IGNORECASE):
        found.append(f"no hint like {expect['hint']}")
    return found


def _judge_media(answer: Answer, expect: dict) -> list[str]:
    if "media" not in expect:
        return []
    wanted = expect["media"]
    if wanted is None:
        return ["a picture or file"] if answer.types else []
    return [] if any(one.startswith(wanted) for one in answer.types) else [f"no {wanted}"]


def _same(found: object, wanted: object) -> bool:
    """Whether two values are the same JSON: for Python 1 and True are equal."""
    if found is _MISSING:
        return False
    return json.dumps(found, sort_keys=True) == json.dumps(wanted, sort_keys=True)


def _size(value: object) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())
