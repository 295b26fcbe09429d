"""Reads the case lists in data/."""

from __future__ import annotations

import json
from pathlib import Path


def cases(name: str) -> dict[str, dict]:
    """The cases of a list, by name."""
    path = Path(__file__).parent / "data" / name
    found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    by_name = {case["name"]: case for case in found}
    assert len(by_name) == len(found), f"a name occurs twice in {name}"
    return by_name
