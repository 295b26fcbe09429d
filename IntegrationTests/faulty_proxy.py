"""Stands before a service of S3's protocol and answers some requests as a service on a bad day.

    with FaultyProxy(service.endpoint, seed=1) as proxy:
        … --s3-endpoint proxy.endpoint …
    proxy.counts    # how often it did what
    proxy.seen      # methods, paths and headers of all requests

The request after one that was spoiled, for the same object, is let through: who tries again as
the AWS SDKs do gets there. Standard library only.
"""

from __future__ import annotations

import email.utils
import http.client
import random
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

FAULT_SHARE = 0.08
_HOP = ("connection", "keep-alive", "transfer-encoding", "content-length")


class FaultyProxy:
    """A proxy on a port of its own."""

    def __init__(self, endpoint: str, *, seed: int, share: float = FAULT_SHARE):
        self.counts: Counter[str] = Counter()
        self.seen: list[tuple[str, str, dict[str, str]]] = []
        self._share = share
        self._chance = random.Random(seed)
        self._lock = threading.Lock()
        self._spoiled: set[tuple[str, str]] = set()
        handler = type("Handler", (_Handler,), {"proxy": self, "service": urlsplit(endpoint)})
        self._server = _Server(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def fault(self, method: str, path: str) -> str | None:
        """What is to be done to a request, if anything."""
        with self._lock:
            if (method, path) in self._spoiled:
                self._spoiled.discard((method, path))
                return None
            if self._chance.random() >= self._share:
                return None
            self._spoiled.add((method, path))
            name = self._chance.choice([n for n, methods in _FAULTS.items() if method in methods])
            self.counts[name] += 1
            return name

    def __enter__(self) -> FaultyProxy:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Connections end in the middle of things: we do so, and servers that are killed."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


# By name, for which methods; what each does is in `_Handler`.
_FAULTS = {
    "conflict": ("PUT",),
    "internal_error": ("GET", "PUT", "HEAD", "DELETE"),
    "internal_error_after": ("PUT", "DELETE"),
    "slow_down": ("GET", "PUT", "HEAD", "DELETE"),
    "reset": ("GET", "PUT", "HEAD", "DELETE"),
    "reset_after": ("PUT", "DELETE"),
    "reset_in_body": ("GET",),
    "truncated": ("GET",),
    "wrong_clock": ("GET", "PUT"),
    "twice": ("GET", "PUT"),
}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # All that is answered to one request goes out at once, when that is done.
    wbufsize = 1 << 20
    proxy: FaultyProxy
    service = urlsplit("")

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.proxy.seen.append((self.command, urlsplit(self.path).path, headers))
        fault = self.proxy.fault(self.command, urlsplit(self.path).path)
        if fault is None:
            self._answer(*self._asked(body))
        else:
            getattr(self, f"_{fault}")(lambda: self._asked(body))

    do_PUT = do_HEAD = do_DELETE = do_POST = do_GET

    def log_message(self, *arguments: object) -> None:
        pass

    def _asked(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = http.client.HTTPConnection(self.service.netloc, timeout=60)
        try:
            connection.putrequest(
                self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                connection.putheader(name, value)
            connection.endheaders(body)
            response = connection.getresponse()
            return response.status, response.getheaders(), response.read()
        finally:
            connection.close()

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response_only(status)
        length = str(len(body))
        for name, value in headers:
            if name.lower() == "content-length" and self.command == "HEAD":
                length = value
            if name.lower() not in _HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", length)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _error(self, status: int, code: str, **headers: str) -> None:
        body = f"<Error><Code>{code}</Code><Message>A bad day</Message></Error>".encode()
        named = [(name.replace("_", "-"), value) for name, value in headers.items()]
        self._answer(status, named, b"" if self.command == "HEAD" else body)

    def _end(self) -> None:
        """Ends the connection as a process does that dies."""
        self.close_connection = True
        self.connection.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0" + b"\0\0\0\0")
        self.connection.close()

    # What can happen. `ask` lets the service do the work.

    def _conflict(self, ask: Callable) -> None:
        self._error(409, "ConditionalRequestConflict")

    def _internal_error(self, ask: Callable) -> None:
        self._error(500, "InternalError")

    def _internal_error_after(self, ask: Callable) -> None:
        ask()
        self._error(500, "InternalError")

    def _slow_down(self, ask: Callable) -> None:
        self._error(503, "SlowDown", x_amz_retry_after="20")

    def _reset(self, ask: Callable) -> None:
        self._end()

    def _reset_after(self, ask: Callable) -> None:
        ask()
        self._end()

    def _reset_in_body(self, ask: Callable) -> None:
        status, headers, body = ask()
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in _HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) + 1))
        self.end_headers()
        self.wfile.write(body[:len(body) // 2])
        self.wfile.flush()
        self._end()

    def _truncated(self, ask: Callable) -> None:
        """A body that is short of its end, and headers that say that this is its length."""
        status, headers, body = ask()
        self._answer(status, headers, body[:len(body) // 2])

    def _wrong_clock(self, ask: Callable) -> None:
        """As if our clock had jumped; the service's own time is beside it."""
        date = email.utils.formatdate(time.time(), usegmt=True)
        self._error(403, "RequestTimeTooSkewed", Date=date)

    def _twice(self, ask: Callable) -> None:
        """In one piece: whoever takes up the connection in between cannot tell them apart."""
        answer = ask()
        self._answer(*answer)
        self._answer(*answer)
