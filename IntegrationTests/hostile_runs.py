"""Runs hostile scripts against servers, and says what each of them did that it must not.

The scripts of data/hostile-classes.jsonl, or scripts that a seed composes of their pieces. For the
composed ones see `composed`: the same seed makes the same script, in every place.
"""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from data_files import cases
from processes import descendants, is_running, wait_until
from raw_client import NoAnswer, Server, ServerEnded, ToolResult

# How a script may end that has no value; `storage`, as what ends when its time is almost over may
# not be stored in it.
CLEAR = {
    "exception", "syntax", "timeout", "out_of_memory", "output_limit", "not_serializable",
    "storage"}
# After these the heap is worth nothing to the test any more, but the server must be.
LOST = {"worker_lost", "quarantined"}
GRACE_SECONDS = 3.0
"""What a script may take over its deadline: half a second until it is killed, and the machine."""
CANARY = 7


@dataclass(frozen=True)
class Script:
    name: str
    code: str


@dataclass
class Verdict:
    """What became of some scripts."""

    kinds: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    slowest: float = 0
    count: int = 0

    def __add__(self, other: Verdict) -> Verdict:
        return Verdict(
            self.kinds + other.kinds, self.faults + other.faults, self.lost + other.lost,
            max(self.slowest, other.slowest), self.count + other.count)


def listed() -> list[Script]:
    """Every script of the list."""
    return [Script(name, case["code"]) for name, case in cases("hostile-classes.jsonl").items()]


def exhausting() -> list[Script]:
    """Every script of the other list, which hang, flood or exhaust."""
    return [Script(name, case.get("setup", case.get("code")))
            for name, case in cases("hostile.jsonl").items()]


# -- Composed scripts

SABOTAGE_CLASSES = ("internal lookups", "redefined globals", "prototype pollution", "symbols")
WRAPS = (
    "{0}", "{{ {0} }}", "try {{ {0} }} finally {{ globalThis.z0 = 1 }}", "eval({1})",
    "(0, eval)({1})", "new Function({1})()", "(() => {{ {0} }})()", "(async () => {{ {0} }})()",
    "await (async () => {{ {0} }})()", "setTimeout(() => {{ {0} }}, 0)",
    "queueMicrotask(() => {{ {0} }})", "[...(function* () {{ {0}; yield 1 }})()]",
    "({{ get a() {{ {0} }} }}).a", "console.log({{ get a() {{ {0} }} }})",
    "JSON.stringify({{ toJSON() {{ {0} }} }})", "`${{{{ toString() {{ {0} }} }}}}`",
    "class K {{ static {{ {0} }} }}", "new Proxy({{}}, {{ get() {{ {0} }} }}).a",
    "[2, 1].sort(() => {{ {0} }})", "await {{ then(r) {{ r(1); {0} }} }}",
    "'a'.replace(/a/, () => {{ {0} }})", "Promise.reject(1).catch(() => {{ {0} }})",
    "throw {{ get message() {{ {0} }} }}", "structuredClone({{ get a() {{ {0} }} }})",
    "globalThis.kept = () => {{ {0} }}; kept()", "with ({{}}) {{ {0} }}",
)


def composed(seed: int) -> Script:
    """The script of a seed: sabotage first, then one or two pieces in one or two wraps."""
    choose = random.Random(seed)
    by_class: dict[str, list[str]] = {}
    for case in cases("hostile-classes.jsonl").values():
        by_class.setdefault(case["class"], []).append(case["code"])
    parts = []
    for _ in range(choose.randrange(3)):
        parts.append(choose.choice(by_class[choose.choice(SABOTAGE_CLASSES)]))
    for _ in range(choose.randrange(1, 3)):
        # What only takes time or memory has its own list, and would fill the hours here.
        fast = [name for name in by_class if name not in ("time", "memory")]
        group = choose.choice(fast) if choose.random() < 0.95 else choose.choice(["time", "memory"])
        piece = choose.choice(by_class[group])
        for _ in range(choose.randrange(3)):
            piece = choose.choice(WRAPS).format(piece, json.dumps(piece))
        parts.append(piece)
    return Script(f"seed {seed}", ";\n".join(parts))


# -- Running them

class Target:
    """A server with a heap for the scripts and one that none of them may reach."""

    def __init__(self, command: list[str | Path], timeout_ms: int):
        self.timeout_ms = timeout_ms
        self.server = Server(
            *command, "--in-memory", "--workers-max", "4", "--log-level", "error")
        for heap in ("base", "canary"):
            assert self.server.run(f"globalThis.n = {CANARY}; n", heap=heap).value == CANARY
        self.restore()

    def restore(self) -> None:
        """Gives the scripts' heap the state that it had before all of them."""
        arguments = {"source": "base", "target": "prey", "replace": True}
        self.version = self._tool("fork_heap", arguments)["version"]

    def judge(self, script: Script, verdict: Verdict) -> None:
        """Runs a script and looks at what is left."""
        began = time.monotonic()
        result = self.server.run(script.code, heap="prey", timeout_ms=self.timeout_ms, seconds=60)
        seconds = time.monotonic() - began
        verdict.slowest = max(verdict.slowest, seconds)
        verdict.count += 1
        verdict.kinds[result.kind if result.is_error else "value"] += 1
        for fault in self._faults(script, result, seconds, verdict):
            verdict.faults.append(f"{script.name}: {fault}: {script.code[:300]!r}")

    def _faults(self, script, result, seconds, verdict) -> Iterator[str]:
        limit = self.timeout_ms / 1000 + GRACE_SECONDS
        if seconds > limit:
            yield f"took {seconds:.2f} s of {limit} s"
        if result.is_error and result.kind in LOST:
            message = result.error["message"][:200]
            verdict.lost.append(f"{script.name}: {message}: {script.code[:200]!r}")
        elif result.is_error:
            if result.kind not in CLEAR or not result.text:
                yield f"ended as {result}"
        after = self.server.run("n", heap="prey", save=False, seconds=60)
        if result.is_error:
            if after.is_error or after.value != CANARY:
                yield f"the heap is not as before: {after}"
            elif after.structured["version"] != self.version:
                yield "the heap has another version"
        else:
            # It is as the script wanted it; but it can be opened.
            if after.is_error and after.kind not in CLEAR:
                yield f"the next call was answered with {after}"
            self.restore()
        canary = self.server.run("n", heap="canary", save=False, seconds=60)
        if canary.is_error or canary.value != CANARY:
            yield f"another heap is not as before: {canary}"
        if result.is_error and result.kind in LOST:
            self.restore_for_good()

    def restore_for_good(self) -> None:
        """The same where the heap may be quarantined."""
        self._tool("delete_heap", {"heap": "prey"})
        self.restore()

    def footprint(self) -> tuple[int, int, int]:
        """The server's descriptors, its processes and its resident kilobytes."""
        pid = self.server.pid
        status = Path(f"/proc/{pid}/status").read_text()
        resident = int(status.split("VmRSS:")[1].split()[0])
        return len(list(Path(f"/proc/{pid}/fd").iterdir())), len(descendants(pid)), resident

    def _tool(self, name: str, arguments: dict) -> dict:
        result = ToolResult(
            self.server.result("tools/call", {"name": name, "arguments": arguments}))
        assert not result.is_error, result
        return result.structured


def run(
    binary: Path, scripts: Iterable[Script], timeout_ms: int, servers: int = 2,
    prefix: tuple[str, ...] = (),
) -> Verdict:
    """Runs scripts on several servers at the same time; `prefix` is a command that starts one."""
    everything = list(scripts)
    shares = [everything[index::servers] for index in range(servers)]
    command = [*prefix, binary]
    with ThreadPoolExecutor(servers) as pool:
        return sum(
            pool.map(lambda share: _run_share(command, share, timeout_ms), shares), Verdict())


def _run_share(command: list[str | Path], share: list[Script], timeout_ms: int) -> Verdict:
    verdict = Verdict()
    target = Target(command, timeout_ms)
    below: list[int] = []
    before = target.footprint()
    try:
        for script in share:
            try:
                target.judge(script, verdict)
            except (NoAnswer, ServerEnded, BrokenPipeError, AssertionError) as failure:
                verdict.faults.append(f"{script.name}: {failure}: {script.code[:300]!r}")
                target.server.kill()
                target = Target(command, timeout_ms)
                before = target.footprint()
        descriptors, processes, resident = target.footprint()
        below = descendants(target.server.pid)
        # Four workers, each with three descriptors, come and go; a leak would be one for each run.
        if descriptors > before[0] + 16 or processes > 8:
            verdict.faults.append(f"from {before} to {descriptors, processes} at the end")
        if resident > before[2] + 200_000:
            verdict.faults.append(f"the server grew from {before[2]} to {resident} kB")
    finally:
        target.server.__exit__()
    try:
        wait_until(lambda: not any(map(is_running, below)), "the end of every process")
    except AssertionError:
        left = [pid for pid in below if is_running(pid)]
        verdict.faults.append(f"processes outlived their server: {left}")
    return verdict
