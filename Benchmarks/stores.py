"""The storages that this server can be started with on this machine."""

from __future__ import annotations

import os
from contextlib import ExitStack

from heaps import directory
from servers import OurServer

BUCKET = "benchmark"


def available(ours: OurServer, stack: ExitStack) -> tuple[dict[str, tuple], dict[str, str]]:
    """Options for each storage; and why one is missing."""
    found = {
        "memory": ("--in-memory",),
        "files": ("--directory-path", stack.enter_context(directory())),
    }
    missing = {}
    if not ours.knows("--s3-bucket"):
        missing["S3"] = "this build of the server has no S3"
    else:
        try:
            found["S3 (SeaweedFS)"] = _seaweedfs(stack)
        except (AssertionError, ImportError, OSError) as failure:
            missing["S3"] = f"no SeaweedFS: {failure}".splitlines()[0]
    return found, missing


def _seaweedfs(stack: ExitStack) -> tuple[str, ...]:
    """Starts a service of S3's protocol on this machine, and says how to use it."""
    from s3_services import CREDENTIALS, Service

    service = stack.enter_context(Service("seaweedfs", BUCKET))
    os.environ.update(CREDENTIALS)
    return ("--s3-bucket", BUCKET, "--s3-endpoint", service.endpoint, "--s3-region", "us-east-1")
