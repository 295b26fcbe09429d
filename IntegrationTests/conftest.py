"""Where the server is, and fixtures that start it and see to it that it ends."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from raw_client import Questions, Server
from result_schemas import ResultJudge

REPOSITORY = Path(__file__).resolve().parent.parent


def find_server() -> Path:
    """The release build of the server: MCP_V8, or where `swift build -c release` leaves it."""
    path = Path(os.environ.get("MCP_V8", REPOSITORY / ".build/release/mcp-v8"))
    assert os.access(path, os.X_OK), f"no server at {path}: build it, or set MCP_V8"
    return path.resolve()


@pytest.fixture(scope="session")
def binary() -> Path:
    """The server that is tested."""
    return find_server()


@pytest.fixture(scope="session", autouse=True)
def judge() -> Iterator[None]:
    """Holds every result of every tool in every test against the schema of that tool."""
    Questions.judge = ResultJudge(find_server)
    yield
    Questions.judge = None


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A directory for heaps, as the server wants it: ours, and closed to others."""
    path = tmp_path / "heaps"
    path.mkdir(mode=stat.S_IRWXU)
    return path


@pytest.fixture
def start(binary: Path) -> Iterator[Callable[..., Server]]:
    """Starts servers; whatever still runs at the end is ended, and its stdout checked."""
    started: list[Server] = []

    def start_server(*args: object, **options) -> Server:
        server = Server(binary, *args, **options)
        started.append(server)
        return server

    yield start_server
    for server in started:
        server.__exit__()
    for server in started:
        assert_pure(server)


@pytest.fixture
def files(start: Callable[..., Server], directory: Path) -> Server:
    """A server that keeps its heaps in files."""
    return start("--directory-path", directory)


@pytest.fixture
def memory(start: Callable[..., Server]) -> Server:
    """A server that keeps its heaps in memory."""
    return start("--in-memory")


def assert_pure(server: Server) -> None:
    """Every line on stdout is a JSON-RPC message, or a batch of them; the last one is whole."""
    lines = server.all_lines()
    for line in lines[:-1] if server.process.returncode == -9 else lines:
        assert line.endswith(b"\n"), f"an unfinished line on stdout: {line[-200:]!r}"
        message = json.loads(line)
        for one in message if isinstance(message, list) else [message]:
            assert one.get("jsonrpc") == "2.0", f"not MCP on stdout: {line[:200]!r}"
