"""What the server tells its operator: lines of the log, metrics, and whether it is ready."""

from __future__ import annotations

import json
import re

import pytest
from conftest import REPOSITORY
from http_client import Client, HTTPServer, modern_headers
from processes import wait_until
from raw_client import modern_meta

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SECRET = "squeamish ossifrage"


def json_lines(server: HTTPServer, message: str | None = None) -> list[dict]:
    lines = [json.loads(line) for line in server.stderr().splitlines()]
    return [line for line in lines if message in (None, line["message"])]


def log_options(level: str = "debug") -> list[str]:
    return ["--in-memory", "--log-format", "json", "--log-level", level]


def test_each_execution_has_a_line(binary):
    with HTTPServer(binary, *log_options("info")) as server, Client(server.port) as client:
        client.run(f"console.log('{SECRET}'); let s = '{SECRET}'; s", heap="notes")
        client.begin_run(f"throw new Error('{SECRET}')")
        reply = client.reply()
        good, bad = json_lines(server, "Execution ended")
        assert good["outcome"] == "value" and bad["outcome"] == "exception"
        assert good["level"] == "info" and good["heap.name"] == "notes"
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", good["time"])
        for name in ["duration.ms", "evaluation.ms", "code.bytes", "console.bytes",
                     "result.bytes", "heap.bytes", "snapshot.bytes"]:
            assert good[name] > 0, name
        assert good["execution.id"] != bad["execution.id"]
        assert bad["request.id"] == reply.headers["x-request-id"]
        assert "squeamish" not in server.stderr()


def test_a_trace_goes_through(binary):
    with HTTPServer(binary, *log_options("info")) as server, Client(server.port) as client:
        params = {"name": "run_js", "arguments": {"code": "1"}, "_meta": modern_meta()}
        message = client.message("tools/call", params)
        headers = modern_headers("tools/call", "run_js") | {"traceparent": f"00-{TRACE}-{SPAN}-01"}
        assert client.post(message, headers).status == 200
        params["_meta"]["traceparent"] = f"00-{TRACE[::-1]}-{SPAN[::-1]}-01"
        assert client.post(message, headers).status == 200
        params["_meta"]["traceparent"] = "00-nonsense"
        assert client.post(message, headers | {"traceparent": "00-0-0"}).status == 200
        first, second, third = json_lines(server, "Execution ended")
        assert (first["trace.id"], first["trace.parent"]) == (TRACE, SPAN)
        assert second["trace.id"] == TRACE[::-1], "the message's own comes first"
        assert "trace.id" not in third


def test_a_trace_over_stdio(start):
    server = start("--in-memory", "--log-format", "json", "--log-level", "info")
    server.run("1", meta={"traceparent": f"00-{TRACE}-{SPAN}-01"})
    line = next(line for line in server.stderr().splitlines() if "Execution ended" in line)
    assert json.loads(line)["trace.id"] == TRACE


@pytest.mark.parametrize("form", ["json", "text"])
def test_what_others_say_is_made_harmless(binary, form):
    evil = "a\x1b[31m\u202eb\n2026-01-01 info forged\u2028\x00" + "x" * 3000
    with HTTPServer(binary, "--in-memory", "--log-format", form) as server, \
            Client(server.port) as client:
        params = {"name": evil, "arguments": {}, "_meta": modern_meta()}
        message = client.message("tools/call", params)
        assert client.post(message, modern_headers("tools/call", "other")).status == 400
        lines = [line for line in server.stderr().split("\n") if "Request refused" in line]
        assert len(lines) == 1
        assert not re.search("[\x00-\x1f\x7f\u202e\u2028]", lines[0])
        assert len(lines[0]) < 2000 and "forged" in lines[0]


def test_errors_and_log_name_the_request(binary):
    with HTTPServer(binary, *log_options()) as server, Client(server.port) as client:
        reply = client.send("GET", "/nothing?token=secret")
        name = reply.headers["x-request-id"]
        assert reply.json["error"]["data"] == {"requestId": name}

        def lines() -> list[dict]:
            return [line for line in json_lines(server, "Request answered")
                    if line["request.id"] == name]

        # The log comes after the answer.
        wait_until(lines, "the request is in the log")
        line, = lines()
        assert line["http.status"] == "404" and line["http.path"] == "/nothing"
        assert "secret" not in server.stderr()


def documented_metrics() -> dict[str, tuple[str, set[str]]]:
    text = (REPOSITORY / "docs/reference/metrics.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(mcp_v8_\w+)` \| (\w+) \| ([^|]*)\|", text, re.M)
    return {name: (kind, set(re.findall(r"`(\w+)`:", labels))) for name, kind, labels in rows}


ONLY_WITH_A_CACHE = {
    "mcp_v8_cache_reads_total", "mcp_v8_cache_evictions_total", "mcp_v8_cache_bytes"}


def test_metrics_are_those_of_the_reference(binary, directory):
    with HTTPServer(binary, "--directory-path", directory) as server, \
            Client(server.port) as client:
        client.run("1", heap="secret")
        client.send("GET", "/nothing", {"Host": "evil.example"})
        text = client.send("GET", "/metrics").body.decode()
    kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M))
    documented = documented_metrics()
    assert kinds == {name: kind for name, (kind, _) in documented.items()}
    samples = re.findall(r"^(\w+?)(?:_bucket|_sum|_count)?(?:\{(.*)\})? (\S+)$", text, re.M)
    valued = {name for name, _, _ in samples}
    assert valued == set(kinds) - ONLY_WITH_A_CACHE, "each has a value"
    for name, labels, value in samples:
        names = set(re.findall(r'(\w+)="', labels)) - {"le"}
        assert names == documented[name][1], name
        float(value)
    assert "secret" not in text


def test_what_metrics_count(binary):
    with HTTPServer(binary, "--in-memory") as server, Client(server.port) as client:
        client.run("1", heap="h")
        client.begin_run("throw 1")
        assert client.reply().tool_result.is_error
        client.send("GET", "/healthz", {"Host": "evil.example"})
        text = client.send("GET", "/metrics").body.decode()
        for line in [
            'mcp_v8_executions_total{outcome="value"} 1',
            'mcp_v8_executions_total{outcome="exception"} 1',
            'mcp_v8_execution_duration_seconds_bucket{le="+Inf"} 2',
            "mcp_v8_execution_duration_seconds_count 2", "mcp_v8_executions_waiting 0",
            "mcp_v8_executions_waiting_for_heap 0", "mcp_v8_snapshot_bytes_count 1",
            "mcp_v8_workers_warm 1", "mcp_v8_template_starts_total 1",
            'mcp_v8_http_responses_total{status="200"} 2',
            'mcp_v8_http_responses_total{status="421"} 1',
            'mcp_v8_http_refusals_total{reason="host"} 1', "mcp_v8_http_connections 1",
            'mcp_v8_storage_operations_total{operation="create",outcome="ok"} 1',
            'mcp_v8_storage_duration_seconds_count{operation="create"} 1',
        ]:
            assert line in text.splitlines(), (line, text)


def test_readiness_is_told_in_full_to_who_is_known(binary, tmp_path):
    tokens = tmp_path / "tokens"
    tokens.write_text("correct-horse-battery-staple")
    with HTTPServer(binary, "--in-memory", "--auth-token-file", tokens) as server:
        with Client(server.port) as stranger:
            reply = stranger.send("GET", "/readyz")
            assert (reply.status, reply.json) == (200, {"status": "ready"})
            bad = {"Authorization": "Bearer wrong-wrong-wrong-wrong"}
            assert stranger.send("GET", "/readyz", bad).status == 401
        with Client(server.port, token="correct-horse-battery-staple") as client:
            readiness = client.send("GET", "/readyz").json
            assert readiness["storage"] == "reachable" and readiness["workers"] == "up"
            assert {"systemCallFilter", "noNewPrivileges"} <= set(readiness["sandbox"]["on"])


def test_a_directory_that_is_gone_is_not_ready(binary, directory):
    with HTTPServer(binary, "--directory-path", directory) as server, \
            Client(server.port) as client:
        assert client.send("GET", "/readyz").status == 200
        heads = directory / "heads"
        heads.rename(directory / "moved")
        heads.write_text("no directory")
        reply = client.send("GET", "/readyz")
        assert reply.status == 503 and reply.json["reason"] == "heaps cannot be read"
        assert reply.json["storage"] == "unreachable"
        heads.unlink()
        (directory / "moved").rename(heads)
        assert client.send("GET", "/readyz").status == 200
