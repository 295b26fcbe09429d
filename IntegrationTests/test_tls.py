"""TLS: who is served, which files are refused, and certificates that are renewed."""

from __future__ import annotations

import http.client
import signal
import socket
import ssl
import subprocess

import pytest
from http_client import Client, HTTPServer, send_raw
from processes import wait_until
from tls_files import trusting, write_identity


@pytest.fixture(scope="module")
def identity(tmp_path_factory):
    return write_identity(tmp_path_factory.mktemp("tls") / "first")


@pytest.fixture(scope="module")
def server(binary, identity):
    with HTTPServer(binary, "--in-memory", "--tls-certificate", identity[0],
                    "--tls-key", identity[1], "--http-port", "0") as server:
        yield server


def secure(server: HTTPServer, certificate) -> Client:
    client = Client(server.port)
    client._connection = http.client.HTTPSConnection(
        "localhost", server.port, timeout=30, context=trusting(certificate))
    return client


def test_runs_and_cancels_over_tls(server, identity):
    with secure(server, identity[0]) as client, secure(server, identity[0]) as other:
        assert client.run("let n = 1; n", heap="h").value == 1
        other.begin_run("n = 2; console.log(1); for(;;);", heap="h", timeout_ms=100_000,
                        meta={"progressToken": 1})
        next(other.stream())
        other._connection.sock.close()
        other.close()
        assert client.run("n", heap="h").value == 1


@pytest.mark.parametrize("version, is_served", [
    (ssl.TLSVersion.TLSv1_3, True), (ssl.TLSVersion.TLSv1_2, True)])
def test_versions(server, identity, version, is_served):
    context = trusting(identity[0])
    context.minimum_version = context.maximum_version = version
    with socket.create_connection(("localhost", server.port)) as plain, \
            context.wrap_socket(plain, server_hostname="localhost") as wrapped:
        assert wrapped.version() == version.name.replace("v1_", "v1.")


def test_older_versions_are_refused(server):
    asked = subprocess.run(
        ["openssl", "s_client", "-connect", f"localhost:{server.port}", "-tls1_1", "-cipher",
         "ALL:@SECLEVEL=0"], stdin=subprocess.DEVNULL, capture_output=True, timeout=20)
    assert asked.returncode != 0 and b"alert protocol version" in asked.stderr


def test_a_head_that_comes_by_drops_is_not_waited_for(server, identity):
    """Neither in several records, nor in one of which a part comes: long before a connection that
    is only idle is closed."""
    head = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 1000
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = trusting(identity[0]).wrap_bio(incoming, outgoing, server_hostname="localhost")
    with socket.create_connection(("localhost", server.port), timeout=40) as part, \
            socket.create_connection(("localhost", server.port), timeout=40) as plain, \
            trusting(identity[0]).wrap_socket(plain, server_hostname="localhost") as whole:
        while True:
            try:
                session.do_handshake()
                break
            except ssl.SSLWantReadError:
                part.sendall(outgoing.read())
                incoming.write(part.recv(65536))
        part.sendall(outgoing.read())
        whole.sendall(head)
        assert whole.recv(100) == b""
        session.write(head)
        part.sendall(outgoing.read()[:-1])
        while part.recv(65536):
            pass


def test_clear_text_is_not_answered(server):
    received = send_raw(server.port, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert not received.startswith(b"HTTP/")


def certificate_shown(port: int) -> bytes:
    context = ssl._create_unverified_context()
    with socket.create_connection(("localhost", port)) as plain, \
            context.wrap_socket(plain, server_hostname="localhost") as wrapped:
        return wrapped.getpeercert(binary_form=True)


def test_a_renewed_certificate_is_taken_and_a_broken_one_is_not(binary, tmp_path):
    files = write_identity(tmp_path / "own")
    with HTTPServer(binary, "--in-memory", "--tls-certificate", files[0], "--tls-key",
                    files[1]) as server:
        first = certificate_shown(server.port)
        with secure(server, files[0]) as client:
            assert client.run("1").value == 1
            write_identity(tmp_path / "own", "renewed.example")
            server.process.send_signal(signal.SIGHUP)
            wait_until(lambda: certificate_shown(server.port) != first, "a new certificate")
            assert client.run("2").value == 2, "an open connection stays"
        second = certificate_shown(server.port)
        files[1].write_text("broken")
        server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "cannot be used" in server.stderr(), "a complaint")
        assert certificate_shown(server.port) == second


@pytest.mark.parametrize("certificate, key, complaint", [
    ("certificate.pem", None, "--tls-certificate needs --tls-key"),
    (None, "key.pem", "--tls-key needs --tls-certificate"),
    ("nothing.pem", "key.pem", "cannot be read"),
    ("key.pem", "key.pem", "certificates in PEM"),
    ("certificate.pem", "certificate.pem", "private key in PEM"),
])
def test_files_that_are_refused(binary, identity, certificate, key, complaint):
    folder = identity[0].parent
    options = ["--tls-certificate", folder / certificate] if certificate else []
    options += ["--tls-key", folder / key] if key else []
    with HTTPServer(binary, "--in-memory", *options) as server:
        assert server.wait(10) != 0 and complaint in server.stderr()
