"""The program that strips types, taken over by the code that it was given."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from circumstances import CIRCUMSTANCES, where_everybody_reads
from processes import descendants, is_running, wait_until
from raw_client import Server

TYPED = "const a: number = 1; a"


def built(name: str, folder: Path, *options: str) -> Path:
    source = Path(__file__).with_name(f"{name}.c")
    program = folder / name
    subprocess.run(["cc", "-O1", *options, "-o", program, source], check=True)
    return program


def running(server: Server, program: Path) -> list[int]:
    return [pid for pid in descendants(server.pid) if executable(pid) == str(program)]


def executable(pid: int) -> str | None:
    try:
        return os.readlink(f"/proc/{pid}/exe")
    except OSError:
        return None


@pytest.mark.parametrize("linking", ["-dynamic", "-static"])
@pytest.mark.parametrize("circumstances", CIRCUMSTANCES)
def test_it_reaches_nothing(binary, circumstances, linking):
    with where_everybody_reads(binary) as folder:
        mine = folder / "mine"
        mine.write_text("secret")
        # As root's tools run as this user, and so do the plain user's.
        if os.geteuid() == 0:
            os.chown(mine, 65534, 65534)
        mine.chmod(0o400)
        tool = built("curious_tool", folder, linking, f'-DPRIVATE_FILE="{mine}"')
        prefix = CIRCUMSTANCES[circumstances]
        command = [*prefix, folder / "mcp-v8"]
        with Server(*command, "--in-memory", "--esbuild", tool) as server:
            found = server.run(TYPED, language="ts").value
    assert set(found.values()) == {0}, found


def test_it_ends_with_a_server_that_is_killed(binary, tmp_path):
    with where_everybody_reads() as folder:
        tool = built("idle_tool", folder)
        with Server(binary, "--in-memory", "--esbuild", tool) as server:
            server.begin_run(TYPED, language="ts", timeout_ms=60_000)
            wait_until(lambda: running(server, tool), "types are stripped")
            pids = running(server, tool)
            server.kill()
            wait_until(lambda: not any(map(is_running, pids)), "it ends", seconds=5)


def test_it_is_a_program_of_this_machine(start, tmp_path):
    script = tmp_path / "esbuild"
    script.write_text("#!/bin/sh\necho 42\n")
    script.chmod(0o755)
    result = start("--in-memory", "--esbuild", script).run(TYPED, language="ts")
    assert result.is_error
    assert "could not be started" in result.text
