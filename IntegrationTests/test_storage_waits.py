"""Storage that does not answer: every call is answered within its deadline, and others go on."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import stat
import subprocess
import time

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from http_client import Client, HTTPServer
from processes import wait_until
from raw_client import Server, ToolResult
from s3_services import BIN, CREDENTIALS, Service
from test_heap_commands import Heaps
from test_semantics import ESBUILD
from test_storage_faults import strace, wait_for_base_heap  # noqa: F401  (a fixture)

# What a loaded machine may take beyond the half second that is promised.
SLACK = 5.0


def answered(server: Server, seconds: float, name: str, **arguments: object) -> ToolResult:
    """Calls a tool whose deadline comes after so many seconds."""
    start = time.monotonic()
    id = server.begin("tools/call", {"name": name, "arguments": arguments})
    result = ToolResult(server.answer(id, seconds + 60)["result"])
    took = time.monotonic() - start
    assert took < seconds + SLACK, f"{name} {arguments} took {took:.1f} s: {result}"
    return result


def run(server: Server, seconds: float, code: str, **arguments: object) -> ToolResult:
    """Runs code with a deadline after so many seconds."""
    return answered(
        server, seconds, "run_js", code=code, timeout_ms=int(seconds * 1000), **arguments)


@pytest.fixture
def store() -> Iterator[Service]:
    if not BIN.is_dir():
        pytest.skip("NOT TESTED: a store that is stopped, for there is no .venv-s3")
    with Service("moto", "heaps") as service:
        yield service


@contextmanager
def stopped(service: Service) -> Iterator[None]:
    """The store's process stands still."""
    os.killpg(service._process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.killpg(service._process.pid, signal.SIGCONT)


def s3_server(start, store: Service, *options: object) -> Server:
    return start(
        "--s3-bucket", "heaps", "--s3-endpoint", store.endpoint, "--s3-region", "us-east-1",
        *options, env=CREDENTIALS)


@pytest.mark.parametrize("durability", ["commit", "relaxed"])
def test_a_store_that_is_stopped(store, start, durability):
    server = s3_server(start, store, "--timeout-ms", 2000, "--durability", durability)
    for heap in ("h", "g"):
        server.run("globalThis.n = 1; n", heap=heap)
    # A relaxed state is stored by now.
    answered(server, 30, "list_heaps")
    with stopped(store):
        looks = [
            run(server, 1, "n", heap="g", save=False), answered(server, 2, "list_heaps"),
            answered(server, 2, "heap_history", heap="g"),
            answered(server, 2, "inspect_heap", heap="g"),
            answered(server, 2, "fork_heap", **{"from": "g", "to": "k"}),
            answered(server, 2, "delete_heap", heap="g"),
        ]
        for result in looks:
            assert result.is_error and result.kind == "storage", result
        if durability == "commit":
            for heap in ("h", "new"):
                assert run(server, 1, "n = 5", heap=heap).kind == "storage"
        assert run(server, 5, "1 + 1").value == 2
    assert run(server, 30, "n", heap="h").value == 1
    assert run(server, 30, "typeof n", heap="new").value == "undefined"


def test_a_store_that_is_stopped_during_a_run(store, start):
    server = s3_server(start, store)
    server.run("globalThis.n = 1", heap="h")
    busy = "const end = Date.now() + 1000; while (Date.now() < end); ++n"
    id = server.begin_run(busy, heap="h", timeout_ms=2500)
    began = time.monotonic()
    # The head was read before the code began, which says so.
    wait_until(lambda: time.monotonic() - began > 0.5, "the code runs")
    with stopped(store):
        lost = server.run_answer(id, 60)
        assert time.monotonic() - began < 2.5 + SLACK
        assert lost.kind == "storage", lost
        # It waits for what the storage has begun, or for the storage itself.
        assert run(server, 1, "++n", heap="h").kind == "storage"
    value = run(server, 30, "n", heap="h").value
    is_known = "nothing of this run was kept" in lost.error["message"]
    assert value == 1 if is_known else value in (1, 2)
    assert run(server, 30, "++n", heap="h").value == value + 1


def test_a_store_that_is_stopped_does_not_keep_a_server_from_its_end(store, start):
    server = s3_server(start, store)
    server.run("globalThis.n = 1", heap="h")
    with stopped(store):
        server.begin_run("++n", heap="h", timeout_ms=300_000)
        assert run(server, 5, "1 + 1").value == 2
        server.process.send_signal(signal.SIGTERM)
        assert server.wait(30) == 0


@pytest.fixture
def locked(directory) -> Iterator:
    """Takes all locks of a directory, as a server does that is stopped just then."""
    files = []

    def take() -> None:
        for number in range(16):
            file = (directory / "locks" / f"{number:x}").open("a")
            fcntl.flock(file, fcntl.LOCK_EX)
            files.append(file)

    yield take
    for file in files:
        file.close()


def test_locks_that_somebody_holds(start, directory, locked):
    server = start("--directory-path", directory)
    for heap in ("h", "g"):
        server.run("globalThis.n = 1; n", heap=heap)
    locked()
    # More than there are processors: none of them may be missing to the others.
    ids = [server.begin_run("n = 2", heap=f"new{number}", timeout_ms=2000) for number in range(20)]
    assert run(server, 1, "++n", heap="h").kind == "storage"
    assert run(server, 1, "++n", heap="h").kind == "storage"
    assert run(server, 5, "n", heap="g", save=False).value == 1
    assert run(server, 5, "1 + 1").value == 2
    for id in ids:
        assert server.run_answer(id, 30).kind == "storage"


def test_what_is_no_head(start, binary, directory):
    server = start("--directory-path", directory)
    server.run("globalThis.n = 1", heap="h")
    heads = directory / "heads"
    os.mkfifo(heads / "pipe")
    (heads / "folder").mkdir()
    (heads / "link").symlink_to("/etc/passwd")
    (heads / "junk").write_text("junk")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(heads / "socket"))
    names = {"pipe", "folder", "link", "junk", "socket"}
    if os.geteuid() == 0:
        os.mknod(heads / "device", 0o600 | stat.S_IFCHR, os.makedev(1, 5))
        names.add("device")
    for name in sorted(names):
        failed = run(server, 5, "1", heap=name)
        assert failed.kind == "storage" and name in failed.error["message"]
    listed = answered(server, 5, "list_heaps").structured["heaps"]
    assert {heap["name"] for heap in listed if "damaged" in heap} == names
    assert [heap["name"] for heap in listed if "version" in heap] == ["h"]
    heaps = Heaps(binary, directory)
    assert len(heaps.json("list")["heaps"]) == len(names) + 1
    assert "pipe" in heaps("fsck", "--set-aside", code=1)
    heaps("fsck")
    assert run(server, 5, "1", heap="pipe").value == 1


def test_too_many_open_files_fail_one_call(strace, start, directory, tmp_path):
    server = start("--directory-path", directory)
    server.run("globalThis.n = 1", heap="h")
    wait_for_base_heap(directory)
    tracer = subprocess.Popen(
        [strace, "-f", "-o", str(tmp_path / "log"), "-P", "heads", "-e",
         "trace=openat", "-e", "inject=openat:error=EMFILE:when=1", "-p", str(server.pid)],
        stderr=subprocess.PIPE)
    try:
        assert b"attached" in tracer.stderr.readline()
        failed = server.run("++n", heap="h")
    finally:
        tracer.terminate()
        tracer.wait(10)
        tracer.stderr.close()
    assert failed.kind == "storage" and "open files" in failed.error["message"], failed
    assert server.run("++n", heap="h").value == 2


def test_a_disk_that_failed_is_shown(strace, binary, directory, tmp_path):
    with HTTPServer(binary, "--directory-path", directory) as server, Client(server.port) as client:
        client.initialize()
        assert client.run("globalThis.n = 1; n", heap="h").value == 1
        wait_for_base_heap(directory)
        assert "mcp_v8_storage_read_only 0" in text_of(server.port, "/metrics")
        tracer = subprocess.Popen(
            [strace, "-f", "-o", str(tmp_path / "log"), "-P", str(directory / "heads"), "-e",
             "trace=fsync", "-e", "inject=fsync:error=EIO:when=1", "-p",
             str(server.process.pid)],
            stderr=subprocess.PIPE)
        try:
            assert b"attached" in tracer.stderr.readline()
            assert client.run("++n", heap="h").kind == "storage"
        finally:
            tracer.terminate()
            tracer.wait(10)
            tracer.stderr.close()
        assert client.run("++n", heap="h").kind == "storage"
        assert client.run("n", heap="h", save=False).value in (1, 2)
        assert '"read_only"' in text_of(server.port, "/readyz", status=503)
        assert "mcp_v8_storage_read_only 1" in text_of(server.port, "/metrics")


def text_of(port: int, path: str, status: int = 200) -> str:
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        assert response.status == status, (path, response.status)
        return response.read().decode()
    finally:
        connection.close()


# esbuild goes through each of these for much longer than any deadline here.
SLOW_TYPES = "let x = a" + "<b" * 6000 + ";"


@pytest.mark.skipif(ESBUILD is None, reason="ESBUILD IS NOT INSTALLED: TypeScript is not tried")
def test_types_that_take_long_hold_up_nobody(start, directory):
    server = start("--directory-path", directory)
    server.run("globalThis.n = 1", heap="h")
    ids = [
        server.begin_run(SLOW_TYPES, language="ts", heap=f"t{number}", timeout_ms=4000)
        for number in range(12)]
    began = time.monotonic()
    assert run(server, 3, "++n", heap="h").value == 2
    assert run(server, 3, "++n", heap="h").value == 3
    assert time.monotonic() - began < 4
    for id in ids:
        assert server.run_answer(id, 60).kind == "timeout"
    assert time.monotonic() - began < 4 + SLACK
    assert server.run("let a: number = 5; a", language="ts", heap="h").value == 5
    server.begin_run(SLOW_TYPES, language="ts", timeout_ms=300_000)
    assert run(server, 5, "1 + 1").value == 2
    server.process.send_signal(signal.SIGTERM)
    assert server.wait(30) == 0
