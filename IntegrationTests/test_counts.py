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
    bounds, found = BOUNDS[name], counts(binary, SCENARIOS[name])
    over = {what: f"{count} for each call, at most {bounds.get(what, 0)}"
            for what, count in found.items() if count > bounds.get(what, 0)}
    assert not over, f"{over}: {UPDATE}"
