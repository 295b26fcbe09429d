"""Clocks that jump while the server runs: deadlines hold, heaps go on, nothing is collected early.

`clock.c` stands before the server's own clock of the day; the clock that deadlines are measured
with is left alone, as the kernel never sets it. Workers have no environment, and so a clock of
their own.
"""

from __future__ import annotations

import os
import re
import struct
import subprocess
import time
from pathlib import Path

import pytest
from http_client import Client, HTTPServer
from processes import wait_until
from raw_client import Server
from test_heap_commands import Heaps

NEXT = "globalThis.n = (globalThis.n ?? 0) + 1"
HOUR, DAY = 3600, 86_400
JUMPS = [3650 * DAY, -3650 * DAY, 0, 2 * HOUR, -2 * HOUR, 40 * DAY]


class Clock:
    """What a server believes the time to be, beside what it is."""

    def __init__(self, library: Path, path: Path):
        self.path = path
        self.path.write_bytes(bytes(8))
        self.environment = {"LD_PRELOAD": str(library), "TEST_CLOCK": str(path)}

    def set(self, seconds: int) -> None:
        """Moves it, also for those who look at it already."""
        with self.path.open("r+b") as file:
            file.write(struct.pack("<q", seconds))


@pytest.fixture(scope="module")
def library(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("clock") / "clock.so"
    source = Path(__file__).with_name("clock.c")
    subprocess.run(["g++", "-xc", "-shared", "-fPIC", "-O1", "-o", path, source], check=True)
    return path


@pytest.fixture
def clock(library, tmp_path) -> Clock:
    return Clock(library, tmp_path / "clock")


def test_it_is_the_servers_clock_that_jumps(binary, directory, clock):
    clock.set(3650 * DAY)
    with Server(binary, "--directory-path", directory, env=clock.environment) as server:
        server.run(NEXT, heap="h")
    updated = Heaps(binary, directory).json("list")["heaps"][0]["updated"]
    assert int(updated[:4]) >= time.gmtime().tm_year + 9


def test_runs_go_on_and_deadlines_hold(binary, directory, clock):
    server = Server(
        binary, "--directory-path", directory, "--keep-versions", 3, env=clock.environment)
    with server:
        assert server.run(NEXT, heap="h").value == 1
        expected = 1
        for jump in JUMPS:
            clock.set(jump)
            began = time.monotonic()
            assert server.run("for (;;);", heap="h", timeout_ms=300).kind == "timeout", jump
            assert time.monotonic() - began < 10, f"{jump} moved a deadline"
            for _ in range(3):
                expected += 1
                assert server.run(NEXT, heap="h").value == expected, jump
            assert server.run("await new Promise(r => setTimeout(r, 20)); 1").value == 1
    fsck = Heaps(binary, directory)("fsck", "--read-data")
    assert "0 problems" in fsck
    with Server(binary, "--directory-path", directory) as server:
        assert server.run("n", heap="h").value == expected


def test_a_jump_in_the_middle_of_a_run(binary, directory, clock):
    with Server(binary, "--directory-path", directory, env=clock.environment) as server:
        for jump in (3650 * DAY, -3650 * DAY):
            run = server.begin_run(
                f"await new Promise(r => setTimeout(r, 400)); {NEXT}", heap="h", timeout_ms=20_000)
            clock.set(jump)
            assert not server.run_answer(run).is_error
            endless = server.begin_run("for (;;);", heap="other", timeout_ms=500)
            clock.set(0)
            assert server.run_answer(endless, seconds=10).kind == "timeout"
        assert server.run("n", heap="h").value == 2


def test_what_a_head_points_at_is_never_collected(binary, directory, clock):
    """A clock that is years ahead makes everything old, and one that is behind makes nothing so."""
    with Server(binary, "--directory-path", directory) as server:
        for expected in range(1, 6):
            assert server.run(NEXT, heap="h").value == expected
    for jump in (3650 * DAY, -3650 * DAY):
        clock.set(jump)
        with Server(
            binary, "--directory-path", directory, "--keep-versions", 1, env=clock.environment
        ) as server:
            assert server.run("n", heap="h", save=False).value == 5
        heaps = Heaps(binary, directory)
        heaps("gc", "--keep-versions", 1, env=os.environ | clock.environment)
        assert "0 problems" in heaps("fsck", "--read-data")
    with Server(binary, "--directory-path", directory) as server:
        assert server.run(NEXT, heap="h").value == 6


def test_metrics_do_not_run_backwards(binary, clock):
    """Durations are measured with the clock that is not set: none is negative or years long."""
    with HTTPServer(
        binary, "--in-memory", "--http-port", "0", env=clock.environment
    ) as server, Client(server.port) as client:
        for jump in (3650 * DAY, -3650 * DAY, 0):
            clock.set(jump)
            result = client.run("1 + 1")
            assert 0 <= result.structured["stats"]["duration_ms"] < 60_000, jump
        wait_until(lambda: client.send("GET", "/readyz").status == 200, "the server is ready")
        text = client.send("GET", "/metrics").body.decode()
        sums = re.findall(r"^(\w+_seconds_sum)\S* (\S+)$", text, re.M)
        assert sums and all(0 <= float(value) < 600 for _, value in sums), sums
