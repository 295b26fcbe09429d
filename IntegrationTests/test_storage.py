"""A heap directory that something has damaged: a clear error, never a fresh heap in its place."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest


def flip(position: float, count: int = 1) -> Callable[[Path], None]:
    """Flips a bit in each of some bytes. In what is packed a single one need not change anything:
    the same bytes may be found in two places."""
    def damage(file: Path) -> None:
        content = bytearray(file.read_bytes())
        first = min(int(len(content) * position), len(content) - 1)
        for index in range(first, min(first + count, len(content))):
            content[index] ^= 0x10
        file.write_bytes(content)
    return damage


def cut(share: float) -> Callable[[Path], None]:
    def damage(file: Path) -> None:
        content = file.read_bytes()
        file.write_bytes(content[:int(len(content) * share)])
    return damage


DAMAGE = {
    "first byte": flip(0), "early byte": flip(0.001), "bytes at a tenth": flip(0.1, 32),
    "bytes in the middle": flip(0.5, 32), "last byte": flip(1), "half of it": cut(0.5),
    "all but the end": cut(0.999), "nothing left": cut(0),
    "more behind it": lambda file: file.write_bytes(file.read_bytes() + b"\0" * 100),
    "other content": lambda file: file.write_bytes(b"\x28\xb5\x2f\xfd" + b"x" * 5000),
    "zeros": lambda file: file.write_bytes(bytes(file.stat().st_size)),
    "no file": lambda file: file.unlink(),
}


def test_a_folder_in_the_users_own(start, binary, tmp_path):
    """No shell expands what a client's configuration says, nor the environment, nor a file."""
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    home.mkdir()
    elsewhere.mkdir()
    (elsewhere / "options.json").write_text('{"directory-path": "~/heaps"}')
    ways = [
        (["--directory-path", "~/heaps"], {}), (["--directory-path=~/heaps"], {}),
        ([], {"MCP_V8_DIRECTORY_PATH": "~/heaps"}), (["--config", "options.json"], {})]
    for number, (options, variables) in enumerate(ways, 1):
        with start(*options, env={"HOME": str(home)} | variables, cwd=elsewhere) as server:
            assert server.run("var n = (globalThis.n ?? 0) + 1; n", heap="h").value == number
    listed = subprocess.run(
        [binary, "heaps", "list", "--directory-path", "~/heaps"], capture_output=True, text=True,
        timeout=60, env={"HOME": str(home)}, cwd=elsewhere)
    assert listed.returncode == 0 and "h " in listed.stdout, listed
    assert [file.name for file in elsewhere.iterdir()] == ["options.json"]


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_version(start, directory, damage):
    version = make(start, directory, "damaged")
    make(start, directory, "healthy")
    DAMAGE[damage](version)
    assert_refused(start, directory)


@pytest.mark.parametrize("damage", [d for d in DAMAGE if d != "no file"])
def test_a_damaged_head(start, directory, damage):
    make(start, directory, "damaged")
    [head] = files_in(directory / "heads")
    make(start, directory, "healthy")
    DAMAGE[damage](head)
    assert_refused(start, directory)


@pytest.mark.parametrize("damage", ["first byte", "bytes in the middle", "nothing left", "no file"])
def test_a_heap_can_leave_a_damaged_version(start, directory, damage):
    server = start("--directory-path", directory)
    first = server.run("globalThis.n = 1", heap="h").structured["version"]
    for heap, code in (("h", "n = 2"), ("g", "globalThis.n = 3")):
        version = server.run(code, heap=heap).structured["version"]
        DAMAGE[damage](file_of(directory, version))
    server.close()
    server = start("--directory-path", directory)
    assert server.run("n", heap="h").is_error and server.run("n", heap="g").is_error
    for tool, arguments in (
        ("fork_heap", {"source": first, "target": "h", "replace": True}),
        ("delete_heap", {"heap": "g"}),
    ):
        answer = server.result("tools/call", {"name": tool, "arguments": arguments})
        assert not answer.get("isError"), answer
    assert server.run("n", heap="h").value == 1
    assert server.run("typeof n", heap="g").value == "undefined"


def test_a_version_in_another_versions_place(start, directory):
    version = make(start, directory, "damaged")
    other = make(start, directory, "healthy")
    shutil.copyfile(other, version)
    assert_refused(start, directory)


def test_a_head_of_another_heap(start, directory):
    make(start, directory, "damaged")
    [head] = files_in(directory / "heads")
    make(start, directory, "healthy")
    [other] = [file for file in files_in(directory / "heads") if file != head]
    shutil.copyfile(other, head)
    assert_refused(start, directory)


def test_a_format_of_the_future(start, directory, binary):
    make(start, directory, "healthy")
    (directory / "format").write_text("mcp-v8 heaps 999999\n")
    server = start("--directory-path", directory)
    server.end_of_input()
    assert server.wait(10) != 0, "took a directory whose format it does not know"
    assert "format" in server.stderr()


def test_leftovers_of_a_crash_do_no_harm(start, directory):
    make(start, directory, "healthy")
    (directory / "tmp").mkdir(exist_ok=True)
    (directory / "tmp" / "half-written").write_bytes(b"x" * 1000)
    server = start("--directory-path", directory)
    assert server.run("n", heap="healthy").value == 1


def test_strangers_in_the_directory_do_no_harm(start, directory):
    make(start, directory, "healthy")
    (directory / "README").write_text("not ours")
    (directory / "versions" / "zz").mkdir()
    (directory / "heads" / "not a head").mkdir()
    server = start("--directory-path", directory)
    assert server.run("n", heap="healthy").value == 1


def test_what_could_not_be_stored_is_not_acknowledged(start, directory):
    server = start("--directory-path", directory)
    server.run("let n = 1", heap="h")
    shutil.move(directory / "heads", directory / "elsewhere")
    (directory / "heads").write_text("in the way")
    failed = server.run("n = 2", heap="h")
    assert failed.kind == "storage"
    (directory / "heads").unlink()
    shutil.move(directory / "elsewhere", directory / "heads")
    assert server.run("n", heap="h", save=False).value == 1


def make(start, directory: Path, name: str) -> Path:
    """Makes a heap of one version, ends the server that made it, and returns the version's file:
    beside it there may be the base heap's."""
    server = start("--directory-path", directory)
    result = server.run("globalThis.n = 1", heap=name)
    assert result.value == 1
    assert server.close() == 0
    return file_of(directory, result.structured["version"])


def file_of(directory: Path, version: str) -> Path:
    [file] = [file for file in files_in(directory / "versions")
              if "".join(file.relative_to(directory / "versions").parts).endswith(version)]
    return file


def files_in(directory: Path) -> list[Path]:
    return sorted(path for path in directory.rglob("*") if path.is_file())


def assert_refused(start, directory: Path) -> None:
    """The damaged heap is an error, today and tomorrow; the other heap is not hurt."""
    for _ in range(2):
        server = start("--directory-path", directory)
        for code in ("n", "globalThis.n = 2"):
            result = server.run(code, heap="damaged")
            assert result.kind in ("storage", "incompatible", "not_found"), result
            assert result.error["message"]
        assert server.run("n", heap="healthy").value == 1
        assert server.run("1 + 1").value == 2
        assert server.close() == 0


def test_versions_are_alike_whichever_server_made_them(start, directory):
    """Hash tables lie in snapshots in the order of their hashes: all servers have one seed."""
    def stored() -> dict[Path, int]:
        return {file: file.stat().st_size for file in directory.rglob("*") if file.is_file()}

    added = []
    for expected in range(1, 5):
        before = stored()
        server = start("--directory-path", directory)
        assert server.run("globalThis.n = (globalThis.n ?? 0) + 1", heap="h").value == expected
        server.close()
        added.append(sum(size for file, size in stored().items() if file not in before))
    assert min(added) < 25_000, added
