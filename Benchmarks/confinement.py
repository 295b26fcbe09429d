"""What confinement costs: python3 Benchmarks/confinement.py FOLDER [--rounds N] [--json FILE].

FOLDER has the two built programs. Everything is measured with `--sandbox on` and `off` in turn, so
that what drifts hits both: trust the differences and ratios. Standard library only; `strace` for
the namespaces.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "IntegrationTests"))

from processes import template as template_of  # noqa: E402
from programs import library  # noqa: E402
from raw_client import Server  # noqa: E402
from worker_driver import Template  # noqa: E402

LEVELS = ("on", "off")
PROGRAMS = {
    "numbers": "let s = 0; for (let i = 0; i < 2e7; i++) s = (s + i * i) % 1000003; s",
    "objects": "let o = []; for (let i = 0; i < 3e5; i++) o.push({i, t: 'x' + i}); o.length",
    "text": "let t = ''; for (let i = 0; i < 4e5; i++) t += i; t.replace(/1(\\d)/g, '$1').length",
    "json": "JSON.parse(JSON.stringify(Array.from({length: 1e5}, (_, i) => ({i})))).length",
    "buffers": "let n = 0; for (let i = 0; i < 300; i++) n += new Uint8Array(1e6).fill(i)[9]; n",
}
HEAP = "globalThis.n = (globalThis.n ?? 0) + 1"


def template(program: Path, level: str) -> Template:
    """As the server starts it."""
    return Template(
        program, "--heap-byte-count-max", str(256 << 20), "--mode", "jit", "--sandbox", level,
        "--time-zone", "UTC")


def milliseconds(work) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1e3


def starts(program: Path, rounds: int) -> dict[str, list[float]]:
    """From the start of a template to its being ready: V8's start, the layers and their proof."""
    taken: dict[str, list[float]] = {level: [] for level in LEVELS}
    for _ in range(rounds):
        for level in LEVELS:
            began = time.perf_counter()
            one = template(program, level)
            taken[level].append((time.perf_counter() - began) * 1e3)
            one.close()
    return taken


def workers(program: Path, rounds: int) -> dict[str, list[float]]:
    """From asking for a worker to its first answer: the fork, the lock-down, and a small script."""
    taken: dict[str, list[float]] = {level: [] for level in LEVELS}
    templates = {level: template(program, level) for level in LEVELS}
    for round in range(rounds + 5):
        for level, one in templates.items():
            began = time.perf_counter()
            worker = one.start()
            assert worker.evaluate("1").kind == "value"
            if round >= 5:
                taken[level].append((time.perf_counter() - began) * 1e3)
            one.kill(worker.number)
            one.ending(worker.number)
            worker.close()
    for one in templates.values():
        one.close()
    return taken


def processor_ms(template_pid: int) -> float:
    """Processor time of a template and of all workers that it has reaped."""
    stat = Path(f"/proc/{template_pid}/stat").read_text()
    fields = stat[stat.rindex(")") + 2:].split()
    return sum(int(fields[number]) for number in range(11, 15)) * 1e3 / os.sysconf("SC_CLK_TCK")


def runs(binary: Path, rounds: int, *options: str) -> dict[str, dict[str, list[float]]]:
    """Processor time of programs that compute, without heaps, and the time that a heap takes that
    is saved, through servers. Processor time is what another load on the machine changes least."""
    servers = {level: Server(binary, "--in-memory", "--sandbox", level, *options)
               for level in LEVELS}
    taken = {name: {level: [] for level in LEVELS} for name in (*PROGRAMS, "saved heap")}
    try:
        for server in servers.values():
            server.run("1")
        for name, by_level in taken.items():
            for level, server in list(servers.items()) * rounds:
                if name == "saved heap":
                    spent = milliseconds(lambda: server.run(HEAP, heap="h").value)
                else:
                    pid = template_of(server.pid)
                    before = processor_ms(pid)
                    server.run(PROGRAMS[name]).value
                    # A worker counts once it is reaped.
                    time.sleep(0.05)
                    spent = processor_ms(pid) - before
                by_level[level].append(spent)
    finally:
        for server in servers.values():
            server.close()
    return taken


def strict(binary: Path, rounds: int) -> dict[str, list[float]]:
    """A small run without a heap, forked or started by itself; spares are there in both."""
    ways = {"forked": (), "strict": ("--strict",)}
    servers = {way: Server(binary, "--in-memory", *options) for way, options in ways.items()}
    taken: dict[str, list[float]] = {way: [] for way in ways}
    try:
        for round in range(rounds + 2):
            for way, server in servers.items():
                spent = milliseconds(lambda: server.run("1").value)
                if round >= 2:
                    taken[way].append(spent)
    finally:
        for server in servers.values():
            server.close()
    return taken


def namespaces(binary: Path) -> float:
    """All calls of a template between its first `unshare` and its last step into an empty root, as
    strace times them; what strace itself takes is in it."""
    with tempfile.NamedTemporaryFile("r") as log:
        server = Server(
            "strace", "-f", "-T", "-ttt", "-qq", "-o", log.name, "-e",
            "trace=unshare,mount,umount2,pivot_root,setresuid", binary, "--in-memory")
        with server:
            assert server.run("1").value == 1
        lines = Path(log.name).read_text().splitlines()
    spent = [float(found[1]) for line in lines
             if not re.search(r"setresuid", line) and (found := re.search(r"<([\d.]+)>$", line))]
    return sum(spent) * 1e3


def compared(taken: dict[str, list[float]]) -> dict[str, float]:
    (one, first), (other, second) = taken.items()
    pairs = [a / max(b, 1e-3) for a, b in zip(first, second)]
    return {
        f"{one}_ms": round(statistics.median(first), 3),
        f"{other}_ms": round(statistics.median(second), 3),
        "difference_ms": round(statistics.median(a - b for a, b in zip(first, second)), 3),
        "ratio": round(statistics.median(pairs), 4), "pairs": len(pairs),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where mcp-v8 and its worker are")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    folder = options.folder.resolve()
    binary = folder / "mcp-v8"
    program = library(binary)
    found: dict[str, object] = {
        "template, start to ready": compared(starts(program, max(5, options.rounds // 4))),
        "worker, asked for to first answer": compared(workers(program, options.rounds * 5)),
        "run without a heap": compared(strict(binary, options.rounds)),
    }
    taken = runs(binary, options.rounds)
    for name, by_level in taken.items():
        found[f"run: {name}"] = compared(by_level)
    try:
        found["calls for namespaces, under strace, ms"] = round(namespaces(binary), 3)
    except FileNotFoundError:
        found["calls for namespaces, under strace, ms"] = "strace is missing"
    sums = {level: sum(sum(taken[name][level]) for name in PROGRAMS) for level in LEVELS}
    found["programs together, processor time, on to off"] = round(sums["on"] / sums["off"], 4)
    for name, row in found.items():
        print(f"{name:40} {json.dumps(row)}")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
