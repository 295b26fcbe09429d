"""What is measured: this server, and those that it is compared with."""

from __future__ import annotations

import functools
import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import measuring  # noqa: F401  (makes the modules of IntegrationTests known)
from clients import HTTPClient, StdioClient
from engine import ENGINE
from http_client import HTTPServer

FOLDER = Path(__file__).resolve().parent
START_SECONDS = 30.0


class OurServer:
    """The built server, and what it can do."""

    def __init__(self, binary: Path):
        self.binary = binary

    def command(self, *options: object) -> list[str]:
        return [str(self.binary), *map(str, options)]

    def stdio(self, *options: object) -> StdioClient:
        return StdioClient(self.command(*options))

    def http(self, *options: object) -> HTTPServer:
        return HTTPServer(self.binary, "--http-port", "0", *options)

    @functools.cached_property
    def help(self) -> str:
        return subprocess.run(self.command("--help"), capture_output=True, text=True).stdout

    def knows(self, option: str) -> bool:
        """Whether it has a command-line option."""
        return option in self.help

    @property
    def relaxed(self) -> tuple[str, ...]:
        return ("--durability", "relaxed")

    def version(self) -> str:
        return subprocess.run(
            self.command("--version"), capture_output=True, text=True).stdout.strip()


class PythonServer:
    """The official server for Python behind HTTP, on a port that was free a moment ago."""

    def __init__(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.process = subprocess.Popen(
            python_command(str(self.port)), env=os.environ | environment(),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except ConnectionRefusedError:
                assert self.process.poll() is None, "the Python server ended"
                assert time.monotonic() < deadline, "the Python server does not listen"
                time.sleep(0.02)

    def __enter__(self) -> PythonServer:
        return self

    def __exit__(self, *exception: object) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def python_command(*arguments: str) -> list[str]:
    return [sys.executable, str(FOLDER / "python_server.py"), *arguments]


def environment() -> dict[str, str]:
    """Tells the Python server where node and deno are."""
    found = {"BENCHMARK_NODE": shutil.which("node"), "BENCHMARK_DENO": deno()}
    return {name: path for name, path in found.items() if path}


def deno() -> str | None:
    beside = Path(sys.executable).parent / "deno"
    return str(beside) if beside.exists() else shutil.which("deno")


def nodes() -> dict[str, str]:
    """Every node that can be had, by what it is: version and V8."""
    # The engine's program is Node, if it is let.
    found = {}
    for path in (shutil.which("node"), ENGINE):
        if path:
            what = subprocess.run(
                [path, "-p", "`node ${process.version} (V8 ${process.versions.v8.split('-')[0]})`"],
                capture_output=True, text=True).stdout.strip()
            found[what] = str(path)
    return found


def python_over_stdio(stack: ExitStack) -> StdioClient:
    return stack.enter_context(StdioClient(python_command(), environment()))


def python_over_http(stack: ExitStack) -> tuple[HTTPClient, int]:
    server = stack.enter_context(PythonServer())
    return stack.enter_context(HTTPClient(server.port)), server.process.pid


def ours_over_http(stack: ExitStack, ours: OurServer, *options: object) -> tuple[HTTPClient, int]:
    server = stack.enter_context(ours.http(*options))
    return stack.enter_context(HTTPClient(server.port)), server.process.pid
