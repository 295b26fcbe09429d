"""What the library that heaps start with costs, beside a V8 without it: `python3 library.py`."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from engine import FOLDER, SOURCES, build, compiler

REPEATS = 300


def main() -> int:
    cv8, base_heap = SOURCES / "CV8", SOURCES / "CBaseHeap"
    includes = [f"-I{folder / 'include'}" for folder in (cv8, base_heap)] + [f"-I{cv8}"]
    # `build` adds how a process begins.
    sources = [path for path in sorted(cv8.rglob("*.cpp")) if path.name != "start.cpp"]
    with tempfile.TemporaryDirectory() as folder:
        scripts = Path(folder) / "scripts.o"
        subprocess.run([compiler(), "-O2", "-fPIC", "-c", *includes, base_heap / "base_heap.c",
                        "-o", scripts], check=True)
        command = build(Path(folder) / "library.so", FOLDER / "library.cpp", *sources, scripts,
                        options=tuple(includes))
        return subprocess.run([*command, str(REPEATS)], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
