"""Runs a server of one of the Python SDKs over stdio, or over HTTP on a port that it prints."""

from __future__ import annotations

import socket
import sys

import uvicorn


def serve(run_stdio, make_app) -> None:
    if "--http" not in sys.argv:
        run_stdio()
        return
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    settings = uvicorn.Config(make_app(), log_level="error")
    uvicorn.Server(settings).run(sockets=[listener])
