"""Every way into the server as one interface: what a client may rely on wherever it comes in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from http_client import Client, HTTPServer, modern_headers
from raw_client import LEGACY_VERSION, Server, ToolResult, modern_meta


class Way:
    """One client of one server. Requests may be begun side by side, and are told by their ids."""

    is_modern = False

    def begin(self, message: dict) -> None:
        """Sends a request and does not wait for its answer."""
        raise NotImplementedError

    def finish(self, id: object) -> list[dict]:
        """What came for a request that was begun: its notifications, and its answer as the last."""
        raise NotImplementedError

    def notify(self, message: dict) -> None:
        """Sends a notification."""
        raise NotImplementedError

    def wait_for_run(self) -> None:
        """Returns when what was begun would be found by a message on another connection."""
        raise NotImplementedError

    def end(self) -> None:
        """Has the server end, as is usual where a client comes in that way."""
        raise NotImplementedError

    def request(self, id: object, method: str, params: dict | None = None) -> dict:
        """Sends a request and returns the whole answer."""
        self.begin(self.message(id, method, params))
        return self.finish(id)[-1]

    def message(self, id: object, method: str, params: dict | None = None) -> dict:
        params = dict(params or {})
        if self.is_modern:
            params["_meta"] = modern_meta(**params.get("_meta", {}))
        return {"jsonrpc": "2.0", "id": id, "method": method, "params": params}

    def begin_run(self, id: object, code: str, meta: dict | None = None, **arguments) -> None:
        params = {"name": "run_js", "arguments": {"code": code, **arguments}}
        self.begin(self.message(
            id, "tools/call", params | ({"_meta": meta} if meta else {})))

    def run(self, id: object, code: str, **arguments) -> ToolResult:
        self.begin_run(id, code, **arguments)
        return ToolResult(self.finish(id)[-1]["result"])

    def cancel(self, id: object) -> None:
        self.notify({"jsonrpc": "2.0", "method": "notifications/cancelled",
                     "params": {"requestId": id}})


class StdioWay(Way):
    def __init__(self, server: Server, is_modern: bool):
        self.server, self.is_modern = server, is_modern
        if not is_modern:
            server.initialize()

    def begin(self, message: dict) -> None:
        self.server.send(message)

    def finish(self, id: object) -> list[dict]:
        answer = self.server.answer(id)
        told = [m for m in self.server.pending() if "method" in m]
        return [*told, answer]

    def notify(self, message: dict) -> None:
        self.server.send(message)

    def wait_for_run(self) -> None:
        """Nothing overtakes in a pipe."""

    def end(self) -> None:
        self.server.end_of_input()


class HTTPWay(Way):
    """Streamable HTTP: a connection for each request."""

    def __init__(self, server: HTTPServer, is_modern: bool, stack: ExitStack):
        self.server, self.is_modern, self._stack = server, is_modern, stack
        self._clients: dict[str, Client] = {}
        self.session = None
        if not is_modern:
            first = self._client()
            first.initialize()
            self.session = first.session

    def _client(self) -> Client:
        client = self._stack.enter_context(Client(self.server.port))
        client.session = getattr(self, "session", None)
        return client

    def begin(self, message: dict) -> None:
        client = self._clients[json.dumps(message["id"])] = self._client()
        headers = {}
        if self.is_modern:
            headers = modern_headers(message["method"], message["params"].get("name"))
        client.begin_post(message, headers)

    def finish(self, id: object) -> list[dict]:
        return self._clients.pop(json.dumps(id)).reply().messages

    def notify(self, message: dict) -> None:
        assert self._client().post(message).status == 202

    def wait_for_run(self) -> None:
        self.server.wait_for_runs(1)

    def end(self) -> None:
        self.server.terminate()


class StreamWay(Way):
    """HTTP+SSE: everything that comes back comes on one stream."""

    def __init__(self, server: HTTPServer, stack: ExitStack):
        self.server = server
        self._listener = stack.enter_context(Client(server.port))
        self._poster = stack.enter_context(Client(server.port))
        self._listener.begin("GET", "/sse")
        self._events = self._listener.stream()
        name, self._endpoint = next(self._events)
        assert name == "endpoint"
        self._received: list[dict] = []
        self.request(-1, "initialize", {
            "protocolVersion": LEGACY_VERSION, "capabilities": {},
            "clientInfo": {"name": "stream", "version": "1"}})

    def begin(self, message: dict) -> None:
        self.notify(message)

    def finish(self, id: object) -> list[dict]:
        while not any(_is_answer(message, id) for message in self._received):
            _, data = next(self._events)
            self._received.append(json.loads(data))
        [answer] = [message for message in self._received if _is_answer(message, id)]
        self._received.remove(answer)
        return [*(m for m in self._received if "method" in m), answer]

    def notify(self, message: dict) -> None:
        body = json.dumps(message).encode()
        assert self._poster.send("POST", self._endpoint, {}, body).status == 202

    def wait_for_run(self) -> None:
        self.server.wait_for_runs(1)

    def end(self) -> None:
        self.server.terminate()


def _is_answer(message: dict, id: object) -> bool:
    return "method" not in message and message.get("id") == id


WAYS = ["stdio", "stdio-modern", "http", "http-modern", "sse"]


@contextmanager
def open_way(name: str, binary: Path, *options: object) -> Iterator[Way]:
    """A server of its own, and a client that came in that way; both end with the block."""
    with ExitStack() as stack:
        if name.startswith("stdio"):
            server = stack.enter_context(Server(binary, *options))
            yield StdioWay(server, name.endswith("modern"))
        else:
            server = stack.enter_context(HTTPServer(binary, *options))
            if name == "sse":
                yield StreamWay(server, stack)
            else:
                yield HTTPWay(server, name.endswith("modern"), stack)
