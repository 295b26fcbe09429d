"""The tools around heaps: lists, history, forks and undo, deletion; and `mcp-v8 heaps …`."""

from __future__ import annotations

import json
import re
import subprocess
import time

import pytest
from raw_client import ToolResult

TOOLS = ["list_heaps", "heap_history", "fork_heap", "delete_heap"]
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


def call(server, tool: str, **arguments) -> ToolResult:
    answer = server.result("tools/call", {"name": tool, "arguments": arguments}, seconds=60)
    result = ToolResult(answer)
    if not result.is_error:
        assert json.loads(result.text) == result.structured
    return result


def fork(server, source: str, to: str, **arguments) -> ToolResult:
    return call(server, "fork_heap", **{"from": source, "to": to}, **arguments)


def count_to(server, heap: str, last: int) -> list[str]:
    """Runs that leave `n` at 1, 2, … and the versions that they made."""
    return [server.run(f"globalThis.n = {n}", heap=heap).structured["version"]
            for n in range(1, last + 1)]


@pytest.fixture(params=["memory", "files"])
def server(request, start, directory):
    return start("--in-memory") if request.param == "memory" \
        else start("--directory-path", directory)


# -- Tools

def test_what_the_tools_say_of_themselves(memory, start):
    listed = {tool["name"]: tool for tool in memory.result("tools/list")["tools"]}
    assert set(TOOLS) <= listed.keys()
    for name in TOOLS:
        hints = listed[name]["annotations"]
        reads = name in ("list_heaps", "heap_history")
        assert hints["readOnlyHint"] is reads and hints["destructiveHint"] is not reads
        assert listed[name]["outputSchema"]["type"] == "object"
    stateless = start("--stateless").result("tools/list")["tools"]
    assert [tool["name"] for tool in stateless] == ["run_js"]


def test_listing_heaps(server):
    assert call(server, "list_heaps").structured == {"heaps": []}
    for name in ("beta", "alpha", "Alpha", "alto"):
        version = server.run("let n = 1", heap=name).structured["version"]
    heaps = call(server, "list_heaps").structured["heaps"]
    assert {heap["name"] for heap in heaps} == {"beta", "alpha", "Alpha", "alto"}
    [alto] = call(server, "list_heaps", prefix="alt").structured["heaps"]
    assert alto["version"] == version and alto["bytes"] > 100_000 and alto["run"] == 1
    assert re.fullmatch(TIME, alto["updated"])


@pytest.mark.parametrize("limit", [1, 2, 3, 5])
def test_listing_heaps_page_by_page(memory, limit):
    names = [f"h{number}" for number in range(5)]
    for name in names:
        memory.run("1", heap=name)
    found, cursor = [], {}
    while True:
        page = call(memory, "list_heaps", limit=limit, **cursor).structured
        assert len(page["heaps"]) <= limit
        found += [heap["name"] for heap in page["heaps"]]
        if "next_cursor" not in page:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert found == names


def test_history(server):
    versions = count_to(server, "h", 3)
    history = call(server, "heap_history", heap="h").structured
    assert [entry["version"] for entry in history["versions"]] == versions[::-1]
    assert [entry.get("parent") for entry in history["versions"]] == [versions[1], versions[0], None]
    assert [entry["run"] for entry in history["versions"]] == [3, 2, 1]
    assert history["versions"][0]["code"] == "globalThis.n = 3"
    assert history["end"] == "first_run"
    for entry in history["versions"]:
        assert re.fullmatch(TIME, entry["time"]) and entry["duration_ms"] > 0
        assert entry["heap_bytes"] > 0 and entry["bytes"] > 0
    newest = call(server, "heap_history", heap="h", limit=1).structured
    assert newest["versions"] == history["versions"][:1] and newest["end"] == "limit"


def test_undo(server):
    versions = count_to(server, "h", 3)
    undone = fork(server, f"h@{versions[0][:8]}", "h", replace=True).structured
    assert undone["version"] == versions[0] and undone["replaced"] == versions[2]
    assert server.run("n", heap="h").value == 1
    assert server.run("n + 1", heap="h").value == 2
    # What was undone is there as a version, and can be taken up again.
    fork(server, versions[2], "h", replace=True)
    assert server.run("n", heap="h").value == 3


def test_fork_and_diverge(server):
    server.run("let n = 1; const add = (d) => n += d", heap="a")
    assert fork(server, "a", "b").structured["name"] == "b"
    assert server.run("add(10)", heap="a").value == 11
    assert server.run("add(100)", heap="b").value == 101
    assert server.run("n", heap="a").value == 11
    assert fork(server, "a", "c").structured["run"] == 3
    assert server.run("n", heap="c").value == 11


def test_a_fork_does_not_overwrite(server):
    versions = [server.run(f"let n = '{name}'", heap=name).structured["version"] for name in "ab"]
    refused = fork(server, "a", "b")
    assert refused.kind == "conflict" and "replace" in refused.text
    assert fork(server, "a", "b", replace=False).is_error
    assert server.run("n", heap="b", save=False).value == "b"
    assert fork(server, "a", "b", replace=True).structured["replaced"] == versions[1]
    assert server.run("n", heap="b", save=False).value == "a"


def test_deletion(server):
    version = server.run("let n = 1", heap="h").structured["version"]
    deleted = call(server, "delete_heap", heap="h").structured
    assert deleted["name"] == "h" and deleted["version"] == version
    assert call(server, "delete_heap", heap="h").kind == "not_found"
    assert call(server, "list_heaps").structured["heaps"] == []
    anew = server.run("typeof n", heap="h")
    assert anew.value == "undefined" and anew.structured["created"] is True
    fork(server, version, "h", replace=True)
    assert server.run("n", heap="h").value == 1


@pytest.mark.parametrize("tool, arguments, kind", [
    ("heap_history", {"heap": "none"}, "not_found"),
    ("heap_history", {"heap": "0" * 64}, "not_found"),
    ("heap_history", {"heap": "a b"}, "invalid"),
    ("delete_heap", {"heap": "none"}, "not_found"),
    ("delete_heap", {"heap": "h@01234567"}, "invalid"),
    ("fork_heap", {"from": "none", "to": "x"}, "not_found"),
    ("fork_heap", {"from": "h@01234567", "to": "x"}, "not_found"),
    ("fork_heap", {"from": "h@0123", "to": "x"}, "invalid"),
    ("fork_heap", {"from": "h", "to": "../x"}, "invalid"),
    ("fork_heap", {"from": "h", "to": "h"}, "conflict"),
    ("list_heaps", {"cursor": "/"}, "invalid"),
])
def test_failures(memory, tool, arguments, kind):
    memory.run("let n = 1", heap="h")
    failed = call(memory, tool, **arguments)
    assert failed.kind == kind
    assert {"kind", "name", "message"} <= failed.error.keys()
    assert failed.text == failed.error["message"]
    assert [heap["name"] for heap in call(memory, "list_heaps").structured["heaps"]] == ["h"]


@pytest.mark.parametrize("tool, arguments", [
    ("heap_history", {}), ("fork_heap", {"from": "h"}), ("list_heaps", {"limit": 0}),
    ("list_heaps", {"limit": 1001}), ("delete_heap", {"heap": 5}), ("delete_heap", {"name": "h"}),
])
def test_arguments_that_are_none(memory, tool, arguments):
    assert call(memory, tool, **arguments).is_error


def test_changes_wait_for_the_run_on_their_heap(memory):
    version = memory.run("let n = 1", heap="h").structured["version"]
    run = memory.begin_run("await new Promise(r => setTimeout(r, 500)); n = 2", heap="h")
    undo = memory.begin("tools/call", {
        "name": "fork_heap", "arguments": {"from": version, "to": "h", "replace": True}})
    gone = memory.begin("tools/call", {"name": "delete_heap", "arguments": {"heap": "h"}})
    saved = memory.run_answer(run)
    assert saved.value == 2
    assert ToolResult(memory.answer(undo)["result"]).structured["replaced"] \
        == saved.structured["version"]
    assert ToolResult(memory.answer(gone)["result"]).structured["version"] == version


# -- Subcommands

class Heaps:
    """`mcp-v8 heaps …` on one directory."""

    def __init__(self, binary, directory):
        self.binary, self.directory = binary, directory

    def __call__(self, *arguments: object, code: int = 0, **options) -> str:
        done = subprocess.run(
            [self.binary, "heaps", *map(str, arguments), "--directory-path", self.directory],
            capture_output=True, text=True, timeout=120, **options)
        assert done.returncode == code, f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
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
    assert header.split() == ["NAME", "VERSION", "RUN", "UPDATED", "BYTES"]
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


def test_command_gc(heaps, files, versions):
    assert heaps.json("gc")["removed"] == 0
    young = heaps.json("gc", "--keep-versions", 1)
    assert (young["kept"], young["young"], young["removed"]) == (1, 2, 0)
    old = ("gc", "--keep-versions", 2, "--grace-seconds", 0)
    counted = heaps.json(*old, "--dry-run")
    assert counted["removed"] == 1 and counted["removed_bytes"] > 1000
    assert len(heaps.json("history", "h")["versions"]) == 3
    assert heaps.json(*old) == counted
    history = call(files, "heap_history", heap="h").structured
    assert [entry["version"] for entry in history["versions"]] == versions[:0:-1]
    assert history["end"] == "not_kept"
    assert "not kept" in heaps("history", "h")
    assert files.run("n", heap="h").value == 3
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
    assert heaps.json("fsck", "--read-data")["problems"] == []
    assert heaps.json("gc", "--keep-versions", 1, "--grace-seconds", 0)["removed"] == 2 * runs - 2
    assert one.run("n", heap="b").value == runs


def test_the_server_collects_by_itself(start, directory):
    """Only that it looks: nothing is old enough to be removed within a test."""
    server = start("--directory-path", directory, "--log-level", "debug", "--keep-versions", 1)
    count_to(server, "h", 2)
    deadline = time.monotonic() + 15
    while "Garbage collected" not in server.stderr():
        assert time.monotonic() < deadline, server.stderr()
        time.sleep(0.2)
    assert len(call(server, "heap_history", heap="h").structured["versions"]) == 2


def test_command_fsck(heaps, files, versions, directory):
    assert "0 problems" in heaps("fsck")
    sound = heaps.json("fsck", "--read-data")
    assert (sound["heads"], sound["versions"], sound["problems"]) == (1, 3, [])
    version = directory / "versions" / versions[1][:2] / versions[1]
    content = bytearray(version.read_bytes())
    content[-1] ^= 1
    version.write_bytes(content)
    assert "0 problems" in heaps("fsck")
    line, summary = heaps("fsck", "--read-data", code=1).splitlines()
    assert line.startswith(f"versions/{versions[1][:2]}/{versions[1]}: ")
    assert "1 problems" in summary and version.exists()

    [problem] = heaps.json("fsck", "--read-data", "--quarantine", code=1)["problems"]
    assert problem["quarantined"] is True and not version.exists()
    assert (directory / "quarantine" / f"versions-{versions[1]}").read_bytes() == content
    assert heaps.json("fsck", "--read-data")["problems"] == []
    assert files.run("n", heap="h").value == 3


def test_command_fsck_of_heads(heaps, files, versions, directory):
    fork(files, "h", "copy")
    (directory / "heads" / "h").write_bytes(b"")
    (directory / "versions" / versions[2][:2] / versions[2]).unlink()
    problems = heaps.json("fsck", "--quarantine", code=1)["problems"]
    assert [(problem["key"], problem["quarantined"]) for problem in problems] \
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
