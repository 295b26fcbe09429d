"""Where the time of a call goes: by differences between calls, and by the floor."""

from __future__ import annotations

from collections.abc import Iterator

_WAY = "list_heaps (no JavaScript)"


def breakdown(parts: dict) -> Iterator[str]:
    """Two tables, if what they need was measured."""
    calls, floor, stores = parts.get("stdio"), parts.get("floor"), parts.get("storages", {})
    if not calls or not floor:
        return
    at = lambda name: calls[name]["p50_ms"]  # noqa: E731
    base = floor["0.9"]
    yield "### Where the time goes"
    yield ""
    yield ("Medians over stdio. A part is the difference between two calls of which one does it "
           "and one does not; what V8 and the bytes must take is the floor's, of a snapshot of "
           f"{base['snapshot_bytes']:,} bytes.")
    yield ""
    commit, unsaved = at("n++ on a warm heap, commit"), at("n++ on a warm heap, save: false")
    lines = [
        ("protocol, both ways", at(_WAY), None),
        ("queue, worker's channel, evaluation", unsaved - at(_WAY), base["evaluate_ms"]),
        ("snapshot, and the bytes' way into the storage", commit - unsaved,
         base["serialise_ms"] + base["copy_ms"] + base["hash_ms"] + base["compress_ms"]),
        ("a warm commit in memory", commit, None),
    ]
    if {"warm, files, commit", "warm, memory, commit"} <= set(stores):
        more = (stores["warm, files, commit"]["p50_ms"]
                - stores["warm, memory, commit"]["p50_ms"])
        lines.append(("files in place of memory, in addition", more, None))
    stateless = at("1+1 without a heap")
    lines += [
        ("a run without a heap", stateless, None),
        ("of it a fresh isolate, evaluation, its end", stateless - at(_WAY), base["stateless_ms"]),
    ]
    yield "| part | ms | the floor, ms |"
    yield "|---|---:|---:|"
    for name, value, least in lines:
        yield f"| {name} | {value:.3f} | {'' if least is None else f'{least:.3f}'} |"
    yield ""
    parts_of_it = ("serialise", "copy", "hash", "compress")
    yield ("The floor of a commit: "
           + ", ".join(f"{name} {base[name + '_ms']:.2f} ms" for name in parts_of_it) + ".")
    yield ""
