"""Pictures of the results."""

from __future__ import annotations

from pathlib import Path

from targets import SAME_V8

PICTURES = {
    "calls.png": "Calls of one caller over stdio",
    "clients.png": "Calls for each second by clients",
    "sizes.png": "Calls by the size of the heap",
    "compute.png": "JavaScript that computes, against node of the same V8",
}
OURS, OTHERS = "#1f6feb", "#8b949e"


def draw(parts: dict, folder: Path) -> None:
    """Draws what there are numbers for."""
    import matplotlib

    matplotlib.use("Agg")
    for name, part, drawer in (
        ("calls.png", "stdio", _calls), ("clients.png", "clients", _clients),
        ("sizes.png", "sizes", _sizes), ("compute.png", "compute", _compute),
    ):
        if part in parts:
            _picture(folder / name, PICTURES[name], drawer, parts[part])


def _picture(path: Path, title: str, drawer, rows: dict) -> None:
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 4.2), layout="constrained")
    axes.set_title(title)
    axes.grid(alpha=0.25)
    axes.set_axisbelow(True)
    drawer(axes, rows)
    figure.savefig(path, dpi=90)
    pyplot.close(figure)


def _calls(axes, rows: dict) -> None:
    names = list(reversed(rows))
    colors = [OTHERS if name.startswith("Python") else OURS for name in names]
    bars = axes.barh(names, [rows[name]["p50_ms"] for name in names], color=colors)
    axes.bar_label(bars, fmt="%.3g", padding=3)
    axes.set_xscale("log")
    axes.margins(x=0.15)
    axes.set_xlabel("milliseconds, median (logarithmic)")


def _clients(axes, rows: dict) -> None:
    lines: dict[str, list[tuple[int, float]]] = {}
    for name, row in rows.items():
        lines.setdefault(name.rpartition(" / ")[0], []).append((row["clients"], row["per_second"]))
    for name, points in lines.items():
        style = "--" if name.startswith("Python") else "-"
        axes.plot(*zip(*points), style, marker="o", label=name)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xlabel("clients")
    axes.set_ylabel("calls for each second (logarithmic)")
    axes.legend(fontsize=7, loc="center left", bbox_to_anchor=(1, 0.5))


def _sizes(axes, rows: dict) -> None:
    lines: dict[str, list[tuple[float, float]]] = {}
    for name, row in rows.items():
        point = (row["snapshot_bytes"] / 1e6 or row["megabytes"], row["p50_ms"])
        lines.setdefault(name.rpartition(" / ")[0], []).append(point)
    for name, points in lines.items():
        axes.plot(*zip(*points), marker="o", label=name)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("MB of snapshot (logarithmic)")
    axes.set_ylabel("milliseconds, median (logarithmic)")
    axes.legend()


def _compute(axes, rows: dict) -> None:
    programs = list(dict.fromkeys(row["program"] for row in rows.values()))
    places = list(dict.fromkeys(row["place"] for row in rows.values()))
    base = next((place for place in places if SAME_V8 in place), places[0])
    width = 0.8 / len(places)
    for index, place in enumerate(places):
        ratios = [rows[f"{program} / {place}"]["p50_ms"] / rows[f"{program} / {base}"]["p50_ms"]
                  for program in programs]
        axes.bar([at + index * width for at in range(len(programs))], ratios, width, label=place)
    axes.set_xticks([at + 0.4 - width / 2 for at in range(len(programs))], programs, fontsize=7)
    axes.axhline(1, color="black", linewidth=0.8)
    axes.set_ylabel(f"time, as a multiple of {base}", fontsize=7)
    axes.legend(fontsize=7)
