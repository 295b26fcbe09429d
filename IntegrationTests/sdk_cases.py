"""What an official MCP client must see, written once for every version and mode of the client.

A case is a coroutine that gets `connect`, an asynchronous context manager:
`connect("--in-memory")` starts a server with these options and gives a `Session`.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import jsonschema


@dataclass
class Answer:
    """A tool's result, whatever the client calls its fields."""

    is_error: bool
    structured: dict
    text: str

    @property
    def value(self):
        assert not self.is_error, self.text
        return self.structured["result"]

    @property
    def kind(self) -> str:
        assert self.is_error, self.structured
        return self.structured["error"]["kind"]


def check_against_schema(structured: dict, schema: dict) -> None:
    """A result, a failure too, is what the tool's own schema says: some clients check it."""
    jsonschema.validate(structured, schema, jsonschema.Draft202012Validator)


class Session(Protocol):
    """A connected client."""

    async def tool_names(self) -> list[str]: ...

    async def run(
        self, code: object, *, on_progress: Callable[[float], None] | None = None,
        **arguments: object,
    ) -> Answer: ...


Connect = Callable[..., AbstractAsyncContextManager[Session]]
Case = Callable[[Connect, Path], Awaitable[None]]
CASES: list[Case] = []


def case(function: Case) -> Case:
    CASES.append(function)
    return function


@case
async def the_tool_is_listed(connect: Connect, directory: Path) -> None:
    async with connect("--in-memory") as session:
        assert "run_js" in await session.tool_names()


@case
async def a_value_comes_back(connect: Connect, directory: Path) -> None:
    async with connect("--in-memory") as session:
        answer = await session.run("({ sum: 1 + 1, text: 'ü😀' })")
        assert answer.value == {"sum": 2, "text": "ü😀"}
        assert json.loads(answer.text) == answer.structured


@case
async def a_value_without_json_comes_back_as_text(connect: Connect, directory: Path) -> None:
    async with connect("--in-memory") as session:
        answer = await session.run("undefined")
        assert not answer.is_error and answer.structured["text"] == "undefined"


@case
async def state_stays(connect: Connect, directory: Path) -> None:
    async with connect("--in-memory") as session:
        await session.run("let n = 1; const add = (x) => (n += x)", heap="h")
        await session.run("class A { #p = 5; p() { return this.#p } }", heap="h")
        assert (await session.run("add(41)", heap="h")).value == 42
        assert (await session.run("[n, new A().p()]", heap="h")).value == [42, 5]
        assert (await session.run("typeof n")).value == "undefined"
        assert (await session.run("typeof n", heap="other")).value == "undefined"


@case
async def state_stays_over_a_restart(connect: Connect, directory: Path) -> None:
    async with connect("--directory-path", directory) as session:
        answer = await session.run("let n = 1; const next = () => ++n", heap="h")
        assert answer.structured["created"] is True
    for expected in (2, 3):
        async with connect("--directory-path", directory) as session:
            answer = await session.run("next()", heap="h")
            assert answer.value == expected and answer.structured["created"] is False


@case
async def stateless(connect: Connect, directory: Path) -> None:
    async with connect("--stateless") as session:
        assert await session.tool_names() == ["run_js"]
        assert (await session.run("globalThis.n = 1")).value == 1
        assert (await session.run("typeof n")).value == "undefined"


@case
async def exceptions(connect: Connect, directory: Path) -> None:
    async with connect("--in-memory") as session:
        answer = await session.run("\nnull.x")
        assert answer.kind == "exception"
        error = answer.structured["error"]
        assert error["name"] == "TypeError" and error["line"] == 2 and error["column"] > 0
        assert "run_js" in error["stack"]
        assert answer.text.startswith("TypeError: ")


@case
async def syntax_errors(connect: Connect, directory: Path) -> None:
    async with connect("--in-memory") as session:
        assert (await session.run("let = = 1")).kind == "syntax"


@case
async def bad_arguments(connect: Connect, directory: Path) -> None:
    async with connect("--in-memory") as session:
        assert (await session.run(42)).is_error
        for heap in ("../x", "a b", "x" * 129):
            assert (await session.run("1", heap=heap)).is_error
        assert (await session.run("1")).value == 1


@case
async def timeouts(connect: Connect, directory: Path) -> None:
    async with connect("--in-memory") as session:
        await session.run("let n = 1", heap="h")
        assert (await session.run("n = 2; for(;;);", heap="h", timeout_ms=500)).kind == "timeout"
        assert (await session.run("n", heap="h")).value == 1


@case
async def memory_limits(connect: Connect, directory: Path) -> None:
    async with connect("--in-memory", "--heap-mb-max", "64") as session:
        await session.run("let n = 1", heap="h")
        answer = await session.run("const a = []; for(;;) a.push({ n: n++ })", heap="h")
        assert answer.kind == "out_of_memory"
        assert (await session.run("n", heap="h")).value == 1


@case
async def saving(connect: Connect, directory: Path) -> None:
    async with connect("--in-memory") as session:
        await session.run("let n = 1", heap="h")
        assert (await session.run("n = 2", heap="h", save=False)).value == 2
        assert (await session.run("n", heap="h")).value == 1
        assert (await session.run("n = 3; throw 1", heap="h", on_error="rollback")).is_error
        assert (await session.run("n", heap="h")).value == 1
        assert (await session.run("n = 4; throw 1", heap="h", on_error="keep")).is_error
        assert (await session.run("n", heap="h")).value == 4


@case
async def progress(connect: Connect, directory: Path) -> None:
    steps: list[float] = []
    code = (
        "for (let i = 0; i < 25; i++) {"
        "  console.log(i); await new Promise((done) => setTimeout(done, 100))"
        "}")
    async with connect("--in-memory") as session:
        answer = await session.run(code, on_progress=steps.append)
        assert not answer.is_error and len(answer.structured["console"]) == 25
    assert steps and steps == sorted(set(steps))
