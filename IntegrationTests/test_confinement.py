"""Confined workers, as root, as a plain user, and where the kernel refuses namespaces.

Scripts that hang, flood, exhaust or use much of the language run in them: the list of allowed
system calls may end none of them.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from circumstances import CIRCUMSTANCES, where_everybody_reads
from data_files import cases
from processes import is_running, wait_until
from programs import LIBRARY
from worker_driver import LIVE, NEW_HEAP, SNAPSHOT, Template, WorkerEnded

TIMEOUT_MS = 700
SAME_TIME = 2

NAMESPACES = {
    "userNamespace", "networkNamespace", "otherNamespaces", "emptyRoot", "processNamespace"}
ESSENTIAL = {
    "unprivilegedUser", "noCapabilities", "noNewPrivileges", "notDumpable", "resourceLimits",
    "systemCallFilter", "proof"}


@pytest.fixture(scope="module")
def program(binary) -> Iterator[Path]:
    """The worker's library, where every user may read it."""
    with where_everybody_reads(binary) as folder:
        yield folder / LIBRARY


@pytest.fixture(params=["jit", "jitless"])
def mode(request) -> str:
    return request.param


def run(template: Template, code: str, check: str | None) -> list[tuple[str, int]]:
    """Runs code in a new heap, and a check in a worker that restores it; how both ended."""
    endings = []
    worker = template.start()
    snapshot = None
    try:
        result = worker.evaluate(code, NEW_HEAP, save=True, timeout_ms=TIMEOUT_MS,
                                 seconds=TIMEOUT_MS / 1000 + 1)
        snapshot = result.snapshot
        content = os.pread(worker.exchange, snapshot, 0) if snapshot else b""
        if snapshot:
            worker.evaluate("1 + 1", LIVE)
    except (WorkerEnded, TimeoutError):
        template.kill(worker.number)
    worker.channel.shutdown(2)
    endings.append((worker, template))
    if snapshot:
        second = template.start()
        os.pwrite(second.exchange, content, 0)
        try:
            second.evaluate(check or "Object.keys(globalThis).length", SNAPSHOT, snapshot,
                            save=True, timeout_ms=TIMEOUT_MS, seconds=TIMEOUT_MS / 1000 + 1)
        except (WorkerEnded, TimeoutError):
            template.kill(second.number)
        second.channel.shutdown(2)
        endings.append((second, template))
    ended = [template.ending(worker.number) for worker, template in endings]
    for worker, _ in endings:
        worker.close()
    return ended


@pytest.mark.parametrize("circumstances", CIRCUMSTANCES)
def test_every_layer_holds_or_is_named(program, circumstances, mode):
    template = Template(program, "--mode", mode, prefix=CIRCUMSTANCES[circumstances])
    try:
        assert template.is_ready, template.complaint
        assert {template.layers[name] for name in ESSENTIAL} == {"on"}
        if "container" in circumstances or circumstances == "no namespaces":
            assert {template.layers[name] for name in NAMESPACES} == {1}
        else:
            assert {template.layers[name] for name in NAMESPACES} <= {"on", "not needed"}
        worker = template.start()
        first = worker.evaluate("let a = 41; a", NEW_HEAP, save=True)
        assert first.text == "41"
        assert worker.evaluate("a + 1", LIVE).text == "42"
        assert worker.evaluate("for (;;);", LIVE, timeout_ms=50).kind == "timeout"
        worker.close()
        assert template.ending(worker.number) == ("exited", 0)
    finally:
        template.close()


@pytest.mark.skipif("container root" not in CIRCUMSTANCES, reason="only root can be a plain user")
def test_required_refuses_what_is_not_there(program):
    template = Template(
        program, "--sandbox", "required", prefix=CIRCUMSTANCES["container user"])
    template.close()
    assert not template.is_ready
    assert "networkNamespace" in template.complaint
    assert "--sandbox off" in template.complaint


def test_off_is_off(program):
    template = Template(program, "--sandbox", "off")
    assert template.is_ready
    assert template.layers == {}
    worker = template.start()
    assert worker.evaluate("6 * 7").text == "42"
    worker.close()
    template.close()


@pytest.mark.parametrize("circumstances", CIRCUMSTANCES)
def test_nothing_outlives_the_template(program, circumstances):
    template = Template(program, prefix=CIRCUMSTANCES[circumstances])
    worker = template.start()
    # A worker that lives on: one of a run without a heap ends with its answer.
    assert worker.evaluate("1", NEW_HEAP).text == "1"
    children = Path(f"/proc/{template.process.pid}/task/{template.process.pid}/children")
    below = [int(pid) for pid in children.read_text().split()]
    assert below
    template.process.send_signal(signal.SIGKILL)
    template.close()
    wait_until(lambda: not any(is_running(pid) for pid in below), "its processes end")
    worker.close()


@pytest.mark.parametrize("data", ["hostile.jsonl", "survive.jsonl"])
def test_no_script_meets_a_forbidden_call(program, mode, data):
    def run_share(share: list[tuple[str, dict]]) -> dict[str, list[tuple[str, int]]]:
        template = Template(program, "--mode", mode)
        try:
            return {name: run(template, case.get("setup", case.get("code")), case.get("check"))
                    for name, case in share}
        finally:
            template.close()

    everything = list(cases(data).items())
    with ThreadPoolExecutor(SAME_TIME) as pool:
        shares = [everything[index::SAME_TIME] for index in range(SAME_TIME)]
        endings = {name: ended for part in pool.map(run_share, shares)
                   for name, ended in part.items()}
    assert len(endings) == len(everything)
    forbidden = [name for name, ended in endings.items() if ("signalled", signal.SIGSYS) in ended]
    assert not forbidden
    counts: dict[tuple[str, int], int] = {}
    for ended in endings.values():
        for ending in ended:
            counts[ending] = counts.get(ending, 0) + 1
    print(f"{data}, {mode}: {counts}")
