"""Several servers on one directory, killed at random: nothing acknowledged is lost or reordered."""

from __future__ import annotations

import re

from fleet import Fleet
from http_client import Client, HTTPServer


def test_every_acknowledged_run_is_kept(binary, directory, capsys):
    with Fleet(binary, ["--directory-path", directory]) as fleet:
        record = fleet.exercise()
    with capsys.disabled():
        print(f"\n{record}")
    record.assert_explained()
    record.assert_enough()


def test_the_loser_gets_both_versions(binary, directory):
    """A run that is slow, and another server's that overtakes it on the same heap."""
    with (
        HTTPServer(binary, "--directory-path", directory) as one,
        HTTPServer(binary, "--directory-path", directory) as other,
        Client(one.port) as slow, Client(other.port) as fast,
    ):
        first = slow.run("globalThis.n = 1", heap="h").structured["version"]
        slow.begin_run("await new Promise((f) => setTimeout(f, 1500)); n = 10; n", heap="h")
        winner = fast.run("n = 2", heap="h").structured["version"]
        lost = slow.reply().tool_result
        assert lost.kind == "conflict", lost
        message = lost.error["message"]
        assert first[:12] in message and winner[:12] in message, message
        [kept] = re.findall(r"kept as version ([0-9a-f]{64})", message)
        # Nothing is lost but the race, and the loser's worker is not used again.
        assert slow.run("n", heap=kept, save=False).value == 10
        assert slow.run("n", heap="h").value == 2


def test_a_warm_worker_is_not_used_on_an_old_head(binary, directory):
    """Each server has a worker that is warm at the version that the other has moved on from."""
    with (
        HTTPServer(binary, "--directory-path", directory) as one,
        HTTPServer(binary, "--directory-path", directory) as other,
        Client(one.port) as a, Client(other.port) as b,
    ):
        for round in range(10):
            client = (a, b)[round % 2]
            assert client.run("globalThis.n = (globalThis.n ?? 0) + 1", heap="h").value == round + 1
            assert (b, a)[round % 2].run("n", heap="h", save=False).value == round + 1
