"""Programs in C++ that run in the engine's process, as the worker does."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
REPOSITORY = FOLDER.parent
sys.path.insert(0, str(REPOSITORY / "IntegrationTests"))

from programs import LINKER  # noqa: E402

ENGINE = REPOSITORY / ".deps/bin/node"
HEADERS = REPOSITORY / ".deps/include/node"
SOURCES = REPOSITORY / "Sources"


class BuildFailed(Exception):
    """A program could not be built."""


def compiler() -> Path:
    """The one that Swift brings: scripts are embedded, which is new in C."""
    return Path(shutil.which("swift") or "swift").resolve().parent / "clang"


def build(program: Path, *sources: Path, options: tuple[object, ...] = ()) -> list[str]:
    """Builds a library that defines `cv8_main`; the command that runs it, without arguments."""
    built = subprocess.run(
        [f"{compiler()}++", "-std=c++20", "-O2", "-fno-rtti", "-fno-exceptions", "-fPIC", "-shared",
         "-Wno-deprecated-declarations", "-isystem", HEADERS, f"-I{SOURCES / 'CV8/Internals'}",
         *options, *sources, SOURCES / "CV8/Internals/start.cpp", "-o", program, "-ldl"],
        capture_output=True, text=True)
    if built.returncode:
        raise BuildFailed(built.stderr)
    return [LINKER[platform.machine()], "--preload", str(program), str(ENGINE)]
