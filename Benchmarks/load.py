"""Many callers over HTTP, driven by wrk: throughput by clients, and by heaps."""

from __future__ import annotations

import json
import shutil
import subprocess
from contextlib import ExitStack
from pathlib import Path

from clients import HTTPClient
from measuring import cpu_seconds
from servers import OurServer, PythonServer

SCRIPT = Path(__file__).resolve().parent / "load.lua"
WARM_HEAPS = 8
NODE_CLIENTS_MAX = 4
"""Two cores start no more processes at a time; many clients would only wait past the end."""


class LoadFailed(Exception):
    """wrk did not do what was asked."""


def by_clients(ours: OurServer, clients: list[int], seconds: int) -> dict[str, dict]:
    """Calls for each second, at several numbers of connections, in the order A B A B."""
    rows = {}
    with ExitStack() as stack:
        server = stack.enter_context(ours.http("--in-memory", "--queue-max", "1000"))
        python = stack.enter_context(PythonServer())
        pid, port = server.process.pid, server.port
        prepare(port, WARM_HEAPS)
        works = {
            "list_heaps (no JavaScript)": (pid, port, "list_heaps", '{"limit":1}', 1),
            "1+1 without a heap": (pid, port, "run_js", '{"code":"1+1"}', 1),
            f"n++ on {WARM_HEAPS} warm heaps, commit": (
                pid, port, "run_js", '{"code":"n++","heap":"h%d"}', WARM_HEAPS),
            "Python: a tool that does nothing": (
                python.process.pid, python.port, "nothing", "{}", 1),
            "Python: 1+1 by node per call": (
                python.process.pid, python.port, "node", '{"code":"1+1"}', 1),
        }
        if ours.knows("--durability"):
            relaxed = stack.enter_context(
                ours.http("--in-memory", "--queue-max", "1000", *ours.relaxed))
            prepare(relaxed.port, WARM_HEAPS)
            works[f"n++ on {WARM_HEAPS} warm heaps, relaxed"] = (
                relaxed.process.pid, relaxed.port, "run_js", '{"code":"n++","heap":"h%d"}',
                WARM_HEAPS)
        for count in clients:
            for name, work in works.items():
                if work[2] == "node" and count > NODE_CLIENTS_MAX:
                    continue
                rows[f"{name} / {count}"] = {"clients": count, **load(*work, count, seconds)}
    return rows


def by_heaps(ours: OurServer, heaps: list[int], clients: int, seconds: int) -> dict[str, dict]:
    """Throughput as the number of heaps grows that the clients go around on."""
    rows = {}
    with ours.http("--in-memory", "--queue-max", "1000") as server:
        for count in heaps:
            prepare(server.port, count)
            rows[f"{count} heaps"] = {"heaps": count, "clients": clients, **load(
                server.process.pid, server.port, "run_js", '{"code":"n++","heap":"h%d"}', count,
                clients, seconds)}
    return rows


def prepare(port: int, heaps: int) -> None:
    """Makes the heaps that a load goes around on."""
    with HTTPClient(port) as client:
        for number in range(heaps):
            client.call("run_js", code="globalThis.n ??= 0; n++", heap=f"h{number}")


def load(pid: int, port: int, tool: str, arguments: str, heaps: int, clients: int,
         seconds: int) -> dict:
    """What wrk counted, and the server's processor time for each call."""
    wrk = shutil.which("wrk")
    if wrk is None:
        raise LoadFailed("there is no wrk: install it with scripts/install-dependencies")
    before = sum(cpu_seconds(pid))
    run = subprocess.run(
        [wrk, "-t1", f"-c{clients}", f"-d{seconds}s", "--timeout", "60s", "-s", str(SCRIPT),
         f"http://127.0.0.1:{port}/mcp", "--", tool, arguments, str(heaps)],
        capture_output=True, text=True, timeout=seconds + 90)
    cpu = sum(cpu_seconds(pid)) - before
    lines = [line for line in run.stdout.splitlines() if line.startswith("JSON ")]
    if run.returncode or not lines:
        raise LoadFailed(run.stdout + run.stderr)
    row = json.loads(lines[0][5:])
    if row["bad"]:
        row["sample_of_bad"] = run.stdout.partition("SAMPLE ")[2].strip()[:300]
    if row["calls"]:
        row["cpu_ms"] = round(cpu / row["calls"] * 1e3, 4)
    return row
