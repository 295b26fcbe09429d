"""What the README tells a reader to type, and what the options' reference says, hold."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from conftest import REPOSITORY

BY_SCRIPT = "scripts/test does the same steps"
BY_CLIENT = "needs a client that is not part of this project"

# Each command in the README's shell blocks: the test that runs it, or why none does.
COMMANDS = {
    "scripts/run": "test_the_first_result runs its demonstration; " + BY_SCRIPT,
    "scripts/test": "runs this test",
    "claude mcp add": BY_CLIENT,
    "codex mcp add": BY_CLIENT,
    "git clone": "whoever reads this has done it",
}


def shell_lines() -> list[str]:
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```(?:sh|bash|console|shell)\n(.*?)^```", text, re.M | re.S)
    lines = [line.strip() for block in blocks for line in block.splitlines()]
    return [line.split(" #")[0].strip() for line in lines if line and not line.startswith("#")]


def test_the_readme_has_commands():
    assert "scripts/run" in shell_lines() and "scripts/test" in shell_lines()


@pytest.mark.parametrize("line", shell_lines())
def test_every_command_is_accounted_for(line):
    assert any(line == command or line.startswith(command + " ") for command in COMMANDS), \
        f"neither tested nor listed with a reason: {line}"


def test_the_first_result(binary, directory):
    # As printed, and the second time too.
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, REPOSITORY / "scripts/first-result.py", binary, "--directory-path",
             directory],
            capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        assert done.stdout.index('"result": 40') < done.stdout.index('"result": 42')
        assert done.stdout.count('"created": true') == 1


def test_every_option_is_in_the_reference_and_the_reverse(binary):
    reference = (REPOSITORY / "docs/reference/configuration.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `(--[a-z0-9-]+)", reference, re.M))
    shown = subprocess.run(
        [binary, "--help-all"], capture_output=True, text=True, timeout=20).stdout
    listed = set(re.findall(r"(?<![\w-])(--[a-z][a-z0-9-]+)", shown))
    assert documented == listed - {"--help", "--help-all", "--version"}


def test_every_link_in_the_papers_leads_somewhere():
    broken = []
    for paper in [*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/**/*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)", paper.read_text(encoding="utf-8")):
            if "://" not in target and not (paper.parent / target).exists():
                broken.append(f"{paper.name}: {target}")
    assert broken == []
