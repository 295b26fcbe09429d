"""Snapshots that somebody altered: refused where they are not signed, else they end their worker.

Every digest of them is right, so that V8 reads them. MCP_V8_ALTERED=N tries that many in place of a
few.
"""

from __future__ import annotations

import os
import re
from collections import Counter

import pytest
from exported import Exported
from http_client import Client, HTTPServer
from processes import template
from raw_client import Server
from test_heap_commands import Heaps

SEEDS = int(os.environ.get("MCP_V8_ALTERED", "40"))
KINDS = {"worker_lost", "not_serializable", "timeout", "exception", "out_of_memory", "syntax",
         "output_limit"}
PREY = """
globalThis.n = 41;
globalThis.next = () => ++n;
globalThis.kept = Array.from({length: 500}, (_, i) => ({i, text: `number ${i}`, f: () => i}));
kept.length
"""
LOOK = """
const sums = kept.map((one) => one.i + one.text.length + one.f());
[next(), sums.length, Object.keys(globalThis).length, JSON.stringify(kept).length]
"""


@pytest.fixture(scope="module")
def exported(binary, tmp_path_factory) -> Exported:
    folder = tmp_path_factory.mktemp("prey")
    with Server(binary, "--directory-path", folder / "heaps") as server:
        assert server.run(PREY, heap="prey").value == 500
    Heaps(binary, folder / "heaps")("export", "prey", folder / "prey")
    return Exported((folder / "prey").read_bytes())


def test_the_file_is_read_and_written_as_the_server_does(binary, exported, tmp_path, directory):
    path = tmp_path / "same"
    path.write_bytes(exported.archive(exported.snapshot))
    Heaps(binary, directory)("import", path, "--name", "h")
    with Server(binary, "--directory-path", directory) as server:
        assert server.run(LOOK, heap="h").value[0] == 42


def test_without_a_signature_they_are_refused_before_a_worker_sees_them(
    binary, exported, tmp_path, directory
):
    key = tmp_path / "key"
    key.write_text("1" * 64 + "\n")
    key.chmod(0o600)
    path = tmp_path / "altered"
    path.write_bytes(exported.archive(exported.altered(1, 16)))
    heaps = Heaps(binary, directory)
    refused = heaps("import", path, "--name", "h", "--signing-key-file", key, code=1)
    assert "not signed" in refused
    # Into the storage itself, past the import.
    heaps("import", path, "--name", "h")
    server = HTTPServer(
        binary, "--http-port", "0", "--directory-path", directory, "--signing-key-file", key)
    with server, Client(server.port) as client:
        assert client.run("1", heap="fresh").value == 1
        for _ in range(3):
            assert client.run(LOOK, heap="h").kind == "storage"
        assert not failures(client)


def test_without_their_digests_they_are_refused(binary, exported, tmp_path, directory):
    """Bytes that change on a disk: neither the import nor a run takes them."""
    path = tmp_path / "flipped"
    archive = bytearray(exported.archive(exported.snapshot))
    archive[len(archive) // 2] ^= 1
    path.write_bytes(archive)
    assert Heaps(binary, directory)("import", path, "--name", "h", code=1)


def test_those_with_every_digest_right_end_their_worker_only(
    binary, exported, tmp_path, directory
):
    heaps = Heaps(binary, directory)
    server = HTTPServer(
        binary, "--http-port", "0", "--directory-path", directory, "--log-level", "error")
    outcomes: Counter[str] = Counter()
    with server, Client(server.port) as client:
        assert client.run("globalThis.n = 7", heap="bystander").value == 7
        parent = template(server.process.pid)
        for seed in range(SEEDS):
            path = tmp_path / f"altered-{seed}"
            count = (1, 4, 16, 256)[seed % 4]
            path.write_bytes(exported.archive(exported.altered(seed, count)))
            heaps("import", path, "--name", f"h{seed}")
            path.unlink()
            outcomes[try_out(client, f"h{seed}")] += 1
            assert client.run("n", heap="bystander", save=False).value == 7, f"seed {seed}"
            assert template(server.process.pid) == parent, f"seed {seed} ended the template"
        ended = sum(failures(client).values())
    print(f"altered snapshots, seeds 0 to {SEEDS - 1}: {dict(outcomes)}, {ended} workers ended")
    assert ended > SEEDS // 20, "V8 was not reached"


def failures(client: Client) -> Counter[str]:
    """How many workers failed, by reason."""
    text = client.send("GET", "/metrics").body.decode()
    found = re.findall(r'^mcp_v8_worker_failures_total{reason="(\w+)"} (\d+)$', text, re.M)
    return Counter({reason: int(count) for reason, count in found if int(count)})


def try_out(client: Client, heap: str) -> str:
    """Runs on a heap three times; what came of it."""
    incidents = 0
    for turn in range(3):
        before = failures(client)
        result = client.run(LOOK, heap=heap, timeout_ms=2000)
        if not result.is_error:
            return "a value"
        if incidents == 2:
            assert result.kind == "quarantined", (heap, result)
            return "quarantined"
        assert result.kind in KINDS, (heap, result)
        if result.kind not in ("worker_lost", "not_serializable"):
            return result.kind
        ended = failures(client) - before
        assert result.kind == "not_serializable" or ended, (heap, result)
        incidents += ended["memory_corruption"] + ended["sandbox_violation"]
    return "workers lost"
