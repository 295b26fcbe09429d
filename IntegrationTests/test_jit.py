"""--jit: whether V8 makes machine code."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from processes import workers
from programs import ENGINE, LIBRARY
from raw_client import ServerEnded

# Where calls of functions that the worker replaces are led on; as places.cpp has it.
JUMPS = "003f0000-003f1000 r-xp"
HOT = "function f(n) { return n < 2 ? n : f(n - 1) + f(n - 2) } f(20)"


def executable(pid: int) -> list[str]:
    """Mappings that can be run and come from no file, but V8's own code and the worker's where they
    lie in huge pages, which is beside what is left of their files; and a page of jumps."""
    lines = Path(f"/proc/{pid}/maps").read_text().splitlines()
    ends = {line.split()[0].split("-")[side] for line in lines for side in (0, 1)
            if line.endswith((f"/{ENGINE}", f"/{LIBRARY}"))}
    return [line for line in lines
            if "x" in line.split()[1] and len(line.split()) == 5 and not line.startswith(JUMPS)
            and not ends & set(line.split()[0].split("-"))]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root sees where others have their memory")
@pytest.mark.parametrize("state", ["on", "off"])
def test_machine_code_is_made_only_where_it_is_wanted(start, state):
    server = start("--in-memory", "--jit", state)
    assert server.run(HOT, heap="h").value == 6765
    assert any(map(executable, workers(server.pid))) == (state == "on")


def test_heaps_made_with_the_jit_are_not_opened_without(start, directory):
    start("--directory-path", directory).run("1", heap="h")
    refused = start("--directory-path", directory, "--jit", "off").run("1", heap="h")
    assert refused.is_error and "jit" in refused.error["message"], refused


@pytest.mark.parametrize("options, why", [
    (("--jit", "perhaps"), "it must be on or off"),
    (("--hardened", "--jit", "on"), "--hardened and --jit on contradict each other"),
])
def test_what_makes_no_sense_is_refused(start, options, why):
    server = start("--in-memory", *options)
    with pytest.raises((ServerEnded, BrokenPipeError)):
        server.run("1")
    assert why in server.stderr()
