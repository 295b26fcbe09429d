"""All workers together have no more memory than `--workers-mb-max`: by a control group of the
kernel's where one can be had, else as the server watches them."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest
from circumstances import AS_USER, CIRCUMSTANCES, where_everybody_reads
from http_client import Client, HTTPServer
from processes import template, wait_until, workers

BOUND_MB = 400
HOG = "globalThis.kept = new Uint8Array(150e6).fill(1); for (;;);"
PREFIX = "mcp-v8-workers-"
# Who cannot see control groups cannot use them: then the server watches.
HIDE = ("unshare", "-m", "--propagation", "private", "bash", "-c",
        'mount -t tmpfs none /sys/fs/cgroup && exec "$0" "$@"')


@contextmanager
def serving(binary, by: str):
    prefix = HIDE if by == "watch" else ()
    if prefix and os.geteuid() != 0:
        pytest.skip("only root hides control groups")
    command = [*prefix, binary]
    server = HTTPServer(
        command[0], *command[1:], "--in-memory", "--http-port", "0", "--workers-mb-max", BOUND_MB,
        "--heap-mb-max", "256", "--workers-max", "8")
    with server, Client(server.port) as client:
        found = client.send("GET", "/readyz").json["memory"]
        assert found["workers_mb_max"] == BOUND_MB
        if found["by"] != by:
            pytest.skip(f"no control group here: {found['fix']}")
        yield server, client


def groups() -> list[Path]:
    return [path for path in Path("/sys/fs/cgroup").glob(f"**/{PREFIX}*") if path.is_dir()]


@pytest.mark.parametrize("by", ["control_group", "watch"])
def test_hogs_end_before_the_machine_is_full(binary, by):
    with serving(binary, by) as (server, client):
        assert client.run("globalThis.n = 7; n", heap="bystander").value == 7
        parent = template(server.process.pid)
        hogs = [Client(server.port) for _ in range(5)]
        for number, hog in enumerate(hogs):
            hog.begin_run(HOG, heap=f"hog{number}", timeout_ms=3000)
        kinds = [hog.reply().tool_result.kind for hog in hogs]
        for hog in hogs:
            hog.close()
        assert set(kinds) <= {"timeout", "worker_lost", "out_of_memory"}, kinds
        assert "worker_lost" in kinds, "the bound was not met"
        assert "timeout" in kinds, "one that fits was ended too"
        assert template(server.process.pid) == parent
        assert client.run("globalThis.n ?? 0", heap="bystander").value == 7
        text = client.send("GET", "/metrics").body.decode()
        assert f'mcp_v8_worker_failures_total{{reason="killed"}} {kinds.count("worker_lost")}' \
            in text


def test_the_kernels_bounds_hold_for_all_that_is_forked(binary):
    with serving(binary, "control_group") as (server, client):
        client.run("1", heap="h")
        own = [path for path in groups() if path.name == f"{PREFIX}{server.process.pid}"]
        assert own

        def are_inside() -> bool:
            below = {template(server.process.pid), *workers(server.process.pid)}
            return all(below <= {int(pid) for pid in (path / "cgroup.procs").read_text().split()}
                       for path in own)

        # Workers come and go between two looks.
        wait_until(are_inside, "all workers are in the group")
        limits = [int((path / name).read_text()) for path in own
                  for name in ("pids.max", "memory.max", "memory.limit_in_bytes")
                  if (path / name).exists()]
        assert BOUND_MB << 20 in limits and len(limits) == 2
    assert not [path for path in own if path.exists()], "a group is left"


def test_what_a_killed_server_left_is_removed_by_the_next(binary):
    with serving(binary, "control_group") as (server, _):
        pid = server.process.pid
        server.process.kill()
        server.process.wait()
    with serving(binary, "control_group"):
        assert not [path for path in groups() if path.name == f"{PREFIX}{pid}"]


@pytest.mark.skipif("plain user" not in CIRCUMSTANCES, reason="only root can be a plain user")
def test_code_that_all_workers_share_is_nobodys(binary):
    def warm_bytes() -> float:
        text = client.send("GET", "/metrics").body.decode()
        return next(float(line.split()[1]) for line in text.splitlines()
                    if line.startswith("mcp_v8_workers_warm_bytes "))

    # A plain user may not look into a worker's mappings, and sees sums only.
    heaps = 4
    options = ("--in-memory", "--http-port", "0")
    with where_everybody_reads(binary) as folder, \
            HTTPServer(*AS_USER, folder / binary.name, *options) as server, \
            Client(server.port) as client:
        for number in range(heaps):
            assert client.run("let n = 1; n", heap=f"h{number}").value == 1
        estimate = warm_bytes()
        wait_until(lambda: warm_bytes() != estimate, "warm workers are measured", seconds=30)
        assert warm_bytes() < heaps * (24 << 20)


def test_by_default_it_is_most_of_the_machine(binary):
    with HTTPServer(binary, "--in-memory", "--http-port", "0") as server:
        with Client(server.port) as client:
            bound = client.send("GET", "/readyz").json["memory"]["workers_mb_max"]
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert bound <= (machine // 4 * 3) >> 20
    # A control group of the tests' own may be smaller, but not so small.
    assert bound >= 512


def test_the_bound_is_listed(binary):
    done = subprocess.run(
        [binary, "doctor", "--in-memory", "--workers-mb-max", str(BOUND_MB)],
        capture_output=True, text=True, timeout=60)
    assert f"all workers together have at most {BOUND_MB} MiB" in done.stdout, done
