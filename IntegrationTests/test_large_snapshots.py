"""Snapshots of nearly the size that is allowed, and of more."""

from __future__ import annotations

import pytest

MINUTE_MS = 60_000
FILL = "var data = new Uint8Array({size} << 20); data[5] = 7; data.length >> 20"


@pytest.mark.parametrize("options", [(), ("--jit", "off")])
def test_heaps_are_kept_up_to_the_limit(start, options):
    server = start("--in-memory", *options)
    fill = FILL.format(size=480)
    assert server.run(fill, heap="a", timeout_ms=MINUTE_MS).value == 480
    # On a worker that has it, and on one that restores it.
    for n in (8, 9):
        assert server.run("++data[5]", heap="a", timeout_ms=MINUTE_MS).value == n
    code = "data.length >> 20"
    assert server.run(code, heap="a", save=False, timeout_ms=MINUTE_MS).value == 480
    assert "Worker failed" not in server.stderr()


@pytest.mark.parametrize("size", [560, 900])
def test_what_is_larger_is_told_as_too_large(start, size):
    server = start("--in-memory")
    result = server.run(FILL.format(size=size), heap="a", timeout_ms=MINUTE_MS)
    # What no buffer can have the script is told of itself, and may catch.
    is_refused = "Array buffer allocation failed" in result.text
    assert is_refused or result.kind in ("not_serializable", "out_of_memory")
    assert "signal" not in result.text
    assert server.run("6 * 7", heap="a").value == 42
