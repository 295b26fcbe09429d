"""The floor: bare V8 calls in C++, and the bare work on a snapshot's bytes."""

from __future__ import annotations

import hashlib
import json
import subprocess
import tempfile
from pathlib import Path

from engine import FOLDER, build
from heaps import OBJECTS_PER_MIB
from measuring import Budget, Work, interleave

EMPTY_MIB = 0.45
"""The snapshot of a V8 without anything of ours."""


class FloorFailed(Exception):
    """The program could not be run."""


def floor(megabytes: list[float], repeats: int) -> dict[str, dict]:
    """Medians of V8's own steps, at snapshots of about these sizes."""
    rows = {}
    with tempfile.TemporaryDirectory() as folder:
        program = build(Path(folder) / "floor.so", FOLDER / "floor.cpp")
        for size in megabytes:
            count = max(0, int((size - EMPTY_MIB) * OBJECTS_PER_MIB))
            blob = Path(folder) / "blob"
            times = max(2, int(repeats / max(1, size)))
            run = subprocess.run([*program, str(count), str(times), blob],
                                 capture_output=True, text=True, timeout=300)
            if run.returncode:
                raise FloorFailed(run.stdout + run.stderr)
            rows[f"{size:g}"] = {"megabytes": size, **json.loads(run.stdout),
                                 **_bytes(blob.read_bytes())}
    return rows


def _bytes(snapshot: bytes) -> dict[str, float]:
    """What copying, hashing and compressing these bytes takes."""
    import zstandard

    compressor = zstandard.ZstdCompressor(level=1)
    compressed = compressor.compress(snapshot)
    rows = interleave({
        "copy_ms": Work(lambda: bytearray(snapshot)),
        "hash_ms": Work(lambda: hashlib.sha256(snapshot).digest()),
        "compress_ms": Work(lambda: compressor.compress(snapshot)),
        "inflate_ms": Work(lambda: zstandard.ZstdDecompressor().decompress(compressed)),
    }, Budget(rounds=2, seconds=0.1, warm_up=1))
    return {"stored_bytes": len(compressed)} | {name: row["p50_ms"] for name, row in rows.items()}

