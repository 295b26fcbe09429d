"""Huge pages: what forks share lies in them where the kernel gives some, and works where not."""

from __future__ import annotations

import ctypes
import mmap
import os
import sys
from pathlib import Path

import pytest
from processes import template
from programs import LIBRARY
from raw_client import Server

HUGE_PAGE = 2 << 20
MADV_COLLAPSE = 25
WITHOUT = """#!{python}
import ctypes, os, sys
PR_SET_THP_DISABLE = 41
assert ctypes.CDLL(None).prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) == 0
os.execv("{binary}", ["{binary}", *sys.argv[1:]])
"""

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root sees where others have their memory")


@pytest.fixture
def binary_without(binary, tmp_path) -> Path:
    """The server in a process that the kernel gives no huge pages, nor to what it starts."""
    path = tmp_path / "without"
    path.write_text(WITHOUT.format(python=sys.executable, binary=binary))
    path.chmod(0o700)
    return path


def kernel_gives_some() -> bool:
    memory = mmap.mmap(-1, 2 * HUGE_PAGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    memory.write(b"x" * len(memory))
    start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    aligned = -(-start // HUGE_PAGE) * HUGE_PAGE
    library = ctypes.CDLL(None)
    return library.madvise(ctypes.c_void_p(aligned), HUGE_PAGE, MADV_COLLAPSE) == 0


def code_in_huge_pages(pid: int) -> int:
    """Bytes of a process's code that lie in huge pages."""
    found, runs = 0, False
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        name, _, rest = line.partition(" ")
        if not name.endswith(":"):
            runs = "x" in rest.split()[0]
        elif runs and name == "AnonHugePages:":
            found += int(rest.split()[0]) << 10
    return found


def files_with_code(pid: int) -> set[str]:
    """Names of files whose code a process runs where it was loaded."""
    lines = [line.split() for line in Path(f"/proc/{pid}/maps").read_text().splitlines()]
    return {Path(line[5]).name for line in lines if len(line) > 5 and "x" in line[1]}


def use(server: Server) -> None:
    """What forks, opens and writes."""
    large = "globalThis.n = 0; globalThis.a = Array.from({length: 3e5}, (_, i) => ({i})); a.length"
    assert server.run(large, heap="h").value == 300_000
    for expected in (1, 2, 3):
        assert server.run("++n", heap="h").value == expected
    assert server.run("throw 1", heap="h").kind == "exception"
    assert server.run("[n, a.length]", heap="h").value == [3, 300_000]
    assert server.run("1 + 1").value == 2


@pytest.mark.parametrize("options", [(), ("--durability", "relaxed"), ("--jit", "off")])
def test_everything_works_without(binary_without, options):
    with Server(binary_without, "--in-memory", *options) as server:
        use(server)
        assert code_in_huge_pages(template(server.pid)) == 0


@pytest.mark.parametrize("options", [(), ("--durability", "relaxed"), ("--jit", "off")])
def test_v8s_code_lies_in_them(binary, options):
    with Server(binary, "--in-memory", *options) as server:
        use(server)
        pid = template(server.pid)
        assert (code_in_huge_pages(pid) > 8 << 20) == kernel_gives_some()
        assert not kernel_gives_some() or not files_with_code(pid) & {LIBRARY}


def test_where_each_worker_has_a_template_it_does_not(binary):
    with Server(binary, "--in-memory", "--strict") as server:
        assert server.run("1", heap="h").value == 1
        assert code_in_huge_pages(template(server.pid)) == 0
