#!/usr/bin/env python3
"""Runs every benchmark, or some, and writes results.json into a folder. Judges nothing.

Usage: run.py [--quick] [--only PART]... [--server FILE] [--results FOLDER]
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import calls
import compute
import floor
import heaps
import load
import stores
from measuring import Budget
from servers import OurServer, deno, nodes

REPOSITORY = Path(__file__).resolve().parent.parent


@dataclass
class Scale:
    """How much is measured."""

    starts: int
    call: Budget
    storage: Budget
    cold_heaps: int
    size: Budget
    megabytes: list[float]
    clients: list[int]
    load_seconds: int
    heap_counts: list[int]
    compute_rounds: int
    floor_repeats: int
    warm_heaps: int


FULL = Scale(
    starts=10, call=Budget(4, 2.0), storage=Budget(3, 1.5), cold_heaps=40,
    size=Budget(2, 3.0, warm_up=1, count_min=2), megabytes=[0.5, 9, 26, 100],
    clients=[1, 4, 16, 64], load_seconds=2, heap_counts=[1, 16, 100, 1000], compute_rounds=5,
    floor_repeats=30, warm_heaps=12)
QUICK = Scale(
    starts=2, call=Budget(2, 0.3, warm_up=2), storage=Budget(1, 0.2), cold_heaps=5,
    size=Budget(1, 0.2, warm_up=1, count_min=2), megabytes=[0.5, 9], clients=[1, 16],
    load_seconds=1, heap_counts=[1, 16], compute_rounds=1, floor_repeats=5, warm_heaps=4)


def parts(ours: OurServer, scale: Scale) -> dict[str, Callable[[], dict]]:
    """What can be run by itself, by name, in the order of the report."""
    return {
        "start": lambda: calls.starts(ours, scale.starts),
        "stdio": lambda: calls.one_caller(ours, "stdio", scale.call),
        "http": lambda: calls.one_caller(ours, "HTTP", scale.call),
        "clients": lambda: load.by_clients(ours, scale.clients, scale.load_seconds),
        "many-heaps": lambda: load.by_heaps(ours, scale.heap_counts, 16, scale.load_seconds),
        "storages": lambda: _storages(ours, scale),
        "sizes": lambda: heaps.sizes(ours, scale.megabytes, scale.size),
        "compute": lambda: compute.compute(ours, scale.compute_rounds),
        "memory": lambda: heaps.memory_use(ours, scale.warm_heaps),
        "floor": lambda: floor.floor([floor.EMPTY_MIB, 0.9, *scale.megabytes[1:]],
                                     scale.floor_repeats),
    }


def _storages(ours: OurServer, scale: Scale) -> dict:
    with ExitStack() as stack:
        found, missing = stores.available(ours, stack)
        rows = heaps.storages(ours, found, scale.storage, scale.cold_heaps)
    return rows | {f"warm, {name}": {"missing": why} for name, why in missing.items()}


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--quick", action="store_true", help="a minute instead of eight")
    options.add_argument("--only", action="append", default=[], metavar="PART",
                         help="a part to run; several are several options")
    options.add_argument("--server", type=Path, default=REPOSITORY / ".build/release/mcp-v8")
    options.add_argument("--results", type=Path, default=REPOSITORY / "Benchmarks/results")
    asked = options.parse_args()
    if not os.access(asked.server, os.X_OK):
        print(f"run.py: there is no {asked.server}", file=sys.stderr)
        return 66
    ours = OurServer(asked.server.resolve())
    known = parts(ours, QUICK if asked.quick else FULL)
    if unknown := set(asked.only) - set(known):
        print(f"run.py: {', '.join(unknown)}: the parts are {', '.join(known)}", file=sys.stderr)
        return 64
    asked.results.mkdir(parents=True, exist_ok=True)
    result: dict = {"machine": machine(ours, asked.quick), "parts": {}, "failed": {}}
    began = time.monotonic()
    for name, part in known.items():
        if asked.only and name not in asked.only:
            continue
        part_began = time.monotonic()
        try:
            result["parts"][name] = part()
        except Exception as failure:
            traceback.print_exc()
            result["failed"][name] = f"{type(failure).__name__}: {failure}"[:500]
        print(f"{time.monotonic() - part_began:6.1f} s  {name}", flush=True)
    result["machine"]["load_at_end"] = os.getloadavg()[0]
    result["machine"]["seconds"] = round(time.monotonic() - began, 1)
    (asked.results / "results.json").write_text(json.dumps(result, indent=1) + "\n")
    for name, why in result["failed"].items():
        print(f"run.py: FAILED {name}: {why}", file=sys.stderr)
    return 1 if result["failed"] else 0


def machine(ours: OurServer, is_quick: bool) -> dict:
    """What a reader has to know to compare."""
    commit = subprocess.run(["git", "-C", str(REPOSITORY), "rev-parse", "--short", "HEAD"],
                            capture_output=True, text=True).stdout.strip()
    return {
        "date": datetime.date.today().isoformat(), "commit": commit, "version": ours.version(),
        "processor": _processor(), "cores": os.cpu_count(), "kernel": platform.release(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "load_at_start": os.getloadavg()[0], "is_quick": is_quick, "python": sys.version.split()[0],
        "nodes": list(nodes()), "deno": deno() is not None,
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


if __name__ == "__main__":
    sys.exit(main())
