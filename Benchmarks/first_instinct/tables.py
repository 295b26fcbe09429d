"""The tables of a run, in Markdown."""

from __future__ import annotations

from statistics import median

LARGE_BYTES = 1000
"""Value and console from here on are called large: a few such answers outweigh all others."""


def report(attempts: list, told: object) -> str:
    """By cause, by style, what comes back, and what is said before."""
    return "\n\n".join([
        _wasted("cause", attempts), _wasted("style", attempts), _bytes(attempts), _told(told)])


def _wasted(by: str, attempts: list) -> str:
    """One row for each cause or style, most wasted calls first, and one for all."""
    groups: dict[str, list] = {}
    for one in attempts:
        groups.setdefault(getattr(one, by), []).append(one)
    ordered = sorted(groups, key=lambda name: (-_failed(groups[name]), name))
    rows = [_row(name, groups[name]) for name in ordered]
    return _table([by, "calls", "worked", "wasted", "wasted %"], [*rows, _row("all", attempts)])


def _failed(attempts: list) -> int:
    return sum(not one.worked for one in attempts)


def _row(name: str, attempts: list) -> list[str]:
    failed = _failed(attempts)
    return [name, str(len(attempts)), str(len(attempts) - failed), str(failed),
            f"{100 * failed / max(1, len(attempts)):.0f}"]


def _bytes(attempts: list) -> str:
    """What one byte of value and console costs where both forms are counted, and each alone."""
    useful = [one for one in attempts if one.worked and one.bytes.useful > 0]
    small = [one for one in useful if one.bytes.useful < LARGE_BYTES]
    large = [one for one in useful if one.bytes.useful >= LARGE_BYTES]
    rows = [_cost("all that worked", useful), _cost(f"under {LARGE_BYTES} bytes", small),
            _cost("the rest", large)]
    header = ["answers with a value or console", "answers", "value and console", "`content`",
              "`structuredContent`", "content / byte", "structured / byte", "both / byte",
              "both / byte, median"]
    return _table(header, rows)


def _cost(name: str, attempts: list) -> list[str]:
    useful = sum(one.bytes.useful for one in attempts)
    content = sum(one.bytes.content for one in attempts)
    structured = sum(one.bytes.structured for one in attempts)
    ratios = [(one.bytes.content + one.bytes.structured) / one.bytes.useful for one in attempts]
    return [name, str(len(attempts)), f"{useful:,}", f"{content:,}", f"{structured:,}",
            *(f"{part / max(1, useful):.2f}" for part in (content, structured)),
            f"{(content + structured) / max(1, useful):.2f}",
            f"{median(ratios) if ratios else 0:.1f}"]


def _told(told: object) -> str:
    rows = [["`instructions`", f"{told.instructions_bytes:,}", f"{told.instructions_tokens:,}"],
            ["`tools/list`", f"{told.tools_bytes:,}", f"{told.tools_tokens:,}"]]
    return _table(["said before the first call", "bytes", "tokens (characters / 4)"], rows)


def _table(header: list[str], rows: list[list[str]]) -> str:
    rule = ["---", *["---:"] * (len(header) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [header, rule, *rows])
