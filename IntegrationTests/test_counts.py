"""What a call costs in system calls and bytes keeps the bounds of Benchmarks/thresholds.json.

Times say nothing on a machine that does other things as well; these counts do not depend on it.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parent.parent / "Benchmarks"
sys.path.insert(0, str(BENCHMARKS))

from counts import SCENARIOS, counts  # noqa: E402

BOUNDS = json.loads((BENCHMARKS / "thresholds.json").read_text())
UPDATE = "if that is meant, run Benchmarks/counts.py --update and commit thresholds.json"


def test_strace_is_there():
    assert shutil.which("strace"), "no strace: scripts/install-dependencies installs it"


def test_every_scenario_has_bounds():
    assert set(BOUNDS) == set(SCENARIOS), UPDATE


@pytest.mark.parametrize("name", SCENARIOS)
def test_costs_no_more_than(binary, name):
    bounds = BOUNDS[name]

    def over() -> dict[str, float]:
        found = counts(binary, SCENARIOS[name])
        return {what: count for what, count in found.items() if count > bounds.get(what, 0)}

    # What the server does by the clock, and a worker that is started a moment earlier or later,
    # is in some runs and not in others: what a call costs is in all of them.
    excess = over()
    for _ in range(2):
        if not excess:
            return
        again = over()
        excess = {what: min(count, again[what]) for what, count in excess.items() if what in again}
    assert not excess, f"for each call {excess}, at most {bounds}: {UPDATE}"
