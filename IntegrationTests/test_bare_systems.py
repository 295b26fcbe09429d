"""Servers that are started with less than a system usually gives: standard streams, /proc."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import shutil
import subprocess

import pytest
from programs import library, worker_command

SECONDS = 60
CALL = json.dumps({
    "jsonrpc": "2.0", "id": 1, "method": "tools/call",
    "params": {"name": "run_js", "arguments": {"code": "6 * 7", "heap": "a"}}}) + "\n"
NEEDS_ROOT = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("unshare"), reason="only root can take /proc away")


def with_closed(numbers: tuple[int, ...], *command: object) -> list[str]:
    closings = " ".join(f"{number}>&-" for number in numbers)
    return ["sh", "-c", f'exec "$@" {closings}', "sh", *map(str, command)]


def without_proc(*command: object) -> list[str]:
    return ["unshare", "--mount", "sh", "-c", 'umount -l /proc && exec "$@"', "sh",
            *map(str, command)]


def test_nothing_takes_the_place_of_standard_error(binary, directory):
    """What is logged, by the server and by its workers, must not end in a file or a socket."""
    command = with_closed((2,), binary, "--directory-path", directory, "--log-level", "trace")
    streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **streams) as server:
        server.stdin.write(CALL)
        server.stdin.flush()
        answer = json.loads(server.stdout.readline())
        server.stdin.close()
        assert server.stdout.read() == ""
    assert server.returncode == 0
    assert "42" in answer["result"]["content"][0]["text"]
    logged = [path for path in directory.rglob("*")
              if path.is_file() and b"Template" in path.read_bytes()]
    assert not logged


@pytest.mark.parametrize(
    "numbers", [each for count in (1, 2, 3) for each in itertools.combinations(range(3), count)])
def test_closed_streams_end_a_server_that_has_no_client(binary, directory, tmp_path, numbers):
    command = with_closed(numbers, binary, "--directory-path", directory)
    is_unanswerable = 1 in numbers and 0 not in numbers
    errors = tmp_path / "errors"
    with errors.open("wb") as file, subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=file) as server:
        # Where nothing is read the pipe takes it all the same, or nobody has its other end.
        with contextlib.suppress(BrokenPipeError):
            server.stdin.write(CALL.encode())
            server.stdin.flush()
        # Who cannot be answered is not served, however long they stay.
        if not is_unanswerable:
            server.communicate(timeout=SECONDS)
        assert server.wait(SECONDS) == (1 if is_unanswerable else 0)
    if numbers == (1,):
        assert "write" in errors.read_text()


@NEEDS_ROOT
@pytest.mark.parametrize("arguments", [
    ("--in-memory",), ("doctor", "--in-memory"), ("heaps", "list"), ("--version",)])
def test_a_system_without_proc_is_told_so(binary, arguments):
    done = subprocess.run(
        without_proc(binary, *arguments), input="", text=True, capture_output=True, timeout=SECONDS)
    assert done.returncode == 1
    assert "/proc" in done.stderr and "mount -t proc" in done.stderr
    assert "There is no" not in done.stderr


@NEEDS_ROOT
def test_a_worker_without_proc_says_so(binary):
    worker = worker_command(library(binary))
    done = subprocess.run(
        without_proc(*worker), input="", text=True, capture_output=True, timeout=SECONDS)
    assert done.returncode == 1
    assert "/proc cannot be read" in done.stderr
