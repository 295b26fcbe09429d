"""Processes that are killed at every step of a commit, a full disk, no descriptors, no processes.

strace ends a process at its N-th call of a kind, on the binary that is shipped: the server needs no
hooks for it that could be misused. MCP_V8_EVERY_STEP=1 tries every step instead of every third.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from processes import descendants, is_running, template, wait_until
from programs import install
from raw_client import NoAnswer, Server, ServerEnded
from test_heap_commands import Heaps

NEXT = "globalThis.n = (globalThis.n ?? 0) + 1"
# Long enough that a fork makes the heap's snapshot.
NEXT_BY_FORK = "for (let i = 0, end = Date.now() + 20; Date.now() < end; i++); " + NEXT
IS_ROOT = os.geteuid() == 0
CAN_TRACE = shutil.which("strace") is not None and subprocess.run(
    ["strace", "-qq", "-o", "/dev/null", "true"], capture_output=True).returncode == 0
traced = pytest.mark.skipif(
    not CAN_TRACE, reason="strace is missing or may trace nothing here")

# What a commit into files does, and how often in the first few of them.
SERVER_STEPS = {
    "fsync": range(1, 15), "linkat": range(1, 4), "link": range(1, 4), "rename": range(1, 4),
    "renameat": range(1, 4), "unlinkat": range(1, 4), "unlink": range(1, 4), "flock": range(1, 9),
    "pread64": range(1, 4), "pwrite64": range(1, 7), "fallocate": range(1, 3),
}
WORKER_STEPS = {"sendto": range(1, 7), "munmap": range(1, 40, 6), "madvise": range(1, 20, 4)}
# What a template says and does for each worker, a worker for the fork that makes its snapshot, and
# that until its end: each process counts its own calls.
TEMPLATE_STEPS = {
    "clone": range(1, 5), "recvmsg": range(1, 7), "sendmsg": range(1, 7), "wait4": range(1, 6),
    "close_range": range(1, 4), "seccomp": range(1, 4), "setpgid": range(1, 2),
    "futex": range(1, 8), "exit_group": range(1, 2),
}
EVERY_STEP = os.environ.get("MCP_V8_EVERY_STEP") == "1"


def steps(table: dict[str, range]) -> list[tuple[str, int]]:
    """All of them, or those that fit into CI's time: of each call every third."""
    chosen = [(call, number) for call, numbers in table.items() for number in numbers]
    return chosen if EVERY_STEP else chosen[::3]


def killing(binary: Path, call: str, number: int, directory: Path) -> Server:
    """A server of which each process and thread is killed at its N-th call of a kind."""
    return Server(
        "strace", "-f", "-qq", "--seccomp-bpf", "-o", "/dev/null", "-e", f"trace={call}",
        "-e", f"inject={call}:signal=SIGKILL:when={number}",
        binary, "--directory-path", directory)


def count_up(server: Server, limit: int, code: str = NEXT) -> tuple[int, int]:
    """Counts until the server ends; the last answer, and how many told of a lost worker."""
    answered = lost = 0
    try:
        for _ in range(limit):
            result = server.run(code, heap="h", seconds=20)
            if result.is_error:
                assert result.kind in ("worker_lost", "not_serializable", "busy"), result
                lost += 1
            else:
                answered = result.value
    except (ServerEnded, BrokenPipeError, NoAnswer):
        pass
    return answered, lost


@traced
@pytest.mark.parametrize("call, number", steps(SERVER_STEPS) + steps(TEMPLATE_STEPS))
def test_what_was_answered_outlives_a_process_killed_at_any_step(
    binary, directory, start, call, number
):
    server = killing(binary, call, number, directory)
    answered, _ = count_up(server, 6, NEXT_BY_FORK if call in TEMPLATE_STEPS else NEXT)
    server.__exit__()
    after = start("--directory-path", directory)
    found = after.run("globalThis.n ?? 0", heap="h", save=False).value
    assert found in (answered, answered + 1)
    assert after.run(NEXT, heap="h").value == found + 1
    after.close()
    assert "0 problems" in Heaps(binary, directory)("fsck", "--read-data")


@traced
@pytest.mark.parametrize("call, number", steps(WORKER_STEPS))
def test_a_worker_killed_at_any_step_loses_nothing_that_was_answered(
    binary, directory, start, call, number
):
    server = killing(binary, call, number, directory)
    answered, _ = count_up(server, limit=5)
    server.__exit__()
    after = start("--directory-path", directory)
    assert after.run("globalThis.n ?? 0", heap="h", save=False).value == answered


@pytest.mark.skipif(not IS_ROOT, reason="only root mounts a small file system")
def test_a_full_disk_refuses_and_loses_nothing(binary, directory):
    script = f'mount -t tmpfs -o size=4m,mode=700 none "{directory}" && exec "$@"'
    server = Server(
        "unshare", "-m", "--propagation", "private", "bash", "-c", script, "bash", binary,
        "--directory-path", directory)
    try:
        assert server.run("let n = 7; n", heap="small").value == 7
        grow = ("(globalThis.kept ??= []).push(crypto.getRandomValues(new Uint8Array(65536)));"
                "kept.length")
        count, result = 0, None
        for _ in range(100):
            result = server.run(grow, heap="large")
            if result.is_error:
                break
            count = result.value
        assert result.kind == "storage", result
        assert count > 3
        # What was answered is there, and can be read.
        assert server.run("kept.length", heap="large", save=False).value == count
        assert server.run("n", heap="small", save=False).value == 7
        assert server.run(grow, heap="large").kind == "storage"
        # With room again it goes on.
        subprocess.run(
            ["nsenter", "-m", "-t", str(server.pid), "mount", "-o", "remount,size=64m",
             str(directory)], check=True)
        assert server.run(grow, heap="large").value == count + 1
    finally:
        server.__exit__()


def limited(binary: Path, limit: str, *arguments: object, prefix: tuple[str, ...] = ()) -> Server:
    return Server(*prefix, "bash", "-c", f'{limit}; exec "$0" "$@"', binary, *arguments)


def run_all(server: Server, heaps: list[str]) -> list:
    """One run on each heap at the same time."""
    ids = [server.begin_run("globalThis.n = (globalThis.n ?? 0) + 1", heap=heap) for heap in heaps]
    return [server.run_answer(id, seconds=60) for id in ids]


@pytest.mark.parametrize("count", [64, 100])
def test_few_descriptors(binary, count):
    server = limited(binary, f"ulimit -n {count}", "--in-memory", "--workers-max", 32)
    try:
        assert server.run("globalThis.n = 1", heap="first").value == 1
        refused = 0
        for _ in range(3):
            for result in run_all(server, list("abcdefghijklmnopqrstuvwxyz")):
                if result.is_error:
                    refused += 1
                    assert result.kind in ("worker_lost", "busy"), result
                    assert result.error["message"]
        assert refused, "the limit was not met"
        # What was refused is refused; the server goes on, with what it has.
        assert server.run("n", heap="first").value == 1
    finally:
        server.__exit__()


@pytest.mark.skipif(not IS_ROOT, reason="only root makes a user with few processes")
def test_few_processes(binary, tmp_path):
    install(binary, tmp_path)
    for folder in (tmp_path, *tmp_path.parents[:3]):
        folder.chmod(folder.stat().st_mode | 0o055)
    as_user = ("setpriv", "--reuid=61234", "--regid=61234", "--clear-groups")
    server = limited(
        tmp_path / "mcp-v8", "ulimit -u 24", "--in-memory", "--workers-max", 32, prefix=as_user)
    try:
        first = server.run("globalThis.n = 1", heap="first")
        assert first.value == 1
        parent = template(server.pid)
        results = run_all(server, [f"h{number}" for number in range(24)])
        refused = [result for result in results if result.is_error]
        assert refused, "the limit was not met"
        assert {result.kind for result in refused} <= {"worker_lost", "busy"}
        assert any(not result.is_error for result in results)
        assert template(server.pid) == parent, "one refused fork ended all workers"
        assert server.run("n", heap="first").value == 1
    finally:
        server.__exit__()


def test_little_memory(binary):
    """The server's own address space is bounded; what does not fit fails, and the rest goes on."""
    server = limited(binary, "ulimit -v 4000000", "--in-memory", "--workers-max", 4)
    try:
        assert server.run("globalThis.n = 7; n", heap="h").value == 7
        for _ in range(3):
            big = server.run("globalThis.a = new Uint8Array(3e8).fill(1); a.length", heap="big")
            if big.is_error:
                assert big.kind in (
                    "out_of_memory", "worker_lost", "not_serializable", "storage", "exception"), big
            assert server.run("n", heap="h").value == 7
    finally:
        server.__exit__()


def test_nothing_is_left_after_a_bad_day(binary, directory):
    server = Server(binary, "--directory-path", directory)
    server.run(NEXT, heap="h")
    below = descendants(server.pid)
    server.kill()
    wait_until(lambda: not any(map(is_running, below)), "its processes end")
    assert not [name for name in os.listdir(directory / "tmp") if not name[0].isdigit()]
