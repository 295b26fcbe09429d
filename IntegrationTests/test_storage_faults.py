"""System calls of the built server that fail or are its last, and disks that are full.

`strace` injects the faults; scripts/test installs it. As a fault is injected at the Nth call that a
thread makes of a kind, each test goes on until no thread makes so many.
"""

from __future__ import annotations

import os
import shutil
import subprocess

from collections.abc import Iterator
from pathlib import Path

import pytest
from processes import wait_until
from test_heap_commands import Heaps

CALLS = ("write", "fsync", "linkat", "renameat", "unlinkat", "utimensat")
COUNT_MAX = 60


@pytest.fixture(scope="module")
def strace() -> str:
    path = shutil.which("strace")
    if path is None:
        pytest.skip("NOT TESTED: faults at system calls, for there is no strace on the PATH")
    return path


@pytest.fixture
def prepared(start, binary, directory, tmp_path) -> Prepared:
    """A heap `h` of two versions, and an export of the second to import again."""
    server = start("--directory-path", directory)
    first = server.run("globalThis.n = 1", heap="h").structured["version"]
    second = server.run("n = 2", heap="h").structured["version"]
    assert server.close() == 0
    heaps = Heaps(binary, directory)
    heaps("export", "h", tmp_path / "file")
    return Prepared(heaps, directory, tmp_path, first, second)


class Prepared:
    """A directory that is made as new for every fault."""

    def __init__(self, heaps, directory: Path, scratch: Path, first: str, second: str):
        self.heaps, self.directory, self.first, self.second = heaps, directory, first, second
        self.file, self.original = scratch / "file", scratch / "original"
        shutil.copytree(directory, self.original)

    def reset(self) -> None:
        shutil.rmtree(self.directory)
        shutil.copytree(self.original, self.directory)
        # As if it had been lost: the import writes it again.
        (self.directory / "versions" / self.second[:2] / self.second).unlink()
        head = next((self.directory / "heads").iterdir())
        head.unlink()

    def head(self) -> str | None:
        listed = {heap["name"]: heap["version"] for heap in self.heaps.json("list")["heaps"]}
        return listed.get("h")


def faulty_import(strace: str, prepared: Prepared, fault: str, call: str, log: Path):
    """Imports under a fault; returns the exit code, the text, and whether the fault came."""
    command = [
        strace, "-f", "-o", log, "-e", f"trace={call}", "-e", f"inject={call}:{fault}",
        prepared.heaps.binary, "heaps", "import", prepared.file, "--name", "h",
        "--directory-path", prepared.directory,
        # No worker is started to ask what it could run.
        "--accept-incompatible",
    ]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=60)
    text = log.read_text(errors="replace")
    return done, "INJECTED" in text or "SIGKILL" in text


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("fault", ["error=EIO", "error=ENOSPC", "signal=SIGKILL"])
def test_a_fault_at_each_call_of_an_import(strace, prepared, tmp_path, fault, call):
    faults, survived = 0, 0
    for number in range(1, COUNT_MAX):
        prepared.reset()
        done, came = faulty_import(
            strace, prepared, f"{fault}:when={number}", call, tmp_path / "log")
        if not came:
            assert done.returncode == 0, done
            break
        faults += 1
        text = done.stdout + done.stderr
        if done.returncode == 0:
            survived += 1
            assert prepared.head() == prepared.second, f"{call} {number}: acknowledged and lost"
        elif fault != "signal=SIGKILL":
            assert done.returncode > 0 and text.strip(), f"{call} {number}: {done}"
        # Whatever it was: nothing is half there, and it can be done again.
        assert prepared.head() in (None, prepared.second), f"{call} {number}"
        prepared.heaps("fsck", "--read-data")
        prepared.heaps("import", prepared.file, "--name", "h", "--replace")
        assert prepared.head() == prepared.second
    else:
        raise AssertionError("so many calls were not expected")
    assert faults > 0, f"no {call} was made"
    print(f"{call}, {fault}: {faults} faults, {survived} of them did not matter")


@pytest.mark.parametrize("call, folder", [
    ("fsync", ""), ("fsync", "heads"), ("linkat", ""), ("renameat", ""),
])
@pytest.mark.parametrize("error", ["EIO", "ENOSPC"])
def test_a_fault_while_a_server_commits(strace, start, directory, tmp_path, call, folder, error):
    server = start("--directory-path", directory)
    server.run("globalThis.n = 1", heap="h")
    wait_for_base_heap(directory)
    log = tmp_path / "log"
    # It counts for each thread, so that the first of any is the first of all.
    place = ["-P", str(directory / folder)] if folder else []
    tracer = subprocess.Popen(
        [strace, "-f", "-o", str(log), *place, "-e", f"trace={call}", "-e",
         f"inject={call}:error={error}:when=1", "-p", str(server.pid)],
        stderr=subprocess.PIPE)
    try:
        # It says so when it has all the threads.
        assert b"attached" in tracer.stderr.readline()
        failed = server.run("n = 2", heap="h")
    finally:
        tracer.terminate()
        tracer.wait(10)
        tracer.stderr.close()
    assert "INJECTED" in log.read_text()
    assert failed.is_error and failed.kind == "storage", failed
    assert failed.error["message"]
    # What the heap was is there, or what it was to be where only the last step failed.
    allowed = (1, 2) if folder == "heads" else (1,)
    assert server.run("n", heap="h", save=False).value in allowed
    server.kill()
    again = start("--directory-path", directory)
    assert again.run("n", heap="h", save=False).value in allowed
    assert again.run("n = 5; n", heap="h").value == 5


def test_no_descriptor_is_closed_twice(strace, binary, directory, tmp_path):
    """Its number may be another's by then. A directory that is refused is closed on the way out."""
    directory.chmod(0o777)
    log = tmp_path / "log"
    done = subprocess.run(
        [strace, "-f", "-o", log, "-e", "trace=close", binary, "--directory-path", directory],
        input="", capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "others may write to it" in done.stderr, done
    calls = log.read_text()
    assert "close(" in calls and "EBADF" not in calls, calls


def wait_for_base_heap(directory: Path) -> None:
    """The heap that others are packed behind is stored beside the first one."""
    wait_until(
        lambda: sum(1 for path in (directory / "versions").rglob("*") if path.is_file()) == 2,
        "the base heap is stored")


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    """A file system of 4 MiB."""
    path = tmp_path / "disk"
    path.mkdir()
    mounting = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m,mode=0700", "tmpfs", str(path)],
        capture_output=True, text=True) if os.geteuid() == 0 else None
    if mounting is None or mounting.returncode != 0:
        reason = mounting.stderr.strip() if mounting else "not root"
        pytest.skip(f"NOT TESTED: a full disk, for none could be mounted ({reason})")
    yield path
    subprocess.run(["umount", str(path)], check=True)


def test_a_full_disk(small_disk, start, binary):
    directory = small_disk / "heaps"
    server = start("--directory-path", directory, "--keep-versions", "1")
    grow = (
        "globalThis.all = (globalThis.all ?? []);"
        "all.push(Array.from({length: 10000}, () => Math.random().toString(36)));"
        "all.length")
    size = 0
    for _ in range(200):
        result = server.run(grow, heap="h")
        if result.is_error:
            break
        size = result.value
    assert result.kind == "storage" and "room" in result.error["message"], result
    assert size >= 2
    for _ in range(3):
        assert server.run("all.length", heap="h", save=False).value == size
        assert server.run(grow, heap="h").kind == "storage"
    # Room is found in what no heap needs any more; the server goes on without a restart.
    heaps = Heaps(binary, directory)
    heaps("fsck", "--read-data")
    assert heaps.json("gc", "--keep-versions", 1, "--grace-seconds", 0)["removed"] > 0
    assert server.run("all.length = 1; all.length", heap="h").value == 1
    assert server.close() == 0
    assert start("--directory-path", directory).run("all.length", heap="h").value == 1
