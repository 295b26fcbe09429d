"""`--signing-key-file`: what is not signed, or was altered, is refused; keys can be changed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from test_heap_commands import Heaps


@pytest.fixture
def key(tmp_path):
    """Makes files of keys."""
    def write(name: str, *keys: str) -> Path:
        path = tmp_path / name
        path.write_text("\n".join(keys) + "\n")
        path.chmod(0o600)
        return path
    return write


ONE, TWO = "1" * 64, "2" * 64


def test_a_signed_heap(start, directory, key):
    signed = ("--directory-path", directory, "--signing-key-file", key("one", ONE))
    server = start(*signed)
    assert server.run("globalThis.n = 1", heap="h").value == 1
    assert server.close() == 0
    server = start(*signed)
    assert server.run("n += 1", heap="h").value == 2
    assert server.close() == 0
    # Without the key, or with another, nothing is read and nothing written.
    for options in ((), ("--signing-key-file", key("two", TWO))):
        server = start("--directory-path", directory, *options)
        refused = server.run("n", heap="h")
        assert refused.kind == "storage", refused
        assert "--signing-key-file" in refused.error["message"]
        assert server.close() == 0
    # A new key that signs, beside the old one that still verifies.
    server = start("--directory-path", directory, "--signing-key-file", key("both", TWO, ONE))
    assert server.run("n += 1", heap="h").value == 3
    assert server.close() == 0
    server = start("--directory-path", directory, "--signing-key-file", key("two", TWO))
    assert server.run("n += 1", heap="h").value == 4


def test_what_was_not_signed(start, directory, key):
    server = start("--directory-path", directory)
    server.run("globalThis.n = 1", heap="h")
    assert server.close() == 0
    server = start("--directory-path", directory, "--signing-key-file", key("one", ONE))
    for code in ("n", "n = 2"):
        refused = server.run(code, heap="h")
        assert refused.kind == "storage" and "not signed" in refused.error["message"], refused
    assert server.run("globalThis.n = 5", heap="other").value == 5


def test_versions_that_change_places(start, directory, key):
    signed = ("--directory-path", directory, "--signing-key-file", key("one", ONE))
    server = start(*signed)
    versions = [
        server.run(f"globalThis.n = {number}", heap=f"h{number}").structured["version"]
        for number in (1, 2)]
    assert server.close() == 0
    paths = [directory / "versions" / version[:2] / version for version in versions]
    shutil.copyfile(paths[1], paths[0])
    heads = sorted((directory / "heads").iterdir())
    server = start(*signed)
    assert server.run("n", heap="h1").kind == "storage"
    assert server.run("n", heap="h2").value == 2
    assert server.close() == 0
    shutil.copyfile(heads[1], heads[0])
    server = start(*signed)
    assert server.run("n", heap="h1").kind == "storage"


def test_exports(start, binary, directory, tmp_path, key):
    server = start("--directory-path", directory)
    server.run("globalThis.n = 7", heap="h")
    assert server.close() == 0
    plain, signed = tmp_path / "plain", tmp_path / "signed"
    Heaps(binary, directory)("export", "h", plain)
    other = Heaps(binary, tmp_path / "other")
    with_key = ("--signing-key-file", key("one", ONE))
    refused = other("import", plain, *with_key, code=1)
    assert "not signed" in refused and "Nothing was imported" in refused
    other("import", plain, *with_key, "--accept-unsigned")
    other("export", "h", signed, *with_key)
    third = Heaps(binary, tmp_path / "third")
    assert "none of the keys" in third(
        "import", signed, "--signing-key-file", key("two", TWO), code=1)
    third("import", signed, *with_key)
    server = start("--directory-path", tmp_path / "third", *with_key)
    assert server.run("n", heap="h").value == 7


@pytest.mark.parametrize("content, mode, text", [
    ("short\n", 0o600, "32 bytes"), ("", 0o600, "holds no key"), (ONE, 0o640, "chmod 600"),
    (None, None, "cannot be read"),
])
def test_files_that_are_refused(start, directory, tmp_path, content, mode, text):
    path = tmp_path / "keys"
    if content is not None:
        path.write_text(content)
        os.chmod(path, mode)
    server = start("--directory-path", directory, "--signing-key-file", path)
    server.end_of_input()
    assert server.wait(10) != 0
    assert text in server.stderr() and str(path) in server.stderr()
    assert ONE not in server.stderr()
