"""The storages that this server can be started with on this machine."""

from __future__ import annotations

from contextlib import ExitStack

from heaps import directory
from servers import OurServer


def available(ours: OurServer, stack: ExitStack) -> tuple[dict[str, tuple], dict[str, str]]:
    """Options for each storage; and why one is missing."""
    found = {
        "memory": ("--in-memory",),
        "files": ("--directory-path", stack.enter_context(directory())),
    }
    missing = {}
    if not ours.knows("--s3-bucket"):
        missing["S3"] = "this build of the server has no S3"
    return found, missing
