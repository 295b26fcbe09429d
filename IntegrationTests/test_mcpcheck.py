"""mcpcheck, an independent checker of servers of the revision 2026-07-28."""

from __future__ import annotations

import subprocess
import sys

from http_client import HTTPServer


def test_every_check_passes(binary):
    with HTTPServer(binary, "--in-memory") as server:
        done = subprocess.run(
            [sys.executable, "-m", "mcpcheck", f"http://127.0.0.1:{server.port}/mcp"],
            capture_output=True, text=True,
            timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "PASS" in done.stdout.upper() and "FAIL " not in done.stdout.upper(), done.stdout
