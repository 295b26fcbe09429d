"""Heaps in S3, with services of its protocol: SeaweedFS, moto, and rclone, which is refused."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from faulty_proxy import FaultyProxy
from fleet import SEED, Fleet
from http_client import Client, HTTPServer
from processes import wait_until
from raw_client import Server
from s3_services import CREDENTIALS, Service

# Nothing of the machine's own is to be found.
NOBODY = {"HOME": "/nonexistent", "AWS_EC2_METADATA_DISABLED": "true", "AWS_REGION": "us-east-1"}


@pytest.fixture(scope="module")
def seaweedfs() -> Iterator[Service]:
    with Service("seaweedfs", "heaps") as service:
        yield service


@pytest.fixture(scope="module")
def moto() -> Iterator[Service]:
    with Service("moto", "heaps") as service:
        yield service


@pytest.fixture(params=["seaweedfs", "moto"])
def service(request) -> Service:
    return request.getfixturevalue(request.param)


class Place:
    """A place of its own in a service's bucket."""

    def __init__(self, binary: Path, service: Service, start: Callable[..., Server], name: str):
        self._binary, self._start = binary, start
        self.options = [
            "--s3-bucket", "heaps", "--s3-endpoint", service.endpoint, "--s3-prefix", name]

    def server(self, *options: object, env: dict[str, str] = CREDENTIALS) -> Server:
        return self._start(*self.options, *options, env=NOBODY | env)

    def heaps(self, *arguments: object, code: int = 0) -> dict:
        done = subprocess.run(
            [self._binary, "heaps", *arguments, *self.options, "--json"], capture_output=True,
            text=True, timeout=120, env=NOBODY | CREDENTIALS)
        assert done.returncode == code, done
        return json.loads(done.stdout)


@pytest.fixture
def place(binary, service, start, request) -> Place:
    return Place(binary, service, start, f"{request.node.name}-{time.time_ns()}".translate(
        {ord(sign): "-" for sign in "[]"}))


def test_s3_heaps_are_there_after_a_restart(place):
    first = place.server()
    assert first.run("let n = 1; const add = () => ++n; n", heap="Counter").value == 1
    assert first.run("add()", heap="Counter").value == 2
    first.process.kill()
    second = place.server()
    assert second.run("add()", heap="Counter").value == 3
    # A server that is warm on another's old head notices.
    third = place.server()
    assert third.run("add()", heap="Counter").value == 4
    assert second.run("add()", heap="Counter").value == 5


def test_s3_versions_come_from_the_cache(place, service, tmp_path):
    cache = tmp_path / "cache"
    with_cache = ["--cache-directory", cache, "--cache-mb-max", 64]
    first = place.server(*with_cache)
    version = first.run("let n = 41; n", heap="h").structured["version"]
    [copy] = cache.glob(f"objects/*/{version}")
    first.process.kill()
    # A copy that is damaged is as good as none, and is made anew.
    whole = copy.read_bytes()
    copy.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    second = place.server(*with_cache)
    assert second.run("n", heap="h", save=False).value == 41
    assert copy.read_bytes() == whole
    # What is in the cache is not asked for far away; that a heap is there, and where, always is.
    second.process.kill()
    prefix = place.options[-1]
    assert service.request("DELETE", f"/heaps/{prefix}/versions/{version[:2]}/{version}") == 204
    third = place.server(*with_cache)
    assert third.run("n", heap="h", save=False).value == 41


def test_s3_cache_is_counted(place, binary, tmp_path, monkeypatch):
    for name, value in (NOBODY | CREDENTIALS).items():
        monkeypatch.setenv(name, value)
    options = [*place.options, "--cache-directory", tmp_path / "cache", "--http-port", "0"]

    def values(port: int) -> dict[str, float]:
        with Client(port) as client:
            lines = client.send("GET", "/metrics").body.decode().splitlines()
        return {
            name.removeprefix("mcp_v8_cache_"): float(value)
            for name, value in (line.split() for line in lines if line.startswith("mcp_v8_cache"))}

    with HTTPServer(binary, *options) as first:
        assert values(first.port)["reads_total{result=\"hit\"}"] == 0
        with Client(first.port) as client:
            client.run("let n = 41; n", heap="h")
        wait_until(lambda: values(first.port)["bytes"] > 40_000, "copies are kept")
    shutil.rmtree(tmp_path / "cache")
    for hits, misses in [(False, True), (True, False)]:
        with HTTPServer(binary, *options) as again:
            with Client(again.port) as client:
                assert client.run("n", heap="h", save=False).value == 41
            found = values(again.port)
        assert (found["reads_total{result=\"hit\"}"] > 0) is hits, found
        assert (found["reads_total{result=\"miss\"}"] > 0) is misses, found
        assert found["bytes"] > 40_000 and found["evictions_total"] == 0, found


def test_s3_options_of_a_cache_are_checked(place, binary):
    for options, text in [
        (["--in-memory", "--cache-directory", "/tmp/x"], "give --s3-bucket too"),
        ([*place.options, "--cache-mb-max", "64"], "give --cache-directory"),
        ([*place.options, "--cache-directory", "/tmp/x", "--cache-mb-max", "1"], "from 16 to"),
    ]:
        done = subprocess.run([binary, *options], capture_output=True, text=True, timeout=60)
        assert done.returncode != 0 and text in done.stderr, done


def test_s3_history_fork_undo_and_delete(place):
    server = place.server()
    versions = [
        server.run(f"globalThis.n = {n}", heap="h").structured["version"] for n in range(3)]
    history = place.heaps("history", "h")
    assert [entry["version"] for entry in history["versions"]] == versions[::-1]
    place.heaps("fork", versions[0], "f")
    assert server.run("n", heap="f").value == 0
    place.heaps("fork", versions[1], "h", "--replace")
    assert server.run("n", heap="h", save=False).value == 1
    assert [heap["name"] for heap in place.heaps("list")["heaps"]] == ["f", "h"]
    place.heaps("delete", "f")
    assert [heap["name"] for heap in place.heaps("list")["heaps"]] == ["h"]
    # What is young stays; what is sound is found so.
    assert place.heaps("gc")["removed"] == 0
    checked = place.heaps("fsck", "--read-data")
    assert checked["problems"] == []


def test_s3_archives(place, tmp_path):
    server = place.server()
    server.run("let kept = 42", heap="h")
    file = tmp_path / "h.mcpv8"
    place.heaps("export", "h", file)
    place.heaps("import", file, "--name", "copy")
    assert server.run("kept", heap="copy").value == 42


def test_s3_runs_survive_kills_of_the_server(place):
    server = place.server()
    for n in range(1, 16):
        assert server.run("globalThis.n = (globalThis.n ?? 0) + 1", heap="h").value == n
        if n % 5 == 0:
            # In the middle of the next one, which is not acknowledged.
            server.begin_run("globalThis.unfinished = 1; n", heap=f"other{n}")
            server.process.kill()
            server.process.wait()
            server = place.server()
    assert len(place.heaps("history", "h", "--limit", "100")["versions"]) == 15


def test_s3_large_heaps_go_in_parts(binary, seaweedfs, start):
    place = Place(binary, seaweedfs, start, "large")
    server = place.server("--heap-mb-max", "1024", "--timeout-ms", "120000")
    # Hard to compress, and too large for one request.
    made = server.run(
        "let state = 1; globalThis.kept = Array.from({length: 12e6}, () =>"
        " (state = (state * 48271) % 2147483647) / 7); kept[11999999]",
        heap="large", timeout_ms=120_000, seconds=180)
    server.process.kill()
    again = place.server("--heap-mb-max", "1024")
    found = again.run("kept[11999999]", heap="large", timeout_ms=60_000, seconds=90)
    assert found.value == made.value
    [heap] = place.heaps("list")["heaps"]
    shown = place.heaps("show", "large")
    assert shown["stored_bytes"] > 64 << 20, "it fits into one request: the test tests nothing"


def test_s3_refuses_a_service_that_ignores_conditions(binary, start):
    with Service("rclone", "heaps") as service:
        place = Place(binary, service, start, "p")
        refused = subprocess.run(
            [binary, *place.options], input="", capture_output=True, text=True, timeout=60,
            env=NOBODY | CREDENTIALS)
        assert refused.returncode == 1
        for part in ["s3://heaps/p", "If-None-Match", "If-Match", "--unsafe-single-writer"]:
            assert part in refused.stderr, refused.stderr
        server = place.server("--unsafe-single-writer")
        assert server.run("globalThis.n = 1", heap="h").value == 1
        assert server.run("n + 1", heap="h").value == 2


@pytest.mark.parametrize(("options", "env", "parts"), [
    ([], {}, ["no AWS credentials", "AWS_ACCESS_KEY_ID"]),
    ([], CREDENTIALS | {"AWS_SECRET_ACCESS_KEY": "wrong-secret"}, ["SignatureDoesNotMatch"]),
    ([], CREDENTIALS | {"AWS_ACCESS_KEY_ID": "NOBODY"}, ["InvalidAccessKeyId"]),
    (["--s3-profile", "nobody"], {}, ["no profile nobody"]),
    (["--s3-bucket", "arn:aws:s3:us-west-2:123456789012:accesspoint:x"], CREDENTIALS,
     ["ARNs (access points) are not supported"]),
    (["--s3-endpoint", "http://127.0.0.1:1"], CREDENTIALS, ["no connection"]),
    (["--s3-endpoint", "nonsense"], CREDENTIALS, ["is no endpoint"]),
])
def test_s3_says_why_it_cannot_start(binary, seaweedfs, options, env, parts):
    base = ["--s3-bucket", "heaps", "--s3-endpoint", seaweedfs.endpoint]
    done = subprocess.run(
        [binary, *base, *options], input="", capture_output=True, text=True, timeout=60,
        env=NOBODY | env)
    assert done.returncode == 1 and done.stdout == ""
    for part in parts:
        assert part in done.stderr, done.stderr
    for secret in [value for value in env.values() if "secret" in value]:
        assert secret not in done.stderr


def test_s3_says_that_there_is_no_bucket(binary, moto):
    done = subprocess.run(
        [binary, "--s3-bucket", "missing", "--s3-endpoint", moto.endpoint], input="",
        capture_output=True, text=True, timeout=60, env=NOBODY | CREDENTIALS)
    assert done.returncode == 1 and "no bucket missing" in done.stderr, done.stderr


@pytest.mark.parametrize(("options", "parts"), [
    (["--s3-bucket", "b", "--in-memory"], ["--in-memory and --s3-bucket contradict"]),
    (["--s3-bucket", "b", "--directory-path", "/d"], ["--s3-bucket and --directory-path"]),
    (["--s3-prefix", "p"], ["--s3-prefix says something of S3", "--s3-bucket"]),
    (["--unsafe-single-writer", "--in-memory"], ["--unsafe-single-writer", "--s3-bucket"]),
    (["--s3-bucket", "b/p"], ["--s3-prefix"]),
    (["--s3-bucket", "b", "--s3-prefix", "../x"], ["--s3-prefix"]),
    (["--s3-bucket", "b", "--s3-encryption", "rot13"], ["AES256, aws:kms or aws:kms:dsse"]),
    (["--s3-bucket", "b", "--s3-kms-key", "k"], ["--s3-encryption aws:kms"]),
    (["--s3-bucket", "b", "--s3-checksums", "x"], ["when_supported or when_required"]),
    (["--s3-bucket", "b", "--s3-etag-quoting", "x"], ["quoted or unquoted"]),
])
def test_s3_options_that_make_no_sense(binary, options, parts):
    done = subprocess.run(
        [binary, *options], input="", capture_output=True, text=True, timeout=60, env=NOBODY)
    assert done.returncode == 64 and done.stdout == ""
    for part in parts:
        assert part in done.stderr, done.stderr


def write_process(folder: Path) -> dict[str, str]:
    document = json.dumps({"Version": 1, "AccessKeyId": "AK", "SecretAccessKey": "SK"})
    (folder / "config").write_text(f"[profile p]\ncredential_process = echo '{document}'\n")
    return {"AWS_CONFIG_FILE": str(folder / "config"), "AWS_PROFILE": "p"}


def write_token(folder: Path, moto: Service) -> dict[str, str]:
    (folder / "token").write_text("a.b.c")
    return {
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(folder / "token"),
        "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/heaps",
        "AWS_ENDPOINT_URL_STS": moto.endpoint}


def write_role(folder: Path, moto: Service) -> dict[str, str]:
    (folder / "config").write_text(
        "[profile p]\nrole_arn = arn:aws:iam::123456789012:role/heaps\nsource_profile = base\n"
        "[profile base]\naws_access_key_id = AK\naws_secret_access_key = SK\n")
    return {
        "AWS_CONFIG_FILE": str(folder / "config"), "AWS_PROFILE": "p",
        "AWS_ENDPOINT_URL_STS": moto.endpoint}


@pytest.mark.parametrize("source", ["process", "web identity", "role", "instance"])
def test_s3_credentials_from(binary, moto, start, tmp_path, source):
    env = {
        "process": lambda: write_process(tmp_path),
        "web identity": lambda: write_token(tmp_path, moto),
        "role": lambda: write_role(tmp_path, moto),
        "instance": lambda: {
            "AWS_EC2_METADATA_DISABLED": "false",
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": moto.endpoint},
    }[source]()
    name = source.replace(" ", "-")
    server = Place(binary, moto, start, f"credentials-{name}").server(env=env)
    assert server.run("6 * 7", heap="h").value == 42


def test_s3_service_that_goes_away(binary, start):
    """A call is answered with an error that says so, and the heap is as it was afterwards."""
    with Service("moto", "heaps") as service:
        place = Place(binary, service, start, "p")
        server = place.server()
        assert server.run("let n = 1; n", heap="h").value == 1
    failed = server.run("++n", heap="h")
    assert failed.kind == "storage" and "no connection" in failed.text, failed


_SSE = "x-amz-server-side-encryption"


@pytest.mark.parametrize(("options", "wanted"), [
    ([], {_SSE: None, "x-amz-request-payer": None, "x-amz-storage-class": None}),
    (["--s3-encryption", "AES256"], {_SSE: "AES256"}),
    (["--s3-encryption", "aws:kms", "--s3-kms-key", "key", "--s3-bucket-key"],
     {_SSE: "aws:kms", f"{_SSE}-aws-kms-key-id": "key", f"{_SSE}-bucket-key-enabled": "true"}),
    (["--s3-requester-pays"], {"x-amz-request-payer": "requester"}),
    (["--s3-expected-bucket-owner", "123456789012"],
     {"x-amz-expected-bucket-owner": "123456789012"}),
    (["--s3-storage-class", "STANDARD_IA"], {"x-amz-storage-class": "STANDARD_IA"}),
    (["--s3-checksums", "when_supported"], {"x-amz-checksum-sha256": ...}),
    (["--s3-checksums", "when_required"], {"x-amz-checksum-sha256": None}),
], ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_s3_headers_that_were_asked_for(binary, moto, start, options, wanted):
    """None: not sent; an ellipsis: sent with some value."""
    with FaultyProxy(moto.endpoint, seed=0, share=0) as proxy:
        server = start(
            "--s3-bucket", "heaps", "--s3-endpoint", proxy.endpoint, "--s3-prefix",
            f"headers-{time.time_ns()}", *options, env=NOBODY | CREDENTIALS)
        assert server.run("let n = 1; n", heap="h").value == 1
        server.close()
        [headers] = [
            headers for method, path, headers in proxy.seen
            if method == "PUT" and path.endswith("/heads/h")]
        for name, value in wanted.items():
            found = headers.get(name)
            # What a class of storage saves, a head that is written all the time would cost.
            if name == "x-amz-storage-class" and value is not None:
                found = next(
                    headers.get(name) for method, path, headers in proxy.seen
                    if method == "PUT" and "/versions/" in path)
            assert (found is not None) if value is ... else (found == value), headers


def test_s3_names_the_region_of_the_bucket(binary):
    """As S3 says it of a bucket that is elsewhere."""
    class Elsewhere(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_PUT(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            body = b"<Error><Code>PermanentRedirect</Code><Message>Elsewhere</Message></Error>"
            self.send_response_only(301)
            self.send_header("x-amz-bucket-region", "eu-south-2")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_DELETE = do_PUT

        def log_message(self, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as service:
        thread = threading.Thread(target=service.serve_forever, args=(0.05,))
        thread.start()
        endpoint = f"http://127.0.0.1:{service.server_address[1]}"
        done = subprocess.run(
            [binary, "--s3-bucket", "heaps", "--s3-endpoint", endpoint], input="",
            capture_output=True, text=True, timeout=60, env=NOBODY | CREDENTIALS)
        service.shutdown()
        thread.join()
    assert done.returncode == 1, done
    assert "not in us-east-1 but in eu-south-2: give --s3-region eu-south-2" in done.stderr, done


@pytest.mark.parametrize("is_faulty", [False, True], ids=["sound", "bad day"])
def test_s3_three_servers_and_thirty_clients(binary, seaweedfs, monkeypatch, capsys, is_faulty):
    """Servers are killed, and on a bad day every twelfth request to the service goes wrong too."""
    for name, value in (NOBODY | CREDENTIALS).items():
        monkeypatch.setenv(name, value)
    with FaultyProxy(seaweedfs.endpoint, seed=SEED) as proxy:
        endpoint = proxy.endpoint if is_faulty else seaweedfs.endpoint
        options = [
            "--s3-bucket", "heaps", "--s3-endpoint", endpoint, "--s3-prefix",
            f"fleet-{time.time_ns()}"]
        with Fleet(binary, options) as fleet:
            record = fleet.exercise()
    with capsys.disabled():
        print(f"\n{record}" + (f" with {dict(proxy.counts)}" if is_faulty else ""))
    record.assert_explained()
    record.assert_enough()
    assert (proxy.counts.total() >= 10) is is_faulty, proxy.counts
