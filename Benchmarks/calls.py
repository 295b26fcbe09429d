"""One caller: calls over stdio and HTTP beside what people would pick instead, and start-up."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack

from clients import StdioClient
from measuring import Budget, Series, Work, interleave
from servers import (OurServer, deno, environment, ours_over_http, python_command,
                     python_over_http, python_over_stdio)

COUNT = "n++"


def one_caller(ours: OurServer, transport: str, budget: Budget) -> dict[str, dict]:
    """Calls over one transport, one after the other."""
    with ExitStack() as stack:
        works = _our_works(ours, transport, stack)
        works |= _python_works(transport, stack)
        return interleave(works, budget)


def _our_works(ours: OurServer, transport: str, stack: ExitStack) -> dict[str, Work]:
    client, pid = _ours(ours, transport, stack, "--in-memory")
    client.call("run_js", code="let n = 0", heap="h")
    kept = {"heap": "h"}
    works = {
        "list_heaps (no JavaScript)": Work(lambda: client.call("list_heaps"), pid),
        "1+1 without a heap": Work(lambda: client.call("run_js", code="1+1"), pid),
        "n++ on a warm heap, commit": Work(
            lambda: client.call("run_js", code=COUNT, **kept), pid),
        "n++ on a warm heap, save: false": Work(
            lambda: client.call("run_js", code=COUNT, save=False, **kept), pid),
    }
    if ours.knows("--durability"):
        relaxed, relaxed_pid = _ours(ours, transport, stack, "--in-memory", *ours.relaxed)
        relaxed.call("run_js", code="let n = 0", **kept)
        works["n++ on a warm heap, relaxed"] = Work(
            lambda: relaxed.call("run_js", code=COUNT, **kept), relaxed_pid)
    return works


def _ours(ours: OurServer, transport: str, stack: ExitStack, *options: object):
    if transport == "HTTP":
        return ours_over_http(stack, ours, *options)
    client = stack.enter_context(ours.stdio(*options))
    return client, client.pid


def _python_works(transport: str, stack: ExitStack) -> dict[str, Work]:
    if transport == "HTTP":
        client, pid = python_over_http(stack)
    else:
        client = python_over_stdio(stack)
        pid = client.pid
    works = {
        "Python: a tool that does nothing": Work(lambda: client.call("nothing"), pid),
        "Python: 1+1 by mini-racer, fresh": Work(
            lambda: client.call("mini_racer_fresh", code="1+1"), pid),
        "Python: 1+1 by mini-racer, kept isolate": Work(
            lambda: client.call("mini_racer_kept", code="1+1"), pid),
    }
    if "BENCHMARK_NODE" in environment():
        works["Python: 1+1 by node per call"] = Work(
            lambda: client.call("node", code="1+1"), pid)
    if deno():
        works["Python: 1+1 by deno per call"] = Work(
            lambda: client.call("deno", code="1+1"), pid)
    return works


def starts(ours: OurServer, count: int) -> dict[str, dict]:
    """From the start of a process to its first answer and to its first result."""
    works: dict[str, Callable[[], object]] = {
        "first answer": lambda: _first(ours.command("--in-memory"), "tools/list"),
        "first result": lambda: _first(ours.command("--in-memory"), "run_js", code="1+1"),
        "Python: first answer": lambda: _first(python_command(), "tools/list"),
    }
    series = {name: Series() for name in works}
    for _ in range(count):
        for name, work in works.items():
            series[name].seconds.append(work())
    return {name: each.row() for name, each in series.items()}


def _first(command: list[str], what: str, **arguments: object) -> float:
    began = time.perf_counter()
    with StdioClient(command, environment()) as client:
        client.request(what) if "/" in what else client.call(what, **arguments)
        return time.perf_counter() - began
