"""What /proc says about the processes of a server."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path


def descendants(pid: int) -> list[int]:
    """Every living process below this one, parents before their children."""
    return list(_below(pid))


def workers(server: int) -> list[int]:
    """The processes that run scripts: the template worker's children but the one that holds their
    namespace. Not what they forked."""
    below = _below(server)
    return [pid for pid, parent in below.items()
            if below.get(parent) == server and not is_holder(pid)]


def forks(server: int) -> list[int]:
    """The processes that hold or write a heap's state for a worker, or have outlived one."""
    below = _below(server)
    return [pid for pid, parent in below.items()
            if parent != server and below[parent] != server and not is_holder(pid)]


def template(server: int) -> int | None:
    """The process that workers are forked from: the server's own child."""
    return next((pid for pid, parent in _below(server).items() if parent == server), None)


def exists(pid: int) -> bool:
    """Whether there is such a process, if only for its parent to reap."""
    return Path(f"/proc/{pid}").exists()


def is_running(pid: int) -> bool:
    return _parent_and_state(pid)[1] not in ("Z", "X", "")


def parent(pid: int) -> int | None:
    """The process that forked it; none if it has ended meanwhile."""
    return _parent_and_state(pid)[0] or None


def cpu_ticks(pid: int) -> int:
    """Processor time that a process has used, in clock ticks (commonly 10 ms)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    fields = stat[stat.rindex(")") + 2:].split()
    return int(fields[11]) + int(fields[12])


def wait_until_busy(server: int) -> int:
    """Waits until a worker computes, and returns its id."""
    before = {pid: cpu_ticks(pid) for pid in workers(server)}
    found: list[int] = []

    def is_busy() -> bool:
        found[:] = [pid for pid in workers(server) if cpu_ticks(pid) - before.get(pid, 0) >= 10]
        return bool(found)

    wait_until(is_busy, "a worker computes")
    return found[0]


def memory(pid: int) -> dict[str, int]:
    """Bytes by name: Rss, Pss, Private_Clean, Private_Dirty."""
    sizes = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        name, _, rest = line.partition(":")
        if rest.endswith("kB"):
            sizes[name] = int(rest.split()[0]) * 1024
    return sizes


def wait_until(condition: Callable[[], object], what: str, seconds: float = 10) -> None:
    """Returns when `condition` holds; fails when it does not hold in time.

    The one place where a test sleeps: a test waits for what it needs, never for a while.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.005)


def _below(pid: int) -> dict[int, int]:
    """Every living process below this one, as one look at /proc finds them, with its parent;
    parents before their children."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            parent, state = _parent_and_state(int(entry))
            if state not in ("Z", "X", ""):
                children.setdefault(parent, []).append(int(entry))
    found: dict[int, int] = {}
    open_ends = [pid]
    while open_ends:
        parent = open_ends.pop(0)
        for child in sorted(children.get(parent, [])):
            found[child] = parent
            open_ends.append(child)
    return found


def is_holder(pid: int) -> bool:
    """Whether it only keeps the workers' process namespace."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip() == "mcp-v8-holder"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _parent_and_state(pid: int) -> tuple[int, str]:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0, ""
    state, parent = stat[stat.rindex(")") + 2:].split()[:2]
    return int(parent), state
