"""Several servers on one storage, many clients, and servers that are killed at random.

    with Fleet(binary, ["--directory-path", path], servers=3) as fleet:
        record = fleet.exercise(clients=30, heaps=3, seconds=60, seed=1)
    record.assert_explained()

What the storage is, the options say. `history_checker.py` judges what was recorded.
Standard library only.
"""

from __future__ import annotations

import http.client
import itertools
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

# Whether these have taken place nobody knows; every other failure is one for good.
_UNKNOWN_KINDS = ("storage", "cancelled")


@dataclass
class Record:
    """What clients saw, and what the servers say of it afterwards."""

    calls: dict[str, list[Call]] = field(default_factory=dict)
    histories: dict[str, list[Version]] = field(default_factory=dict)
    conflicts: list[str] = field(default_factory=list)
    kills: int = 0

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

    def __str__(self) -> str:
        counts = {outcome.value: self.count(outcome) for outcome in Outcome}
        return f"{counts}, {self.kills} kills, {dict(self.notes())}"


class Fleet:
    """Servers on one storage."""

    def __init__(self, binary: Path, options: list[object], *, servers: int):
        self._command = (binary, "--http-port", "0", "--keep-versions", "10000", *options)
        self._servers = [HTTPServer(*self._command) for _ in range(servers)]
        self._ids = itertools.count(1)
        self._lock = threading.Lock()

    def exercise(
        self, *, clients: int, heaps: int, seconds: float, seed: int, kill_pause: float = 1.0,
    ) -> Record:
        """Lets clients write and read until the time is over, and reads the histories."""
        record = Record(calls={f"h{number}": [] for number in range(heaps)})
        end = time.monotonic() + seconds
        for server in self._servers:
            server.ports()
        threads = [
            threading.Thread(target=self._call, args=(record, end, random.Random(seed * 1000 + n)))
            for n in range(clients)]
        for thread in threads:
            thread.start()
        self._kill(record, end, random.Random(seed), kill_pause)
        for thread in threads:
            thread.join()
        for heap in record.calls:
            record.histories[heap] = self.history(heap)
        return record

    def history(self, heap: str) -> list[Version]:
        """All versions of a heap, the first one first."""
        found: list[dict] = []
        reference, end = heap, "limit"
        with Client(self._servers[0].port) as client:
            while end == "limit":
                page = _tool(client, "heap_history", heap=reference, limit=1000).structured
                found += page["versions"]
                end = page["end"]
                reference = found[-1].get("parent", "")
        assert end == "first_run", f"the history of {heap} ends with {end}"
        return [Version.of(entry) for entry in reversed(found)]

    def _kill(self, record: Record, end: float, delays: random.Random, pause: float) -> None:
        while (left := end - time.monotonic()) > 0:
            threading.Event().wait(min(left, delays.uniform(0.2, 2) * pause))
            index = delays.randrange(len(self._servers))
            old = self._servers[index]
            old.process.kill()
            old.process.wait()
            old.process.stdout.close()
            record.kills += 1
            new = HTTPServer(*self._command)
            new.ports()
            self._servers[index] = new

    def _call(self, record: Record, end: float, choices: random.Random) -> None:
        client: Client | None = None
        while time.monotonic() < end:
            if client is None or choices.random() < 0.1:
                if client:
                    client.close()
                client = Client(choices.choice(self._servers).port)
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
    """Makes one call; none where a read was not answered, and the text of a conflict."""
    code = READ_CODE if is_read else commit_code(id)
    try:
        result = client.run(code, heap=heap, save=not is_read)
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
