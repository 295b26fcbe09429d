"""Start and end of the server: options, directories, signals, and stdout that holds MCP only."""

from __future__ import annotations

import json
import signal
import subprocess
import time

import pytest
from processes import descendants, is_running, wait_until, wait_until_busy

END_SECONDS = 2


def test_end_of_input_ends_the_server(files):
    files.initialize()
    assert_ends_cleanly(files, files.end_of_input)


def test_end_of_input_before_a_word(files):
    assert_ends_cleanly(files, files.end_of_input)


def test_what_was_asked_before_the_end_of_input_is_answered(files):
    files.run("let n = 1", heap="h")
    pause = "n++; await new Promise((done) => setTimeout(done, 1_500)); n"
    ids = [files.begin_run(pause, heap="h") for _ in range(2)]
    files.end_of_input()
    assert [files.run_answer(id).value for id in ids] == [2, 3], "the second waited for the first"
    assert files.wait(10) == 0


def test_a_run_is_answered_up_to_its_deadline_after_the_end_of_input(files):
    id = files.begin_run("for(;;);", timeout_ms=2_000)
    wait_until_busy(files.pid)
    files.end_of_input()
    assert files.run_answer(id).kind == "timeout"
    assert files.wait(10) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_after_the_end_of_input_ends_the_server(files, number):
    files.run("let n = 1", heap="h")
    files.begin_run("n = 2; for(;;);", heap="h", timeout_ms=60_000)
    wait_until_busy(files.pid)
    files.end_of_input()
    assert_ends_cleanly(files, lambda: files.process.send_signal(number))


def test_a_client_that_is_gone_is_not_waited_for(binary):
    process = subprocess.Popen(
        [binary, "--in-memory"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL)
    try:
        call = {"name": "run_js", "arguments": {"code": "for(;;);", "timeout_ms": 60_000}}
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}
        process.stdin.write(json.dumps(message).encode() + b"\n")
        process.stdin.flush()
        wait_until_busy(process.pid)
        process.stdin.close()
        process.stdout.close()
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("busy", [False, True])
def test_signals_end_the_server(files, number, busy):
    files.run("1")
    if busy:
        files.begin_run("for(;;);", timeout_ms=60_000)
        wait_until_busy(files.pid)
    assert_ends_cleanly(files, lambda: files.process.send_signal(number))


def test_an_unfinished_line_at_the_end_is_no_message(files):
    files.send_bytes(b'{"jsonrpc":"2.0","id":1,"method":"pi')
    assert_ends_cleanly(files, files.end_of_input)
    assert all(json.loads(line).get("id") is None for line in files.all_lines())


def test_a_client_that_stops_reading_ends_the_server(binary):
    process = subprocess.Popen(
        [binary, "--in-memory"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL)
    try:
        process.stdout.close()
        process.stdin.write(b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n')
        process.stdin.flush()
        assert process.wait(END_SECONDS) >= 0, "ended by a signal"
    finally:
        process.kill()
        process.wait()
        process.stdin.close()


def test_what_is_committed_is_there_after_the_end(start, directory):
    first = start("--directory-path", directory)
    first.run("let n = 41", heap="h")
    assert first.close() == 0
    second = start("--directory-path", directory)
    result = second.run("++n", heap="h")
    assert result.value == 42 and result.structured["created"] is False


def test_scripts_and_logs_do_not_reach_stdout(start):
    server = start("--in-memory", "--log-level", "trace")
    server.run("console.log('to the result'); console.error('{}')", heap="h")
    server.run("(0, eval)('%DebugPrint(1)')")
    server.run("throw new Error('x')")
    assert server.close() == 0  # the fixture looks at every line


def test_several_servers_on_one_directory(start, directory):
    servers = [start("--directory-path", directory) for _ in range(3)]
    for number, server in enumerate(servers):
        assert server.run("1 + 1", heap=f"h{number}").value == 2


# -- Options

def test_version(binary):
    done = invoke(binary, "--version")
    assert done.returncode == 0 and done.stderr == ""
    assert any(character.isdigit() for character in done.stdout)


def test_help(binary):
    done = invoke(binary, "--help")
    assert done.returncode == 0 and done.stderr == ""
    assert "--directory-path" in done.stdout


@pytest.mark.parametrize("options", [
    ["--in-memory", "--directory-path", "DIRECTORY"],
    ["--in-memory", "--stateless"],
    ["--directory-path", "DIRECTORY", "--stateless"],
])
def test_options_that_contradict_each_other(binary, directory, options):
    done = invoke(binary, *[str(directory) if o == "DIRECTORY" else o for o in options])
    assert_refused(done, *[o for o in options if o.startswith("--")])


@pytest.mark.parametrize("arguments, named", [
    (["--no-such-option"], "--no-such-option"),
    (["--in-memory", "stray"], "stray"),
    (["--timeout-ms", "abc"], "timeout-ms"),
    (["--timeout-ms", "0"], "timeout-ms"),
    (["--timeout-ms", "-5"], "timeout-ms"),
    (["--timeout-ms", "5000", "--timeout-ms-max", "4000"], "timeout-ms"),
    (["--heap-mb-max", "0"], "heap-mb-max"),
    (["--output-bytes-max", "99999999999999999999"], "output-bytes-max"),
    (["--workers-max", "0"], "workers-max"),
    (["--log-level", "loud"], "log-level"),
    (["--directory-path", ""], "directory-path"),
    (["--config", "/nowhere/mcp-v8.json"], "/nowhere/mcp-v8.json"),
])
def test_options_that_are_wrong(binary, arguments, named):
    assert_refused(invoke(binary, *arguments), named)


@pytest.mark.parametrize("content, named", [
    ('{"timeout-msec": 5}', "timeout-msec"),
    ('{"timeout-ms": "soon"}', "timeout-ms"),
    ('{"in-memory": true, "stateless": true}', "in-memory"),
    ('{"timeout-ms": ', "mcp-v8.json"),
    ("[]", "mcp-v8.json"),
])
def test_a_configuration_file_that_is_wrong(binary, tmp_path, content, named):
    file = tmp_path / "mcp-v8.json"
    file.write_text(content)
    assert_refused(invoke(binary, "--config", str(file)), named)


@pytest.mark.parametrize("environment, named", [
    ({"MCP_V8_TIMEOUT_MS": "soon"}, "timeout"),
    ({"MCP_V8_NO_SUCH_OPTION": "1"}, "MCP_V8_NO_SUCH_OPTION"),
    ({"MCP_V8_IN_MEMORY": "true", "MCP_V8_STATELESS": "true"}, "stateless"),
])
def test_an_environment_that_is_wrong(binary, environment, named):
    assert_refused(invoke(binary, environment=environment), named)


@pytest.mark.parametrize("arguments, environment, content", [
    (["--timeout-ms", "300"], {"MCP_V8_TIMEOUT_MS": "20000"}, {"timeout-ms": 20000}),
    ([], {"MCP_V8_TIMEOUT_MS": "300"}, {"timeout-ms": 20000}),
    ([], {}, {"timeout-ms": 300}),
])
def test_where_a_value_comes_from(start, tmp_path, arguments, environment, content):
    file = tmp_path / "mcp-v8.json"
    file.write_text(json.dumps(content | {"in-memory": True}))
    server = start("--config", file, *arguments, env=environment)
    assert server.run("for(;;);", seconds=5).kind == "timeout"


def test_the_highest_deadline(start):
    server = start("--in-memory", "--timeout-ms", 300, "--timeout-ms-max", 500)
    assert server.run("for(;;);", timeout_ms=400, seconds=5).kind == "timeout"
    assert server.run("for(;;);", timeout_ms=60_000, seconds=5).is_error


# -- Directories

def test_a_directory_that_cannot_be(binary, tmp_path):
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        assert_refused(invoke(binary, "--directory-path", str(path)), str(path))


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o707, 0o1777])
def test_a_directory_that_others_can_write(binary, tmp_path, mode):
    path = tmp_path / "open"
    path.mkdir()
    path.chmod(mode)
    assert_refused(invoke(binary, "--directory-path", str(path)), str(path))
    assert list(path.iterdir()) == []


def test_a_directory_is_made_and_closed_to_others(start, tmp_path):
    path = tmp_path / "new"
    server = start("--directory-path", path)
    assert server.run("1", heap="h").value == 1
    assert path.stat().st_mode & 0o777 == 0o700


def test_a_directory_with_strange_characters(start, tmp_path):
    path = tmp_path / "a b ü'\"$x"
    path.mkdir(mode=0o700)
    assert start("--directory-path", path).run("1", heap="h").value == 1


def invoke(binary, *arguments, environment=None) -> subprocess.CompletedProcess:
    """Runs the server with nothing on stdin until it ends."""
    return subprocess.run(
        [binary, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20,
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"} | (environment or {}))


def assert_refused(done: subprocess.CompletedProcess, *named: str) -> None:
    assert done.returncode > 0, f"exit code {done.returncode}: {done.stderr}"
    assert done.stdout == ""
    for name in named:
        assert name.lower() in done.stderr.lower(), f"{name} is not named in: {done.stderr}"


def assert_ends_cleanly(server, end) -> None:
    below = descendants(server.pid)
    began = time.monotonic()
    end()
    code = server.wait(END_SECONDS)
    assert code == 0, f"exit code {code}\n{server.stderr()}"
    assert time.monotonic() - began < END_SECONDS
    wait_until(lambda: not any(map(is_running, below)), "its workers end with it", END_SECONDS)
