"""`mcp-v8 doctor`, and what `/readyz` says of the sandbox."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from http_client import Client, HTTPServer
from programs import install, library

LAYERS = {
    "unprivilegedUser", "noCapabilities", "noNewPrivileges", "notDumpable", "resourceLimits",
    "systemCallFilter", "proof", "userNamespace", "networkNamespace", "otherNamespaces",
    "emptyRoot", "processNamespace", "landlock", "noExecutableMemory", "outOfMemoryFirst"}
NO_NAMESPACES = (sys.executable, str(Path(__file__).with_name("refuse_namespaces.py")))


def doctor(binary, *arguments: object, prefix: tuple[str, ...] = (), code: int = 0) -> str:
    done = subprocess.run(
        [*prefix, str(binary), "doctor", *map(str, arguments)], capture_output=True, text=True,
        timeout=60)
    assert done.returncode == code, done
    return done.stdout


def checks(binary, *arguments: object, **options) -> dict[str, list[dict]]:
    found: dict[str, list[dict]] = {}
    for check in json.loads(doctor(binary, *arguments, "--json", **options))["checks"]:
        found.setdefault(check["check"], []).append(check)
    return found


def test_a_machine_that_works(binary, directory):
    found = checks(binary, "--directory-path", directory)
    assert {"worker", "engine", "run", "sandbox", "storage", "memory", "limits"} == found.keys()
    assert {check["text"].split(":")[0] for check in found["sandbox"]} == LAYERS
    for name in ("worker", "engine", "run", "storage"):
        assert [check["state"] for check in found[name]] == ["ok"]
    text = doctor(binary, "--directory-path", directory)
    assert text.splitlines()[-1].startswith("mcp-v8 works here: 0 failures")
    assert all(f"{layer}: " in text for layer in LAYERS)


def test_layers_that_are_missing(binary, directory):
    # Root is allowed namespaces by its capabilities, and refused them by the filter.
    prefix = NO_NAMESPACES
    found = checks(binary, "--directory-path", directory, prefix=prefix)
    missing = [check for check in found["sandbox"] if check["state"] == "warning"]
    assert any("networkNamespace: refused" in check["text"] for check in missing)
    assert all(check["mend"] for check in missing)
    required = doctor(binary, "--in-memory", "--require-sandbox", prefix=prefix, code=1)
    assert "mcp-v8 does not work here" in required


def test_a_sandbox_that_is_off(binary):
    found = checks(binary, "--in-memory", "--sandbox", "off")
    assert [check["state"] for check in found["sandbox"]] == ["warning"]


@pytest.mark.parametrize("transport", [[], ["--http-port", "0"]], ids=["stdio", "http"])
def test_without_an_essential_layer_a_server_does_not_start(binary, transport):
    command = (*NO_NAMESPACES, "--filters", binary, "--in-memory", *transport)
    # A client that says nothing and stays.
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        code = server.wait(30)
        stdout, stderr = server.stdout.read(), server.stderr.read()
    assert code == 1, stderr
    assert "systemCallFilter" in stderr and "--sandbox off" in stderr
    assert stdout == ""


def test_a_server_without_its_workers_does_not_start(binary, tmp_path):
    alone = Path(shutil.copy(binary, tmp_path))
    with subprocess.Popen(
        [alone, "--in-memory"], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.wait(30) == 1
        assert "There is no worker at" in server.stderr.read()


@pytest.mark.parametrize("options", [[], ["--log-level", "critical"]], ids=["", "quiet"])
def test_a_sandbox_that_is_off_is_told_of_at_each_start(binary, options):
    arguments = ("--in-memory", "--http-port", "0", "--sandbox", "off", *options)
    with HTTPServer(binary, *arguments) as server, Client(server.port) as client:
        reply = client.send("GET", "/readyz")
        assert (reply.status, reply.json["status"]) == (200, "degraded")
        assert "--sandbox off: nothing confines scripts" in server.stderr()


def test_no_worker_program(binary, tmp_path):
    alone = Path(shutil.copy(binary, tmp_path))
    text = doctor(alone, "--in-memory", code=1)
    assert "There is no worker at" in text and "install libmcp-v8-worker.so" in text


def test_no_engine(binary, tmp_path):
    alone = Path(shutil.copy(binary, tmp_path))
    shutil.copy(library(binary), tmp_path)
    text = doctor(alone, "--in-memory", code=1)
    assert f"There is no engine at {tmp_path}/node" in text and "install node" in text


def test_another_engine(binary, tmp_path):
    """One that is not the build that the worker is written for."""
    alone = install(binary, tmp_path)
    program = tmp_path / "node"
    content = bytearray(program.read_bytes())
    program.unlink()
    # The note's name and the identifier behind it.
    place = content.index(b"\x03\0\0\0GNU\0") + 8
    content[place] ^= 1
    program.write_bytes(content)
    program.chmod(0o755)
    done = subprocess.run(
        [str(alone), "doctor", "--in-memory"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "mcp-v8 does not work here" in done.stdout
    assert "engine" in done.stderr and content[place:place + 20].hex() in done.stderr


def test_no_engine_at_all(binary, tmp_path):
    """A program that V8 is not in."""
    alone = Path(shutil.copy(binary, tmp_path))
    shutil.copy(library(binary), tmp_path)
    shutil.copy("/bin/true", tmp_path / "node")
    text = doctor(alone, "--in-memory", code=1)
    assert "standard error" in text


def test_an_installation(binary, tmp_path):
    """The server in `bin`, the rest in `libexec/mcp-v8`, in a folder with a space in its name."""
    places = [tmp_path / "an installation" / name for name in ("bin", "libexec/mcp-v8")]
    for place in places:
        place.mkdir(parents=True)
    install(binary, places[1])
    (places[1] / binary.name).rename(places[0] / binary.name)
    assert "mcp-v8 works here" in doctor(places[0] / binary.name, "--in-memory")


def test_a_directory_that_cannot_be_used(binary, tmp_path):
    path = tmp_path / "open"
    path.mkdir()
    os.chmod(path, 0o777)
    text = doctor(binary, "--directory-path", path, code=1)
    assert any(line.startswith("failed") and "storage" in line for line in text.splitlines())


def test_few_descriptors(binary):
    script = 'ulimit -n 200; exec "$0" "$@"'
    found = checks(binary, "--in-memory", "--workers-max", 64, prefix=("bash", "-c", script))
    assert [check["state"] for check in found["limits"]] == ["warning", "ok"]
    assert "LimitNOFILE" in found["limits"][0]["mend"]


def test_options_that_are_not_understood(binary):
    doctor(binary, "--sandbox", "perhaps", code=64)


@pytest.mark.parametrize("level", ["on", "off"])
def test_readiness_lists_every_layer(binary, level):
    with HTTPServer(binary, "--in-memory", "--http-port", "0", "--sandbox", level) as server:
        with Client(server.port) as client:
            reply = client.send("GET", "/readyz")
            assert reply.status == 200
            sandbox = reply.json["sandbox"]
    assert sandbox["state"] == level
    listed = set(sandbox["on"]) | set(sandbox["not_needed"]) | set(sandbox["missing"])
    assert listed == (set() if level == "off" else LAYERS)
    assert len(sandbox["mends"]) == len(sandbox["missing"])
