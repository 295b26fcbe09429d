"""The table of options: what is made of it, and what it says of what was given."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
PAGE = REPOSITORY / "docs/reference/configuration.md"
SCREEN = (50, 80)


def invoke(binary, *arguments, environment=None) -> subprocess.CompletedProcess:
    return subprocess.run(
        [binary, *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=60, env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"} | (environment or {}))


def shown(binary, *arguments, **options) -> dict:
    done = invoke(binary, "config", "show", "--json", *arguments, **options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def documented() -> set[str]:
    return set(re.findall(r"^\| `--([a-z0-9-]+)", PAGE.read_text(), re.MULTILINE))


# -- What is made of the table

def test_the_reference_is_what_the_table_says(binary):
    assert invoke(binary, "config", "reference").stdout == PAGE.read_text(), (
        "mcp-v8 config reference > docs/reference/configuration.md")


def test_every_option_is_everywhere(binary):
    assert set(shown(binary)) == documented()
    assert documented() <= set(re.findall(r"--([a-z0-9-]+)", invoke(binary, "--help-all").stdout))


def test_the_help_fits_a_screen(binary):
    lines = invoke(binary, "--help").stdout.splitlines()
    assert len(lines) <= SCREEN[0] and max(map(len, lines)) <= SCREEN[1]
    assert "--help-all" in "".join(lines)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_every_option(binary, shell):
    script = invoke(binary, "--generate-completion-script", shell).stdout
    words = set(re.findall(r"[a-z0-9-]{3,}", script.replace("--", " ")))
    assert documented() <= words
    assert "when_required" in script, "and the words that one of them may be"


# -- Where values come from

def test_where_each_value_comes_from(binary, tmp_path):
    file = tmp_path / "mcp-v8.json"
    file.write_text('{\n  "queue-max": 1,\n  "heap-mb-max": 64, "timeout-ms": 1\n}\n')
    found = shown(
        binary, "--timeout-ms", 3, "--config", file,
        environment={"MCP_V8_TIMEOUT_MS": "2", "MCP_V8_HEAP_MB_MAX": "65"})
    line = {"from": "command_line", "variable": "MCP_V8_TIMEOUT_MS"}
    assert found["timeout-ms"] == {"value": 3} | line
    assert found["heap-mb-max"]["value"] == 65
    assert found["heap-mb-max"]["from"] == "environment"
    assert found["queue-max"]["from"] == "file" and found["queue-max"]["value"] == 1
    assert (found["queue-max"]["file"], found["queue-max"]["line"]) == (str(file), 2)
    assert found["keep-versions"]["from"] == "default" and found["keep-versions"]["value"] == 50


def test_defaults_that_depend_on_others(binary):
    assert shown(binary)["log-level"]["value"] == "warning"
    over_http = shown(binary, "--http-port", 0)
    assert over_http["log-level"]["value"] == "info"
    assert over_http["requests-per-second"]["value"] == 0
    assert shown(binary, "--timeout-ms-max", 7)["timeout-ms"]["value"] == 7


def test_false_in_a_stronger_place_counts(binary, tmp_path):
    file = tmp_path / "mcp-v8.json"
    file.write_text('{"strict": true, "in-memory": true}')
    found = shown(
        binary, "--config", file,
        environment={"MCP_V8_STRICT": "false", "MCP_V8_IN_MEMORY": "false"})
    assert found["strict"]["value"] is False and found["in-memory"]["value"] is False


def test_the_table_for_people(binary):
    done = invoke(binary, "config", "show", environment={"MCP_V8_STRICT": "true"})
    assert re.search(r"^strict +true +in the environment$", done.stdout, re.MULTILINE)


def test_what_may_be_secret_is_not_shown(binary):
    url = "https://user:squeamish@s3.example/?token=ossifrage"
    done = invoke(binary, "config", "show", "--s3-bucket", "b", "--s3-endpoint", url)
    assert done.returncode == 0 and "https://…@s3.example/?…" in done.stdout
    assert "squeamish" not in done.stdout and "ossifrage" not in done.stdout


def test_what_the_server_would_refuse_is_shown_and_said(binary):
    done = invoke(binary, "config", "show", "--in-memory", "--stateless")
    assert done.returncode == 64 and "contradict" in done.stderr
    assert re.search(r"^in-memory +true", done.stdout, re.MULTILINE)


# -- What is wrong

@pytest.mark.parametrize("arguments, complaint", [
    (["--workers-max", "0"], '--workers-max is "0"; it must be a number from 1 to 4096'),
    (["--jit", "no"], '--jit is "no"; it must be on or off'),
    (["--directory-path", ""], '--directory-path is ""; it must be the path of a directory'),
])
def test_an_error_names_the_option(binary, arguments, complaint):
    done = invoke(binary, *arguments)
    assert done.returncode == 64 and complaint in done.stderr


def test_an_error_names_the_variable(binary):
    done = invoke(binary, environment={"MCP_V8_TIMEOUT_MS": "soon"})
    assert 'MCP_V8_TIMEOUT_MS is "soon"; it must be a number of milliseconds' in done.stderr


def test_an_error_names_the_line_of_the_file(binary, tmp_path):
    file = tmp_path / "mcp-v8.json"
    file.write_text('{"log-format": "json",\n "queue-max": 0}')
    done = invoke(binary, "--config", file)
    assert f'"queue-max" in {file} (line 2) is "0"; it must be a number' in done.stderr


def test_two_in_different_places_are_named_as_they_are_written(binary):
    done = invoke(binary, "--tls-key", "k", environment={"MCP_V8_HTTP_PORT": "0"})
    assert "--tls-key needs --tls-certificate too" in done.stderr
    done = invoke(binary, environment={"MCP_V8_TLS_KEY": "k", "MCP_V8_HTTP_PORT": "0"})
    assert "MCP_V8_TLS_KEY needs --tls-certificate too" in done.stderr
