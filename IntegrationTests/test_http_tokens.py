"""Tokens of an authorization server: who is let in, and how clients find where to get one."""

from __future__ import annotations

import json
import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
import pytest
from conftest import REPOSITORY
from http_client import Client, HTTPServer
from processes import wait_until
from tls_files import Authority

PING = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "ping"}).encode()
STATIC = "correct-horse-battery-staple"


@pytest.fixture(scope="module")
def authority():
    return Authority()


def options(authority: Authority, folder) -> list:
    keys, tokens = folder / "keys.json", folder / "tokens"
    keys.write_text(authority.key_set)
    tokens.write_text(STATIC)
    return ["--in-memory", "--jwks-file", keys, "--jwt-issuer", authority.issuer,
            "--jwt-audience", authority.audience, "--jwt-scopes", "js:run",
            "--auth-token-file", tokens, "--allowed-hosts", "js.example.com"]


@pytest.fixture(scope="module")
def server(binary, authority, tmp_path_factory):
    with HTTPServer(binary, *options(authority, tmp_path_factory.mktemp("keys"))) as server:
        yield server


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA"])
def test_good_tokens(server, authority, algorithm):
    token = authority.token(algorithm)
    with Client(server.port, token=token) as client:
        assert client.run("1 + 1").value == 2
    assert token not in server.stderr()


def test_both_kinds_of_tokens(server):
    with Client(server.port, token=STATIC) as client:
        assert client.run("1 + 1").value == 2


BAD = {
    "another issuer": {"iss": "https://evil.example"},
    "another audience": {"aud": "https://other.example/mcp"},
    "no audience": {"aud": None},
    "expired": {"exp": 1000},
    "no end": {"exp": None},
    "not yet": {"nbf": 99_999_999_999},
    "nobody": {"sub": None},
    "another key": {"kid": "RS256"},
}


@pytest.mark.parametrize("claims", BAD.values(), ids=BAD)
def test_bad_tokens(server, authority, claims):
    with Client(server.port, token=authority.token(**claims)) as client:
        reply = client.send("POST", "/mcp", {}, PING)
        assert reply.status == 401
        assert 'error="invalid_token"' in reply.headers["www-authenticate"]


def test_tokens_that_anyone_could_sign(server, authority):
    claims = {"iss": authority.issuer, "aud": authority.audience, "sub": "eve",
              "exp": 99_999_999_999, "scope": "js:run"}
    public = json.loads(authority.key_set)["keys"][0]["n"]
    for token in [jwt.encode(claims, None, "none"), jwt.encode(claims, public, "HS256"),
                  jwt.encode(claims, public, "HS256", headers={"kid": "RS256"})]:
        with Client(server.port, token=token) as client:
            assert client.send("POST", "/mcp", {}, PING).status == 401


def test_a_token_that_allows_too_little(server, authority):
    with Client(server.port, token=authority.token(scope="other")) as client:
        reply = client.send("POST", "/mcp", {}, PING)
        assert reply.status == 403
        challenge = reply.headers["www-authenticate"]
        assert 'error="insufficient_scope"' in challenge and 'scope="js:run"' in challenge


def test_a_session_is_its_subjects(server, authority):
    with Client(server.port, token=authority.token()) as alice, \
            Client(server.port, token=authority.token("EdDSA")) as again, \
            Client(server.port, token=authority.token(sub="bob")) as bob:
        alice.initialize()
        again.session = bob.session = alice.session
        ping = json.loads(PING)
        assert alice.post(ping).status == 200
        assert again.post(ping).status == 200, "a new token of the same subject"
        assert bob.post(ping).status == 404


def test_a_client_finds_the_authorization_server(server, authority):
    with Client(server.port) as client:
        reply = client.send("POST", "/mcp", {}, PING)
        assert reply.status == 401
        assert reply.headers["www-authenticate"] == (
            'Bearer resource_metadata="https://js.example.com/.well-known/'
            'oauth-protected-resource/mcp", scope="js:run"')
        for path in ["", "/mcp"]:
            reply = client.send("GET", f"/.well-known/oauth-protected-resource{path}")
            assert reply.status == 200 and reply.headers["content-type"] == "application/json"
            assert reply.json == {
                "resource": authority.audience, "authorization_servers": [authority.issuer],
                "bearer_methods_supported": ["header"], "scopes_supported": ["js:run"],
                "resource_name": "mcp-v8"}


def test_there_is_no_document_without_an_authorization_server(binary):
    with HTTPServer(binary, "--in-memory") as server, Client(server.port) as client:
        assert client.send("GET", "/.well-known/oauth-protected-resource").status == 404


def test_keys_and_tokens_are_read_again(binary, authority, tmp_path):
    with HTTPServer(binary, *options(authority, tmp_path)) as server:
        new = Authority()
        with Client(server.port, token=new.token()) as stranger, \
                Client(server.port, token="another-token-0123456789") as other:
            assert stranger.send("POST", "/mcp", {}, PING).status == 401
            (tmp_path / "keys.json").write_text(new.key_set)
            (tmp_path / "tokens").write_text("another-token-0123456789")
            server.process.send_signal(signal.SIGHUP)
            wait_until(lambda: server.stderr().count("File read again") == 2, "both files")
            assert stranger.run("1").value == 1 and other.run("1").value == 1
        with Client(server.port, token=STATIC) as old:
            assert old.send("POST", "/mcp", {}, PING).status == 401


class KeyServer:
    """Where an authorization server publishes its keys."""

    def __init__(self):
        outer = self
        self.answer, self.asked = b"", 0

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked += 1
                self.send_response(200 if outer.answer else 503)
                self.end_headers()
                self.wfile.write(outer.answer)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/keys"


def test_keys_that_are_fetched(binary, authority):
    keys = KeyServer()
    with HTTPServer(binary, "--in-memory", "--jwks-url", keys.url, "--jwt-issuer",
                    authority.issuer, "--jwt-audience", authority.audience) as server:
        with Client(server.port, token="not-a-token-of-anyone") as stranger:
            assert stranger.send("POST", "/mcp", {}, PING).status == 401
        assert keys.asked == 0, "nothing is fetched for what is no token"
        with Client(server.port, token=authority.token()) as client:
            reply = client.send("POST", "/mcp", {}, PING)
            assert reply.status == 503 and reply.headers["retry-after"] == "10"
            assert keys.asked == 1
            assert client.send("POST", "/mcp", {}, PING).status == 503 and keys.asked == 1
    keys.answer = authority.key_set.encode()
    with HTTPServer(binary, "--in-memory", "--jwks-url", keys.url, "--jwt-issuer",
                    authority.issuer, "--jwt-audience", authority.audience) as server:
        with Client(server.port, token=authority.token()) as client:
            for _ in range(3):
                assert client.run("1").value == 1
            assert keys.asked == 2


REFUSED = {
    "no issuer": (["--jwks-url", "https://a.example"], "--jwt-issuer"),
    "no keys": (["--jwt-issuer", "https://a.example"], "--jwks-file or --jwks-url"),
    "two places": (["--jwks-url", "https://a.example", "--jwks-file", "x"], "contradict"),
    "clear text": (["--jwks-url", "http://a.example", "--jwt-issuer", "i", "--jwt-audience", "a"],
                   "https://"),
    "a name like this machine's": (
        ["--jwks-url", "http://127.0.0.1.evil.example/", "--jwt-issuer", "i",
         "--jwt-audience", "a"], "https://"),
    "no file": (["--jwks-file", "no-such-file", "--jwt-issuer", "i", "--jwt-audience", "a"],
                "cannot be read"),
    "no keys in it": (["--jwks-file", REPOSITORY / "LICENSE", "--jwt-issuer", "i",
                       "--jwt-audience", "a"], "JSON Web Key Set"),
}


@pytest.mark.parametrize("arguments, complaint", REFUSED.values(), ids=REFUSED)
def test_what_is_refused_at_the_start(binary, arguments, complaint):
    with HTTPServer(binary, "--in-memory", *arguments) as server:
        assert server.wait(10) != 0 and complaint in server.stderr()
