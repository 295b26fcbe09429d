"""The official tests of the web platform: no fewer pass than is written down.

The suite is not part of this repository: see docs/guides/building.md. It takes about two minutes,
so only MCP_V8_WPT asks for it.
"""

from __future__ import annotations

import os
import re

import pytest
import web_platform
from raw_client import Server

PAPER = web_platform.REPOSITORY / "docs/reference/web-platform-tests.md"
_ROW = re.compile(r"^\| `([\w/-]+)` \| (\d+) \| (\d+) \| (\d+) \|", re.MULTILINE)


def documented() -> dict[str, tuple[int, int]]:
    """By folder: how many tests there are, and how many pass."""
    rows = _ROW.findall(PAPER.read_text())
    return {part: (int(tests), int(passed)) for part, _, tests, passed in rows}


def test_every_part_is_written_down():
    assert set(documented()) == set(web_platform.PARTS)


@pytest.mark.parametrize("part", web_platform.PARTS)
def test_as_many_pass_as_is_written_down(binary, part):
    if "MCP_V8_WPT" not in os.environ:
        pytest.skip("THE WEB-PLATFORM-TESTS ARE NOT RUN: MCP_V8_WPT names no folder of them")
    root = web_platform.suite()
    assert root is not None, f"no web-platform-tests in {os.environ['MCP_V8_WPT']}"
    if not (root / part).is_dir():
        pytest.skip(f"THIS COPY OF THE WEB-PLATFORM-TESTS HAS NO {part}")
    tests, passed = documented()[part]
    with Server(binary, "--stateless") as server:
        count = web_platform.run(server, root, part)
    if count.tests == tests:
        assert count.passed >= passed, "\n".join(count.failures)
    else:
        # Another copy of the suite: of about as many.
        assert count.passed * tests >= passed * count.tests * 0.95, "\n".join(count.failures)
