"""What runs on one processor runs on every other: with and without protection keys."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from programs import LIBRARY, install
from raw_client import Server

ADD_ONE = (
    "new Uint8Array([0,97,115,109,1,0,0,0,1,6,1,96,1,127,1,127,3,2,1,0,7,5,1,1,102,0,0,"
    "10,9,1,7,0,32,0,65,1,106,11])")
ASM = """
    function Module(library, foreign, heap) {
        "use asm";
        function add(x) { x = x | 0; return (x + 1) | 0; }
        return { add: add };
    }
    var add = Module(globalThis, {}, new ArrayBuffer(65536)).add;
    for (var n = 0; n < 1e5; n++) add(n);
    add(41)
    """


@pytest.fixture(params=["without keys", "with keys"])
def server(request, binary, tmp_path) -> Iterator[Server]:
    """A server whose workers believe that their processor has protection keys, or as it is."""
    program = install(binary, tmp_path)
    if request.param == "with keys":
        put_keys_before(program)
    with Server(program, "--in-memory") as server:
        yield server


def put_keys_before(program: Path) -> None:
    """The server gives its workers no environment, and loads one library: it gets one with the
    keys, which the dynamic linker puts behind the worker's, and before the C library."""
    worker = program.with_name(LIBRARY)
    original = worker.rename(worker.with_name("original.so"))
    source = Path(__file__).with_name("protection_keys.c")
    subprocess.run(
        ["cc", "-shared", "-fPIC", "-O1", f"-Wl,--auxiliary={original}", "-o", worker, source],
        check=True)


def test_webassembly_works_without_a_heap(server):
    at_once = f"new WebAssembly.Instance(new WebAssembly.Module({ADD_ONE})).exports.f(41)"
    later = f"(await WebAssembly.instantiate({ADD_ONE})).instance.exports.f(41)"
    for code in (at_once, at_once, later):
        assert server.run(code).value == 42


def test_asm_js_is_javascript(server):
    for _ in range(3):
        assert server.run(ASM, heap="a").value == 42
        assert server.run("add(1)", heap="a").value == 2
        assert server.run(ASM).value == 42
