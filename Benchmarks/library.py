"""What the library that heaps start with costs, beside a V8 without it: `python3 library.py`."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from floor import FOLDER, REPOSITORY, prefix

SOURCES = REPOSITORY / "Sources"
REPEATS = 300


def main() -> int:
    # The compiler that Swift brings: the library's scripts are embedded, which is new in C.
    compiler = Path(shutil.which("swift") or "swift").resolve().parent / "clang"
    v8 = prefix()
    libraries = v8 / "lib" / f"{platform.machine()}-linux-gnu"
    includes = [SOURCES / "CV8/include", SOURCES / "CBaseHeap/include"]
    with tempfile.TemporaryDirectory() as folder:
        scripts, program = Path(folder) / "scripts.o", Path(folder) / "library"
        subprocess.run([compiler, "-O2", "-c", f"-I{includes[1]}",
                        SOURCES / "CBaseHeap/base_heap.c", "-o", scripts], check=True)
        subprocess.run(
            [f"{compiler}++", "-std=c++17", "-O2", "-fno-rtti", "-fno-exceptions",
             *(f"-I{path}" for path in includes), "-isystem", v8 / "include/node",
             FOLDER / "library.cpp", *sorted((SOURCES / "CV8").glob("*.cpp")), scripts,
             "-o", program, f"-L{libraries}", "-lnode", "-ldl", f"-Wl,-rpath,{libraries}"],
            check=True)
        return subprocess.run([program, str(REPEATS)], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
