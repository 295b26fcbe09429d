"""Who starts a program, and where: as it is, as a plain user, and as containers have it."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from programs import install

IS_ROOT = os.geteuid() == 0

AS_USER = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
NO_NAMESPACES = (sys.executable, str(Path(__file__).with_name("refuse_namespaces.py")))
# Root with the capabilities that containers have by default.
CONTAINER_ROOT = (
    "/usr/bin/setpriv", "--inh-caps=-all",
    "--bounding-set=-all,+chown,+dac_override,+fowner,+kill,+setgid,+setuid,+setpcap,+net_raw")
CIRCUMSTANCES: dict[str, tuple[str, ...]] = {
    "as it is": (),
    "no namespaces": NO_NAMESPACES,
}
if IS_ROOT and shutil.which("setpriv"):
    CIRCUMSTANCES |= {
        "plain user": AS_USER,
        "container root": (*NO_NAMESPACES, *CONTAINER_ROOT),
        "container user": (*NO_NAMESPACES, "/usr/bin/setpriv", *AS_USER[1:], "--no-new-privs"),
    }
if IS_ROOT:
    del CIRCUMSTANCES["no namespaces"]
"""What goes before a command, by name. Where only root could, what only root can is not there."""


@contextmanager
def where_everybody_reads(binary: Path | None = None) -> Iterator[Path]:
    """A folder, with a server and all that it starts: a plain user may not read where they were
    built."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        if binary:
            install(binary, Path(folder))
        yield Path(folder)
