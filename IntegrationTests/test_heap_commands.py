"""`mcp-v8 heaps …` on a directory that a server may be using."""

from __future__ import annotations

import json
import subprocess
import threading
import time

import pytest
from processes import wait_until
from test_heap_tools import call, count_to, fork


NEXT = "globalThis.n = (globalThis.n ?? 0) + 1"


class Heaps:
    """`mcp-v8 heaps …` on one directory."""

    def __init__(self, binary, directory):
        self.binary, self.directory = binary, directory

    def __call__(self, *arguments: object, code: int = 0, **options) -> str:
        done = subprocess.run(
            [self.binary, "heaps", *map(str, arguments), "--directory-path", self.directory],
            capture_output=True, text=True, timeout=120, **options)
        assert done.returncode == code, f"{arguments}\n{done}"
        return done.stdout if code == 0 or done.stdout else done.stderr

    def json(self, *arguments: object, code: int = 0) -> dict:
        return json.loads(self(*arguments, "--json", code=code))


@pytest.fixture
def heaps(binary, directory) -> Heaps:
    return Heaps(binary, directory)


@pytest.fixture
def versions(files) -> list[str]:
    """Three versions of a heap `h`, made by a server that runs."""
    return count_to(files, "h", 3)


def test_command_list(heaps, files, versions):
    files.run("1", heap="other")
    assert heaps.json("list") == call(files, "list_heaps").structured
    assert [heap["name"] for heap in heaps.json("list", "--prefix", "o")["heaps"]] == ["other"]
    header, first, second = heaps("list").splitlines()
    assert header.split() == ["NAME", "VERSION", "VERSIONS", "UPDATED", "BYTES"]
    assert first.split()[:3] == ["h", versions[2][:12], "3"] and second.startswith("other")


def test_command_show(heaps, versions):
    shown = heaps.json("show", f"h@{versions[1][:8]}")
    assert shown["version"] == versions[1] and shown["parent"] == versions[0]
    assert shown["stored_bytes"] < shown["bytes"] and "V8" in shown["engine"]
    assert versions[1] in heaps("show", versions[1])


def test_command_history(heaps, files, versions):
    ours = heaps.json("history", "h", "--limit", 2)
    theirs = call(files, "heap_history", heap="h", limit=2).structured
    assert ours == {key: theirs[key] for key in ("versions", "end")}
    assert "--limit" in heaps("history", "h", "--limit", 2)
    assert len(heaps("history", "h").splitlines()) == 4


def test_command_fork(heaps, files, versions):
    heaps("fork", f"h@{versions[0][:8]}", "copy")
    assert files.run("n", heap="copy").value == 1
    assert "replace" in heaps("fork", "h", "copy", code=1)
    assert heaps.json("fork", versions[1], "h", "--replace")["replaced"] == versions[2]
    assert files.run("n", heap="h").value == 2


def test_command_delete(heaps, files, versions):
    assert versions[2] in heaps("delete", "h")
    assert files.run("typeof n", heap="h").structured["created"] is True
    heaps("fork", versions[2], "h", "--replace")
    assert files.run("n", heap="h").value == 3
    assert "no heap" in heaps("delete", "none", code=1)


@pytest.mark.parametrize("history", [False, True])
def test_command_export_and_import(heaps, files, versions, tmp_path, binary, start, history):
    file = tmp_path / "h.export"
    exported = heaps.json("export", "h", file, *["--history"] * history)
    assert exported["versions"] == (versions[::-1] if history else versions[2:])
    assert file.stat().st_mode & 0o777 == 0o600
    heaps("export", "h", file, code=1)

    elsewhere = Heaps(binary, tmp_path / "elsewhere")
    assert elsewhere.json("import", file)["version"] == versions[2]
    elsewhere("import", file, code=1)
    elsewhere("import", file, "--name", "copy")
    elsewhere("import", file, "--replace")
    other = start("--directory-path", tmp_path / "elsewhere")
    assert other.run("n += 1", heap="h").value == 4
    assert other.run("n", heap="copy", save=False).value == 3
    kept = call(other, "heap_history", heap="copy").structured
    assert len(kept["versions"]) == (3 if history else 1)
    assert kept["end"] == ("first_run" if history else "not_kept")


def test_command_import_of_damage(heaps, versions, tmp_path):
    file, damaged = tmp_path / "h.export", tmp_path / "damaged"
    heaps("export", "h", file, "--history")
    content = file.read_bytes()
    for position in range(0, len(content), len(content) // 25):
        spoilt = bytearray(content)
        spoilt[position] ^= 0x10
        damaged.write_bytes(spoilt)
        heaps("import", damaged, "--name", "copy", code=1)
    damaged.write_bytes(content[:-1])
    heaps("import", damaged, "--name", "copy", code=1)
    damaged.write_bytes(b"")
    heaps("import", damaged, "--name", "copy", code=1)
    assert [heap["name"] for heap in heaps.json("list")["heaps"]] == ["h"]


def test_command_import_of_what_cannot_be_run(heaps, versions, binary, tmp_path):
    file = tmp_path / "h.export"
    heaps("export", "h", file)
    # Without the JIT, V8 reads no snapshot that it made with it.
    elsewhere = Heaps(binary, tmp_path / "elsewhere")
    refused = elsewhere("import", file, "--hardened", code=1)
    assert "jitless" in refused and "Only an equal build" in refused
    assert elsewhere.json("list")["heaps"] == []
    assert elsewhere.json("fsck")["versions"] == 0
    elsewhere("import", file, "--hardened", "--accept-incompatible")
    assert elsewhere.json("show", "h")["version"] == versions[2]


def test_command_gc(heaps, files, versions):
    assert heaps.json("gc")["removed"] == 0
    versions += [files.run(f"n = {n}; n", heap="h").structured["version"] for n in range(4, 13)]
    young = heaps.json("gc", "--keep-versions", 1)
    # What the newest is packed behind is kept with it: its parents, and the base heap.
    assert young["kept"] in range(1, 7) and young["removed"] == 0
    assert 0 < young["young"] <= 13 - young["kept"]
    old = ("gc", "--keep-versions", 2, "--grace-seconds", 0)
    counted = heaps.json(*old, "--dry-run")
    assert counted["removed"] >= 12 - 7 and counted["removed_bytes"] > 1000
    assert len(heaps.json("history", "h")["versions"]) == 12
    assert heaps.json(*old) == counted
    history = call(files, "heap_history", heap="h").structured
    kept = [entry["version"] for entry in history["versions"]]
    assert 2 <= len(kept) <= 7 and kept == versions[:-len(kept) - 1:-1]
    assert history["end"] == "not_kept"
    assert "not kept" in heaps("history", "h")
    assert heaps.json("fsck", "--read-data")["problems"] == []
    assert files.run("n", heap="h").value == 12
    assert files.run("n", heap=f"h@{versions[0]}", save=False).kind == "not_found"


def test_command_gc_beside_a_server(heaps, start, directory):
    one, two = (start("--directory-path", directory) for _ in range(2))
    end = time.monotonic() + 6
    runs = passes = 0
    while time.monotonic() < end:
        open_runs = [server.begin_run("globalThis.n = (globalThis.n ?? 0) + 1", heap=heap)
                     for server, heap in ((one, "a"), (two, "b"))]
        if runs % 10 == 0:
            heaps("gc", "--keep-versions", 1)
            passes += 1
        runs += 1
        for server, run in zip((one, two), open_runs):
            assert server.run_answer(run).value == runs
    assert runs > 20 and passes > 2
    checked = heaps.json("fsck", "--read-data")
    assert checked["problems"] == []
    done = heaps.json("gc", "--keep-versions", 1, "--grace-seconds", 0)
    # Each heap's newest is kept, with what that is packed behind: four parents, and the base heap.
    assert 2 <= done["kept"] <= 2 * 6 and done["young"] == 0
    assert done["kept"] + done["removed"] == checked["versions"] >= 2 * runs
    assert one.run("n", heap="b").value == runs


def test_command_gc_with_a_grace_of_a_second_beside_servers(heaps, start, directory):
    """Shorter than it is meant to be: what is in a heap is never collected all the same."""
    ended = []

    def count(server, own: str) -> None:
        server.initialize()
        for turn in range(30):
            assert server.run(NEXT, heap=own).value == turn + 1
            shared = server.run(NEXT, heap="shared")
            assert not shared.is_error or shared.kind == "conflict", shared
        ended.append(own)

    threads = [
        threading.Thread(target=count, args=(start("--directory-path", directory), own))
        for own in ("a", "b")]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        heaps("gc", "--keep-versions", 1, "--grace-seconds", 1)
    assert sorted(ended) == ["a", "b"]
    with start("--directory-path", directory) as server:
        assert [server.run("n", heap=own).value for own in ("a", "b")] == [30, 30]
        assert 30 <= server.run("n", heap="shared").value <= 60


def test_the_server_collects_by_itself(start, directory):
    """Only that it looks: nothing is old enough to be removed within a test."""
    server = start("--directory-path", directory, "--log-level", "debug", "--keep-versions", 1)
    count_to(server, "h", 2)
    wait_until(lambda: "Garbage collected" in server.stderr(), "a collection", 15)
    assert len(call(server, "heap_history", heap="h").structured["versions"]) == 2


def test_command_fsck(heaps, files, versions, directory):
    assert "0 problems" in heaps("fsck")
    sound = heaps.json("fsck", "--read-data")
    # The base heap may be there too, as a version that no name points at.
    assert (sound["heads"], sound["problems"]) == (1, []) and sound["versions"] in (3, 4)
    # One that no other is packed behind.
    lone = files.run("1", heap="lone").structured["version"]
    files.result("tools/call", {"name": "delete_heap", "arguments": {"heap": "lone"}})
    version = directory / "versions" / lone[:2] / lone
    content = bytearray(version.read_bytes())
    content[-1] ^= 1
    version.write_bytes(content)
    assert "0 problems" in heaps("fsck")
    line, summary = heaps("fsck", "--read-data", code=1).splitlines()
    assert line.startswith(f"versions/{lone[:2]}/{lone}: ")
    assert "1 problems" in summary and version.exists()

    [problem] = heaps.json("fsck", "--read-data", "--set-aside", code=1)["problems"]
    assert problem["set_aside"] is True and not version.exists()
    assert (directory / "damaged" / f"versions-{lone}").read_bytes() == content
    assert heaps.json("fsck", "--read-data")["problems"] == []
    assert files.run("n", heap="h").value == 3


def test_command_fsck_of_heads(heaps, files, versions, directory):
    fork(files, "h", "copy")
    (directory / "heads" / "h").write_bytes(b"")
    (directory / "versions" / versions[2][:2] / versions[2]).unlink()
    problems = heaps.json("fsck", "--set-aside", code=1)["problems"]
    assert [(problem["key"], problem["set_aside"]) for problem in problems] \
        == [("heads/copy", False), ("heads/h", True)]
    # Nothing is collected while it is not known what a heap needs.
    assert versions[2] in heaps("gc", "--grace-seconds", 0, code=1)
    heaps("fork", versions[1], "copy", "--replace")
    assert heaps.json("fsck")["problems"] == []
    assert files.run("n", heap="copy").value == 2


def test_a_directory_that_is_none(heaps, directory, tmp_path):
    heaps.directory = tmp_path / "none"
    assert "no directory" in heaps("list", code=1)
    assert not heaps.directory.exists()
    heaps.directory = directory
    (directory / "stranger").write_text("x")
    assert "stranger" in heaps("fsck", code=1)


@pytest.mark.parametrize("arguments, code, says", [
    (["heaps", "bogus"], 64, "bogus"),
    (["heaps", "list", "--bogus"], 64, "bogus"),
    (["heaps", "show"], 64, "heap"),
    (["heaps", "show", "a b"], 64, "characters"),
    (["heaps", "list", "--in-memory"], 64, "--directory-path"),
    (["heaps", "gc", "--stateless"], 64, "--directory-path"),
    (["heaps", "gc", "--keep-versions", "0"], 64, "--keep-versions"),
    (["heaps", "gc", "--grace-seconds", "-1"], 64, "grace-seconds"),
    (["heaps", "--help"], 0, "fsck"),
    (["heaps", "gc", "--help"], 0, "--dry-run"),
    (["--keep-versions", "0"], 64, "--keep-versions"),
])
def test_usage(binary, arguments, code, says):
    done = subprocess.run([binary, *arguments], capture_output=True, text=True, timeout=30,
                          stdin=subprocess.DEVNULL)
    assert done.returncode == code, done.stderr
    assert says in done.stdout + done.stderr


def test_where_the_directory_is_said(binary, heaps, versions, directory, tmp_path):
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"directory-path": str(directory), "timeout-ms": 5}))
    for arguments, environment in [
        (["--directory-path", str(directory), "heaps", "list"], {}),
        (["heaps", "list"], {"MCP_V8_DIRECTORY_PATH": str(directory)}),
        (["heaps", "list", "--config", str(config)], {}),
        (["heaps", "list", "--directory-path", str(directory)], {"MCP_V8_IN_MEMORY": "true"}),
    ]:
        done = subprocess.run([binary, *arguments], capture_output=True, text=True, timeout=30,
                              env={"PATH": "/usr/bin"} | environment)
        assert done.returncode == 0 and versions[2][:12] in done.stdout, done.stderr
