"""Many more heaps than there are workers, used by many clients at once."""

from __future__ import annotations

import re
import statistics
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from http_client import Client, HTTPServer
from processes import memory, wait_until, workers

CLIENTS = 64
ROUNDS = 2
WORKERS_MAX = 16
NEXT = "globalThis.n = (globalThis.n ?? 0) + 1"


class Progress:
    """How far clients had come when the first of them had done everything."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.counts = [0] * CLIENTS
        self.at_first_end: list[int] | None = None

    def note(self, client: int, share: int) -> None:
        with self._lock:
            self.counts[client] += 1
            if self.counts[client] == share and self.at_first_end is None:
                self.at_first_end = list(self.counts)


@pytest.mark.parametrize("durability, heaps", [("commit", 256), ("relaxed", 1024)])
def test_many_heaps(binary, directory, durability, heaps):
    share = heaps // CLIENTS
    with HTTPServer(
        binary, "--http-port", "0", "--directory-path", directory, "--durability", durability,
        "--workers-max", WORKERS_MAX, "--queue-max", CLIENTS,
    ) as server:
        port = server.port
        sizes = []
        for expected in range(1, ROUNDS + 1):
            progress = Progress()

            def work(number: int, progress: Progress = progress, expected: int = expected) -> None:
                with Client(port) as client:
                    client._connection.timeout = 150
                    for index in range(share):
                        result = client.run(
                            NEXT, heap=f"h{index * CLIENTS + number}", timeout_ms=120_000)
                        assert result.value == expected
                        progress.note(number, share)

            with ThreadPoolExecutor(CLIENTS) as pool:
                list(pool.map(work, range(CLIENTS)))
            assert statistics.median(progress.at_first_end) >= share / 2
            assert min(progress.at_first_end) >= share / 4, progress.at_first_end
            sizes.append(memory(server.process.pid)["Rss"])
        assert sizes[-1] - sizes[0] < 64 << 20, sizes
        assert len(workers(server.process.pid)) <= WORKERS_MAX
        with Client(port) as client:
            def unwritten() -> int:
                text = client.send("GET", "/metrics").body.decode()
                assert "mcp_v8_heaps_lost_total 0" in text
                return int(re.search(r"^mcp_v8_heaps_unwritten (\d+)", text, re.M).group(1))

            wait_until(lambda: unwritten() == 0, "everything is written")
            for number in (0, heaps // 2, heaps - 1):
                assert client.run("n", heap=f"h{number}", save=False).value == ROUNDS
