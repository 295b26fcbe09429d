#!/usr/bin/env python3
"""Makes tables and plots of results.json, and puts the tables into docs/performance.md.

Usage: report.py [--results FOLDER] [--record]    (--record also updates docs/)
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import plots
from breakdown import breakdown
from targets import targets

REPOSITORY = Path(__file__).resolve().parent.parent
DOCUMENT = REPOSITORY / "docs/performance.md"
PICTURES = REPOSITORY / "docs/performance"
BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"

TITLES = {
    "start": "From the start of the process", "stdio": "One caller, stdio",
    "http": "One caller, HTTP", "clients": "Many callers, HTTP",
    "many-heaps": "Many heaps, 16 callers, HTTP, commit in memory",
    "storages": "Storages, one caller, stdio", "sizes": "Sizes of heaps, one caller, stdio, files",
    "compute": "JavaScript that computes", "memory": "Memory, nothing running",
    "floor": "The floor: V8's own steps in C++, and the bytes of a snapshot",
}
HEADS = {
    "p50_ms": "p50 ms", "p95_ms": "p95 ms", "p99_ms": "p99 ms", "mean_ms": "mean ms",
    "server_cpu_ms": "CPU ms, server", "workers_cpu_ms": "CPU ms, workers", "cpu_ms": "CPU ms",
    "per_second": "calls/s", "calls": "calls", "clients": "clients", "heaps": "heaps",
    "bad": "failed", "snapshot_bytes": "snapshot bytes", "stored_bytes": "compressed bytes",
}
HIDDEN = {"socket_errors", "sample_of_bad", "program", "place", "megabytes", "preparation_ms"}


def tables(result: dict) -> Iterator[str]:
    """The whole report as lines of Markdown."""
    yield from machine(result["machine"])
    yield from targets(result["parts"])
    yield from breakdown(result["parts"])
    for part, rows in result["parts"].items():
        yield f"### {TITLES.get(part, part)}"
        yield ""
        if part == "compute":
            yield from compute_table(rows)
        else:
            yield from table(rows)
    for part, why in result["failed"].items():
        yield f"**Not measured:** {TITLES.get(part, part)}: {why}"
        yield ""


def machine(found: dict) -> Iterator[str]:
    yield (f"Measured on {found['date']}, commit {found['commit']}, {found['version']}: "
           f"{found['processor']}, {found['cores']} cores, {found['memory_gib']} GiB, Linux "
           f"{found['kernel']}; Python {found['python']}, {', '.join(found['nodes'])}. "
           f"Load average {found['load_at_start']:.1f} at the start, {found['load_at_end']:.1f} at "
           f"the end, after {found['seconds']:.0f} s.")
    yield ""
    if found["load_at_start"] > 0.5:
        yield "**The machine was doing something else when this began: trust ratios, not times.**"
        yield ""
    if found["is_quick"]:
        yield "**The quick form: few calls; not a result of record.**"
        yield ""


def table(rows: dict[str, dict]) -> Iterator[str]:
    """One part: a column for each number that any of its rows has."""
    columns = list(dict.fromkeys(name for row in rows.values() for name in row
                                 if name not in HIDDEN and name != "missing"))
    yield "| | " + " | ".join(HEADS.get(name, name.replace("_", " ")) for name in columns) + " |"
    yield "|---|" + "---:|" * len(columns)
    for name, row in rows.items():
        if "missing" in row:
            yield f"| {name} | not measured: {row['missing']} |" + " |" * (len(columns) - 1)
        else:
            yield f"| {name} | " + " | ".join(number(row.get(each)) for each in columns) + " |"
    yield ""


def compute_table(rows: dict[str, dict]) -> Iterator[str]:
    """Programs by places; times of the fastest run, and ratios to node of the same V8."""
    programs = list(dict.fromkeys(row["program"] for row in rows.values()))
    places = list(dict.fromkeys(row["place"] for row in rows.values()))
    yield "Median of each program in milliseconds, as the program timed itself, cold."
    yield ""
    yield "| | " + " | ".join(places) + " |"
    yield "|---|" + "---:|" * len(places)
    for program in programs:
        cells = [number(rows[f"{program} / {place}"]["p50_ms"]) for place in places]
        yield f"| {program} | " + " | ".join(cells) + " |"
    yield ""


def number(value: object) -> str:
    """Three digits that count."""
    if value is None:
        return ""
    if not isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, int) or value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value >= 0.01 or value == 0 else f"{value:.3f}"


def record(text: str, results: Path) -> None:
    """Puts the tables into the document, and the result and its pictures beside it."""
    before, _, rest = DOCUMENT.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    pictures = "".join(
        f"![{title}](performance/{name})\n\n" for name, title in plots.PICTURES.items()
        if (results / name).exists())
    DOCUMENT.write_text(f"{before}{BEGIN}\n\n{text}{pictures}{END}{after}")
    PICTURES.mkdir(exist_ok=True)
    for name in ("results.json", *plots.PICTURES):
        if (results / name).exists():
            shutil.copyfile(results / name, PICTURES / name)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--results", type=Path, default=REPOSITORY / "Benchmarks/results")
    options.add_argument("--record", action="store_true", help="update docs/performance.md")
    asked = options.parse_args()
    result = json.loads((asked.results / "results.json").read_text())
    text = "\n".join(tables(result)) + "\n"
    (asked.results / "results.md").write_text(text)
    plots.draw(result["parts"], asked.results)
    if asked.record:
        if DOCUMENT.read_text().count(BEGIN) != 1 or END not in DOCUMENT.read_text():
            print(f"report.py: {DOCUMENT} lacks {BEGIN} or {END}", file=sys.stderr)
            return 65
        record(text, asked.results)
    print(asked.results / "results.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
