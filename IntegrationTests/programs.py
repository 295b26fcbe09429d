"""Which files a server and its workers are, and how a worker is started.

As WorkerPrograms.swift has it.
"""

from __future__ import annotations

import os
import platform
import shutil
from pathlib import Path

LIBRARY = "libmcp-v8-worker.so"
ENGINE = "node"
LINKER = {"aarch64": "/lib/ld-linux-aarch64.so.1", "x86_64": "/lib64/ld-linux-x86-64.so.2"}


def library(binary: Path) -> Path:
    """The worker's file, which belongs to a server."""
    beside = binary.with_name(LIBRARY)
    return beside if beside.exists() else binary.parent.parent / "libexec/mcp-v8" / LIBRARY


def engine(worker: Path) -> Path:
    """The program that V8 is in, beside its worker or where it was fetched to."""
    beside = worker.with_name(ENGINE)
    if beside.exists():
        return beside
    root = next(folder.parent for folder in worker.parents if folder.name.startswith(".build"))
    return root / ".deps/bin" / ENGINE


def install(binary: Path, folder: Path) -> Path:
    """Copies a server and all that it starts into one folder; the copy of the server."""
    worker = library(binary)
    for program in (binary, worker):
        shutil.copy(program, folder)
    place_engine(engine(worker), folder)
    return folder / binary.name


def place_engine(program: Path, folder: Path) -> None:
    """Puts the engine into a folder, as another name of the large file where that can be."""
    try:
        os.link(program, folder / ENGINE)
    except OSError:
        shutil.copy(program, folder)


def worker_command(worker: Path) -> list[str]:
    """What starts a template without a server."""
    return [LINKER[platform.machine()], "--argv0", "mcp-v8-worker", "--preload", str(worker),
            str(engine(worker))]
