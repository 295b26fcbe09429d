"""Services of S3's protocol that tests start: SeaweedFS, moto, and rclone, which lies.

They come from `.venv-s3` (requirements-s3.txt). Run as a program it starts those that keep S3's
promises and runs a command that finds their addresses in MCP_V8_TEST_S3.
Standard library only.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

from processes import wait_until

BIN = Path(__file__).resolve().parent.parent / ".venv-s3/bin"
KEY, SECRET = "AKIDEXAMPLE", "secretexample"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET}
START_SECONDS = 60.0


class Service:
    """One running service, with the buckets that were asked for."""

    def __init__(self, kind: str, *buckets: str):
        assert BIN.is_dir(), f"no {BIN}: scripts/test makes it from requirements-s3.txt"
        self.kind = kind
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self._log = tempfile.TemporaryFile()
        command, self.port = getattr(self, f"_{kind}")(Path(self._folder.name))
        if kind == "rclone":
            for bucket in buckets:
                Path(self._folder.name, "data", bucket).mkdir(parents=True)
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log,
            cwd=self._folder.name, start_new_session=True)
        self._wait(buckets)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def request(self, method: str, path: str, body: bytes = b"") -> int:
        """Sends one signed request and returns its status."""
        return signed_request(self.endpoint + path, method, body)

    def stop(self) -> None:
        # At once: nothing of what it keeps is needed any more.
        self._process.kill()
        self._process.wait()
        self._folder.cleanup()

    def __enter__(self) -> Service:
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def _seaweedfs(self, folder: Path) -> tuple[list[object], int]:
        config = folder / "s3.json"
        config.write_text(json.dumps({"identities": [{
            "name": "test", "credentials": [{"accessKey": KEY, "secretKey": SECRET}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"]}]}))
        (folder / "data").mkdir()
        master, volume, filer, s3 = free_ports(4)
        return [
            BIN / "weed", "-logtostderr=true", "server", f"-dir={folder / 'data'}",
            "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-master.telemetry=false",
            f"-master.port={master}", f"-volume.port={volume}", "-filer",
            f"-filer.port={filer}", "-s3", f"-s3.port={s3}", f"-s3.config={config}",
            "-s3.port.iceberg=0", "-s3.port.lance=0", "-volume.max=50",
            "-master.volumeSizeLimitMB=256"], s3

    def _moto(self, folder: Path) -> tuple[list[object], int]:
        [port] = free_ports(1)
        return [BIN / "python", Path(__file__).with_name("moto_service.py"), str(port)], port

    def _rclone(self, folder: Path) -> tuple[list[object], int]:
        [port] = free_ports(1)
        (folder / "data").mkdir()
        return [
            BIN / "rclone", "serve", "s3", "--addr", f"127.0.0.1:{port}", "--auth-key",
            f"{KEY},{SECRET}", "--config", "/dev/null", folder / "data"], port

    def _wait(self, buckets: tuple[str, ...]) -> None:
        """Waits until every bucket is there and can be written to."""
        for bucket in buckets:
            wait_until(lambda: self._is_ready(bucket), f"{self.kind} is ready", START_SECONDS)

    def _is_ready(self, bucket: str) -> bool:
        assert self._process.poll() is None, f"{self.kind} ended\n{self._text()}"
        try:
            if self.kind != "rclone":
                self.request("PUT", f"/{bucket}")
            path = f"/{bucket}/readiness"
            if self.request("PUT", path, b"x") != 200:
                return False
            self.request("DELETE", path)
            return True
        except (OSError, http.client.HTTPException):
            return False

    def _text(self) -> str:
        size = os.fstat(self._log.fileno()).st_size
        return os.pread(self._log.fileno(), size, 0).decode(errors="replace")[-4000:]


def free_ports(count: int) -> list[int]:
    """Ports that nobody uses, nor the ones 10,000 above them, where SeaweedFS listens too."""
    found: list[int] = []
    held: list[socket.socket] = []
    while len(found) < count:
        first = socket.socket()
        first.bind(("127.0.0.1", 0))
        held.append(first)
        port = first.getsockname()[1]
        if port + 10_000 > 65_535:
            # The kernel gives out high ports; look for low ones.
            port = 10_000 + port % 22_000
        try:
            for one in {port, port + 10_000} - {first.getsockname()[1]}:
                other = socket.socket()
                held.append(other)
                other.bind(("127.0.0.1", one))
        except OSError:
            continue
        if port not in found:
            found.append(port)
    for one in held:
        one.close()
    return found


def signed_request(url: str, method: str, body: bytes = b"") -> int:
    """A request with AWS's signature of version 4, as plain as can be."""
    parts = urlsplit(url)
    now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    digest = hashlib.sha256(body).hexdigest()
    headers = {"host": parts.netloc, "x-amz-content-sha256": digest, "x-amz-date": now}
    names = ";".join(sorted(headers))
    lines = [method, parts.path, parts.query]
    lines += [f"{name}:{headers[name]}" for name in sorted(headers)] + ["", names, digest]
    scope = f"{now[:8]}/us-east-1/s3/aws4_request"
    hashed = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    key = f"AWS4{SECRET}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    text = "\n".join(["AWS4-HMAC-SHA256", now, scope, hashed])
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    headers["Authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={KEY}/{scope}, SignedHeaders={names}, Signature={signature}")
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    try:
        connection.request(method, parts.path or "/", body, headers)
        response = connection.getresponse()
        response.read()
        return response.status
    finally:
        connection.close()


def main() -> int:
    with Service("seaweedfs", "contract") as one, Service("moto", "contract") as other:
        endpoints = f"{one.endpoint},{other.endpoint}"
        environment = os.environ | {"MCP_V8_TEST_S3": endpoints}
        return subprocess.run(sys.argv[1:], env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
