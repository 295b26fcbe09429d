"""moto, one request at a time: by itself it lets two writers win now and then, which the server's
probe then finds. Run by `.venv-s3`: moto_service.py PORT."""

from __future__ import annotations

import os
import sys
import threading

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple


def main() -> None:
    port = int(sys.argv[1])
    os.environ["MOTO_PORT"] = str(port)
    application = DomainDispatcherApplication(create_backend_app)
    turn = threading.Lock()

    def one_at_a_time(environment: dict, start_response: object) -> object:
        with turn:
            return application(environment, start_response)

    run_simple("127.0.0.1", port, one_at_a_time, threaded=True)


if __name__ == "__main__":
    main()
