"""Judges recorded calls on one heap: was every acknowledged run kept, in an order that explains
every result?

For any test that lets many clients write to one heap through several servers, whatever the
storage is. `fleet.py` makes such calls; the parts here know nothing of servers:

    state = State()                         # a heap nobody has run anything on
    client.run(commit_code(7), heap="h")    # → [1, sum]: how many runs, and a sum of their ids
    client.run(READ_CODE, heap="h", save=False)
    problems(calls, history) == []          # a text for each thing that cannot be explained

Each run has an id of its own. It is the first thing in its code, so that the history of the
heap tells which runs are in it and in which order; and what a run returns depends on every run
before it and on their order. Times are of one clock for all calls.

Standard library only.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

_MODULUS = 2**31 - 1
READ_CODE = "[globalThis.n ?? 0, globalThis.sum ?? 7]"


class Outcome(Enum):
    COMMITTED = "committed"
    """Acknowledged: it must be in the history."""
    READ = "read"
    """Saw a state and changed nothing."""
    REFUSED = "refused"
    """Failed for good: it must not be in the history."""
    UNKNOWN = "unknown"
    """Nobody was told: it may be in the history or not."""


@dataclass(frozen=True)
class State:
    """What a heap holds after some runs."""

    count: int = 0
    sum: int = 7

    def after(self, id: int) -> State:
        return State(self.count + 1, (self.sum * 31 + id) % _MODULUS)


@dataclass(frozen=True)
class Call:
    """One call as its client saw it."""

    id: int
    outcome: Outcome
    began: float
    ended: float
    seen: State | None = None
    """What it returned, where it returned something."""
    version: str | None = None
    """The version it was told, where it committed."""
    note: str = ""

    def __str__(self) -> str:
        return f"call {self.id} ({self.outcome.value}, {self.began:.3f}–{self.ended:.3f})"


@dataclass(frozen=True)
class Version:
    """One version of the heap as the server tells of it afterwards."""

    version: str
    parent: str | None
    id: int | None
    """The id of the run that made it."""

    @classmethod
    def of(cls, json: dict) -> Version:
        """From an entry of `heap_history`."""
        found = re.match(r"/\*(\d+)\*/", json["code"])
        return cls(json["version"], json.get("parent"), int(found[1]) if found else None)


def commit_code(id: int) -> str:
    """A run that depends on all before it."""
    return (
        f"/*{id}*/ globalThis.n = (globalThis.n ?? 0) + 1;"
        f" globalThis.sum = ((globalThis.sum ?? 7) * 31 + {id}) % {_MODULUS}; [n, sum]")


def problems(calls: Iterable[Call], history: Sequence[Version]) -> list[str]:
    """What cannot be explained, as texts; none if all is well.

    `history` is whole and begins with the first version.
    """
    calls = list(calls)
    found = _chain_problems(history)
    states, places = [State()], {}
    for version in history:
        states.append(states[-1].after(version.id or 0))
        if version.id in places:
            found.append(f"run {version.id} is in the history twice")
        places[version.id] = states[-1].count
    by_id = {call.id: call for call in calls}
    for id in places:
        call = by_id.get(id)
        if call is None:
            found.append(f"run {id} is in the history and nobody asked for it")
        elif call.outcome in (Outcome.REFUSED, Outcome.READ):
            found.append(f"{call} is in the history ({call.note})")
    for call in calls:
        found += _result_problems(call, history, states, places)
    if not found:
        found += _order_problems(calls, places)
    return found


def _chain_problems(history: Sequence[Version]) -> list[str]:
    found, parent = [], None
    for version in history:
        if version.parent != parent:
            found.append(f"{version.version} has the parent {version.parent}, not {parent}")
        parent = version.version
    return found


def _result_problems(
    call: Call, history: Sequence[Version], states: list[State], places: dict,
) -> list[str]:
    if call.outcome is Outcome.COMMITTED:
        place = places.get(call.id)
        if place is None:
            return [f"{call} was acknowledged and is lost"]
        if history[place - 1].version != call.version:
            return [f"{call} was told {call.version} and is {history[place - 1].version}"]
        if call.seen != states[place]:
            return [f"{call} returned {call.seen}; its place explains {states[place]}"]
    elif call.outcome is Outcome.READ:
        if not (0 <= call.seen.count < len(states) and states[call.seen.count] == call.seen):
            return [f"{call} saw {call.seen}, which the heap never was"]
    return []


def _order_problems(calls: list[Call], places: dict) -> list[str]:
    """A call that began after another had ended comes after it."""
    placed = []
    for call in calls:
        if call.outcome is Outcome.READ:
            placed.append((call, call.seen.count))
        elif call.id in places:
            placed.append((call, places[call.id]))
    by_end = sorted(
        ((math.inf if c.outcome is Outcome.UNKNOWN else c.ended, p, c) for c, p in placed),
        key=lambda entry: entry[:2])
    found, next_end, latest = [], 0, (0, None)
    for call, place in sorted(placed, key=lambda entry: entry[0].began):
        while next_end < len(by_end) and by_end[next_end][0] < call.began:
            latest = max(latest, by_end[next_end][1:], key=lambda entry: entry[0])
            next_end += 1
        # A commit is a state of its own; a read may see what was seen or made before it.
        is_early = place < latest[0] + (call.outcome is not Outcome.READ)
        if latest[1] is not None and is_early:
            found.append(f"{call} is at {place}, though {latest[1]} at {latest[0]} had ended")
    return found
