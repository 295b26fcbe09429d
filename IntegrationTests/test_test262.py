"""A sample of the official tests of ECMAScript: heaps, the JIT and snapshots change nothing.

The suite is not in this repository: MCP_V8_TEST262 names its folder, or it lies beside the
project's.
test262.py runs more of it and tells what fails.
"""

from __future__ import annotations

import warnings

import pytest
from test262 import Runner
from test262_suite import ADDITIONS, AREAS, VARIABLE, everything, sample, suite

PER_AREA = 3
ABSENT = f"test262 IS NOT THERE and none of it was run: put it beside the project or set {VARIABLE}"
# Of the additions, those of which every file passes.
WHOLE = ("Set methods", "Object.groupBy, Map.groupBy", "Promise: withResolvers, try",
         "Array: toReversed, toSorted, toSpliced, with", "String: at, isWellFormed, toWellFormed")


@pytest.fixture(scope="module")
def root():
    if (found := suite()) is None:
        warnings.warn(ABSENT, stacklevel=1)
        pytest.skip(ABSENT)
    return found


def test_every_way_gives_the_same(binary, root, tmp_path):
    cases = {case.name: case for folders in AREAS.values()
             for case in sample(root, folders, PER_AREA)}
    verdicts = Runner(binary, tmp_path).compare(list(cases.values()))
    assert verdicts.differences() == []
    passed = sum(ending == "pass" for ending in verdicts.scripts["no heap"].values())
    assert passed > 0.9 * len(cases)


@pytest.mark.parametrize("feature", WHOLE)
def test_additions_pass_whole(binary, root, tmp_path, feature):
    endings = Runner(binary, tmp_path).scripts(everything(root, ADDITIONS[feature]), in_heap=True)
    assert {name: ending for name, ending in endings.items() if ending != "pass"} == {}
