"""A client that knows nothing but the server's URL: it finds the authorization server, registers
itself, gets a token there, and runs a script. The client is the official one."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import anyio
import httpx2
from http_client import HTTPServer
from tls_files import Authority

from mcp import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientMetadata

REDIRECT = "http://127.0.0.1:1/callback"


class AuthorizationServer(Authority):
    """As small as one can be: whoever asks is alice."""

    def __init__(self):
        super().__init__()
        self.paths: list[str] = []
        self.challenges: dict[str, str] = {}
        self.resources: set[str] = set()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.serve(self, b"")

            def do_POST(self):
                outer.serve(self, self.rfile.read(int(self.headers["Content-Length"])))

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def serve(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        path = urllib.parse.urlsplit(handler.path).path
        self.paths.append(path)
        answer = {
            "/.well-known/oauth-authorization-server": self.metadata,
            "/keys": lambda _: json.loads(self.key_set),
            "/register": self.register,
            "/token": self.exchange,
        }.get(path)
        content = json.dumps(answer(body) if answer else {}).encode()
        status = 404 if not answer else 201 if path == "/register" else 200
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    def metadata(self, _: bytes) -> dict:
        return {
            "issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "registration_endpoint": f"{self.issuer}/register",
            "response_types_supported": ["code"], "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["none"]}

    def register(self, body: bytes) -> dict:
        return json.loads(body) | {"client_id": "a-client", "token_endpoint_auth_method": "none"}

    def authorize(self, url: str) -> AuthorizationCodeResult:
        """What happens in the browser."""
        asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
        assert url.startswith(f"{self.issuer}/authorize") and asked["scope"] == "js:run"
        self.challenges["the-code"] = asked["code_challenge"]
        self.resources.add(asked["resource"])
        return AuthorizationCodeResult(code="the-code", state=asked["state"], iss=self.issuer)

    def exchange(self, body: bytes) -> dict:
        asked = dict(urllib.parse.parse_qsl(body.decode()))
        digest = hashlib.sha256(asked["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        assert self.challenges[asked["code"]] == challenge
        self.resources.add(asked["resource"])
        token = self.token("EdDSA", iss=self.issuer, aud="a-server-of-javascript")
        return {"access_token": token, "token_type": "Bearer", "expires_in": 600,
                "scope": "js:run"}


class Storage:
    """Where a client keeps what it got."""

    def __init__(self):
        self.tokens = self.client = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client):
        self.client = client


def test_a_client_gets_in_by_itself(binary):
    authority = AuthorizationServer()
    url = ""

    async def visit(address: str) -> None:
        seen.append(authority.authorize(address))

    async def come_back() -> AuthorizationCodeResult:
        return seen.pop()

    async def main() -> None:
        provider = OAuthClientProvider(
            url, OAuthClientMetadata(redirect_uris=[REDIRECT], client_name="test"), Storage(),
            redirect_handler=visit, callback_handler=come_back)
        with anyio.fail_after(60):
            async with httpx2.AsyncClient(auth=provider, timeout=30) as http:
                async with Client(streamable_http_client(url, http_client=http)) as client:
                    result = await client.call_tool("run_js", {"code": "6 * 7"})
                    assert result.structured_content["result"] == 42

    seen: list[AuthorizationCodeResult] = []
    with HTTPServer(binary, "--in-memory", "--jwks-url", f"{authority.issuer}/keys",
                    "--jwt-issuer", authority.issuer, "--jwt-scopes", "js:run",
                    "--jwt-audience", "a-server-of-javascript") as server:
        url = f"http://127.0.0.1:{server.port}/mcp"
        anyio.run(main)
    assert authority.resources == {url}
    assert {"/register", "/token", "/keys"} <= set(authority.paths)
