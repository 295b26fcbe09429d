"""A run that waits for a timer hears what its server says meanwhile, and that it has gone."""

from __future__ import annotations

import struct
import time
from collections.abc import Iterator

import pytest
from programs import library
from worker_driver import (
    CONSOLE, EVALUATE, EVALUATED, INSPECT, LIVE, NEW_HEAP, SAVE_NOW, SAVED, SNAPSHOT_REPORT, TAKEN,
    Template, WorkerEnded)

WAIT = "console.log('begun'); await new Promise((done) => setTimeout(done, {ms})); 'waited'"
LONG_MS = 600_000
PROTOCOL_ERROR = 79


@pytest.fixture
def template(binary) -> Iterator[Template]:
    template = Template(library(binary))
    assert template.is_ready, template.complaint
    yield template
    template.close()


@pytest.fixture
def worker(template):
    worker = template.start()
    yield worker
    worker.close()


def begin_waiting(worker, milliseconds: int, state: int = NEW_HEAP) -> None:
    worker.begin(WAIT.format(ms=milliseconds), state, timeout_ms=LONG_MS)
    worker.expect(CONSOLE)


def test_an_end_of_the_channel_ends_the_wait(template, worker):
    begin_waiting(worker, LONG_MS)
    worker.channel.shutdown(2)
    assert template.ending(worker.number) == ("exited", 0)


def test_what_is_said_of_kept_states_does_not_end_the_wait(worker):
    begin_waiting(worker, 300)
    began = time.monotonic()
    for number in range(20):
        worker.say(SAVE_NOW, struct.pack("<I", number))
        worker.say(TAKEN, struct.pack("<BI", 0, 0))
    assert worker.finish().text == "waited"
    assert time.monotonic() - began >= 0.2
    assert worker.evaluate("1 + 1", LIVE).text == "2"


def test_a_kept_state_is_written_while_a_run_waits(template, worker):
    if template.layers["processNamespace"] != "on":
        pytest.skip("without a process namespace no forks keep states")
    worker.begin("n = 1", NEW_HEAP, save=True, saving_delay_ms=LONG_MS)
    worker.expect(EVALUATED)
    worker.expect(SNAPSHOT_REPORT)
    begin_waiting(worker, LONG_MS, LIVE)
    worker.say(SAVE_NOW, struct.pack("<I", 1))
    worker.expect(SAVED)


def test_a_frame_that_comes_in_parts_does_not_end_the_wait(worker):
    begin_waiting(worker, 200)
    for byte in struct.pack("<IBI", 5, SAVE_NOW, 1):
        worker.channel.sendall(bytes([byte]))
    assert worker.finish().text == "waited"


@pytest.mark.parametrize("kind, payload", [
    (EVALUATE, struct.pack("<BBIIIII", NEW_HEAP, 0, 2, 0, 1000, 1000, 1) + b"1"),
    (INSPECT, b"\0" * 16), (EVALUATE, b""), (99, b""),
])
def test_a_request_before_the_answer_ends_the_worker(template, worker, kind, payload):
    begin_waiting(worker, LONG_MS)
    worker.say(kind, payload)
    with pytest.raises(WorkerEnded):
        worker.finish()
    assert template.ending(worker.number) == ("exited", PROTOCOL_ERROR)
