"""Several servers on one storage, many clients, and servers that are killed at random.

    with Fleet(binary, ["--directory-path", path]) as fleet:
        record = fleet.exercise()
    record.assert_explained()
    record.assert_enough()

What the storage is, the options say. `history_checker.py` judges what was recorded. It takes
MCP_V8_FLEET_SECONDS, and on until enough has happened to be judged, be the machine ever so slow.
Standard library only.
"""

from __future__ import annotations

import http.client
import itertools
import os
import random
import re
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from history_checker import (
    READ_CODE, Call, Outcome, State, Version, commit_code, problems)
from http_client import Client, HTTPServer, modern_headers
from raw_client import ToolResult, modern_meta

SECONDS = float(os.environ.get("MCP_V8_FLEET_SECONDS", "12"))
CLIENTS = int(os.environ.get("MCP_V8_FLEET_CLIENTS", "30"))
SEED = int(os.environ.get("MCP_V8_FLEET_SEED", random.SystemRandom().randrange(1_000_000)))
SERVER_COUNT = 3
HEAP_COUNT = 3

SECONDS_MAX = 300.0 + SECONDS
"""When it is over even if too little has happened."""
COMMITTED_MIN, READ_MIN, KILLS_MIN = 20, 5, 2
HISTORY_SECONDS = 60.0
"""How long a storage that is not there for the moment is asked again for a history."""

# Whether these have taken place nobody knows; every other failure is one for good.
_UNKNOWN_KINDS = ("storage", "cancelled")


@dataclass
class Record:
    """What clients saw, and what the servers say of it afterwards."""

    calls: dict[str, list[Call]] = field(default_factory=dict)
    histories: dict[str, list[Version]] = field(default_factory=dict)
    conflicts: list[str] = field(default_factory=list)
    kills: int = 0
    seconds: float = 0.0

    def is_enough(self) -> bool:
        return (
            self.count(Outcome.COMMITTED) >= COMMITTED_MIN
            and self.count(Outcome.READ) >= READ_MIN and self.kills >= KILLS_MIN)

    def count(self, outcome: Outcome) -> int:
        return sum(call.outcome is outcome for calls in self.calls.values() for call in calls)

    def notes(self) -> Counter:
        return Counter(call.note for calls in self.calls.values() for call in calls if call.note)

    def assert_explained(self) -> None:
        for heap, calls in self.calls.items():
            found = problems(calls, self.histories[heap])
            assert not found, f"{heap}: {len(found)} problems\n" + "\n".join(found[:20])
        for text in self.conflicts:
            assert re.search(r"expected (at [0-9a-f]{8,}|absent), but it is at [0-9a-f]{8,}", text)
            assert re.search(r"kept as version [0-9a-f]{64}", text), text

    def assert_enough(self) -> None:
        assert self.is_enough(), f"too little to judge: {self}"

    def __str__(self) -> str:
        counts = {outcome.value: self.count(outcome) for outcome in Outcome}
        kept = sum(len(history) for history in self.histories.values())
        return (
            f"seed {SEED}, {self.seconds:.0f} s: {counts}, {self.kills} kills, {kept} versions, "
            f"{dict(self.notes())}")


class Fleet:
    """Servers on one storage."""

    def __init__(self, binary: Path, options: list[object]):
        self._command = (binary, "--http-port", "0", "--keep-versions", "10000", *options)
        self._servers = [HTTPServer(*self._command) for _ in range(SERVER_COUNT)]
        self._ids = itertools.count(1)
        self._lock = threading.Lock()
        self._is_over = threading.Event()

    def exercise(self) -> Record:
        """Lets clients write and read while servers are killed, and reads the histories."""
        record = Record(calls={f"h{number}": [] for number in range(HEAP_COUNT)})
        for server in self._servers:
            server.ports()
        began = time.monotonic()
        threads = [
            threading.Thread(target=self._call, args=(record, random.Random(SEED * 1000 + n)))
            for n in range(CLIENTS)]
        for thread in threads:
            thread.start()
        try:
            self._kill(record, began, random.Random(SEED))
        finally:
            self._is_over.set()
            for thread in threads:
                thread.join()
        record.seconds = time.monotonic() - began
        for heap in record.calls:
            record.histories[heap] = self.history(heap)
        return record

    def history(self, heap: str) -> list[Version]:
        """All versions of a heap, the first one first; none of a heap that there is not."""
        found: list[dict] = []
        reference, end = heap, "limit"
        with Client(self._servers[0].port) as client:
            while end == "limit":
                page = _history_page(client, reference)
                if page is None:
                    assert not found, f"{reference}, a parent in the history of {heap}, is gone"
                    return []
                found += page["versions"]
                end = page["end"]
                reference = found[-1].get("parent", "")
        assert end == "first_run", f"the history of {heap} ends with {end}"
        return [Version.of(entry) for entry in reversed(found)]

    def _kill(self, record: Record, began: float, delays: random.Random) -> None:
        """Kills servers and starts others in their place, until it is time and enough."""
        while (took := time.monotonic() - began) < SECONDS_MAX:
            if took >= SECONDS and self._locked(record.is_enough):
                return
            left = SECONDS - took if took < SECONDS else SECONDS_MAX - took
            self._is_over.wait(min(left, delays.uniform(0.2, 2)))
            index = delays.randrange(SERVER_COUNT)
            old = self._servers[index]
            assert old.process.poll() is None, f"a server ended by itself\n{old.stderr()}"
            old.process.kill()
            old.process.wait()
            old.process.stdout.close()
            record.kills += 1
            new = HTTPServer(*self._command)
            try:
                new.ports()
            finally:
                self._servers[index] = new

    def _locked(self, body):
        with self._lock:
            return body()

    def _port(self, choices: random.Random) -> int:
        """The port of a server that listens: all but one do."""
        return choices.choice([s for s in self._servers if s.process.poll() is None]).port

    def _call(self, record: Record, choices: random.Random) -> None:
        client: Client | None = None
        while not self._is_over.is_set():
            if client is None or choices.random() < 0.1:
                if client:
                    client.close()
                client = Client(self._port(choices))
            heap = choices.choice(list(record.calls))
            with self._lock:
                id = next(self._ids)
            began = time.monotonic()
            is_read = choices.random() < 0.25
            call, conflict = _called(client, id, heap, began, is_read)
            if call is None:
                continue
            with self._lock:
                record.calls[heap].append(call)
                if conflict:
                    record.conflicts.append(conflict)
            if call.outcome is Outcome.UNKNOWN:
                client.close()
                client = None
        if client:
            client.close()

    def __enter__(self) -> Fleet:
        return self

    def __exit__(self, *exception: object) -> None:
        for server in self._servers:
            server.__exit__()


def _called(
    client: Client, id: int, heap: str, began: float, is_read: bool,
) -> tuple[Call | None, str | None]:
    """Makes one call; none where nobody was asked, and the text of a conflict."""
    code = READ_CODE if is_read else commit_code(id)
    try:
        result = client.run(code, heap=heap, save=not is_read)
    except ConnectionRefusedError:
        # Of a server that was killed; another is tried.
        client.close()
        return None, None
    except (OSError, http.client.HTTPException, AssertionError, ValueError) as error:
        unknown = Call(id, Outcome.UNKNOWN, began, time.monotonic(), note=type(error).__name__)
        return unknown, None
    ended = time.monotonic()
    if result.is_error:
        kind = result.kind
        outcome = Outcome.UNKNOWN if kind in _UNKNOWN_KINDS else Outcome.REFUSED
        text = result.error["message"] if kind == "conflict" else None
        return Call(id, outcome, began, ended, note=kind), text
    seen = State(*result.value)
    if is_read:
        return Call(id, Outcome.READ, began, ended, seen), None
    version = result.structured["version"]
    return Call(id, Outcome.COMMITTED, began, ended, seen, version), None


def _tool(client: Client, name: str, **arguments: object) -> ToolResult:
    params = {"name": name, "arguments": arguments, "_meta": modern_meta()}
    reply = client.post(client.message("tools/call", params), modern_headers("tools/call", name))
    return reply.tool_result


def _history_page(client: Client, reference: str) -> dict | None:
    """Versions from a reference on; none where there is nothing of that name."""
    deadline = time.monotonic() + HISTORY_SECONDS
    while True:
        result = _tool(client, "heap_history", heap=reference, limit=1000)
        if not result.is_error:
            return result.structured
        if result.kind == "not_found":
            return None
        # Of a storage that is slow it may be known a moment later.
        is_transient = result.kind == "storage" and time.monotonic() < deadline
        assert is_transient, f"no history of {reference}: {result.kind}: {result.text}"
