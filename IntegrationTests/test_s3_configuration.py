"""How S3 is found and who one is there: endpoints, and the AWS tools' files."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Iterator

import pytest
from s3_services import CREDENTIALS, Service
from test_s3 import NOBODY


@pytest.fixture(scope="module")
def moto() -> Iterator[Service]:
    with Service("moto", "heaps") as service:
        yield service


def test_s3_at_a_host_name_without_dots(moto, start):
    """As in a compose file: what stands in front of such a name is found by nobody."""
    options = [
        "--s3-bucket", "heaps", "--s3-endpoint", moto.endpoint.replace("127.0.0.1", "localhost"),
        "--s3-prefix", f"names-{time.time_ns()}"]
    for number in (1, 2):
        with start(*options, env=NOBODY | CREDENTIALS) as server:
            assert server.run("var n = (globalThis.n ?? 0) + 1; n", heap="h").value == number


def test_s3_where_nobody_listens(binary):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        endpoint = f"http://localhost:{unused.getsockname()[1]}"
        began = time.monotonic()
        done = subprocess.run(
            [binary, "--s3-bucket", "heaps", "--s3-endpoint", endpoint], capture_output=True,
            stdin=subprocess.DEVNULL, text=True, timeout=60, env=NOBODY | CREDENTIALS)
        seconds = time.monotonic() - began
    assert done.returncode == 1 and "connection refused" in done.stderr, done
    assert "localhost" in done.stderr or "s3://heaps" in done.stderr, done
    # It takes less than three; the rest is for a machine that others use.
    assert seconds < 10, seconds


def test_s3_addressing_is_said_once(binary):
    done = subprocess.run(
        [binary, "--s3-bucket", "heaps", "--s3-path-style", "--s3-virtual-host-style"],
        capture_output=True, stdin=subprocess.DEVNULL, text=True, timeout=60, env=NOBODY)
    assert done.returncode == 64 and "exclude each other" in done.stderr, done


@pytest.mark.parametrize(("files", "expected"), [
    ({"config": "[default]\nregion us-east-1\n"}, "config, line 2"),
    ({"credentials": "[default]\naws_access_key_id = A\naws_access_key_id = B\n"},
     "credentials, line 3"),
    ({"config": "[default]\ncredential_process = sh -c 'echo no token >&2; exit 4'\n"},
     "ended with 4: no token"),
    ({"config": "[default]\ncredential_process = "
      "printf '{\"Version\": 1, \"AccessKeyId\": \"A\"}'\n"},
     "gave no AccessKeyId and SecretAccessKey"),
], ids=["no setting", "twice", "a program that fails", "half of a pair"])
def test_s3_files_of_the_aws_tools_that_make_no_sense(
        binary, moto, tmp_path, files, expected):
    (tmp_path / ".aws").mkdir()
    for name, text in files.items():
        (tmp_path / ".aws" / name).write_text(text)
    done = subprocess.run(
        [binary, "--s3-bucket", "heaps", "--s3-endpoint", moto.endpoint], capture_output=True,
        stdin=subprocess.DEVNULL, text=True, timeout=60, env=NOBODY | {"HOME": str(tmp_path)})
    assert done.returncode == 1 and expected in done.stderr, done


def test_s3_credentials_of_a_profile_with_a_quoted_name(moto, start, tmp_path):
    document = json.dumps({
        "Version": 1, "AccessKeyId": CREDENTIALS["AWS_ACCESS_KEY_ID"],
        "SecretAccessKey": CREDENTIALS["AWS_SECRET_ACCESS_KEY"], "Expiration": ""})
    program = tmp_path / "give #1"
    program.write_text(f"#!/bin/sh\ntest \"$*\" = '--team a #1' && echo '{document}'\n")
    program.chmod(0o700)
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws/config").write_text(
        f"[profile \"my own\"]\ncredential_process = '{program}' --team \"a #1\"\n")
    options = [
        "--s3-bucket", "heaps", "--s3-endpoint", moto.endpoint, "--s3-profile", "my own",
        "--s3-prefix", f"quoted-{time.time_ns()}"]
    with start(*options, env=NOBODY | {"HOME": str(tmp_path)}) as server:
        assert server.run("40 + 2", heap="h").value == 42
