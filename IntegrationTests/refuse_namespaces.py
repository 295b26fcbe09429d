"""Runs a command where the kernel refuses namespaces and mounts, as Docker's default profile does.

Usage: refuse_namespaces.py [--filters] COMMAND ARGUMENT…; with `--filters` it refuses filters of
system calls instead, which no worker goes without.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys

EPERM, ENOSYS = 1, 38
RETURN_ERROR, RETURN_ALLOW = 0x00050000, 0x7FFF0000
LOAD, EQUAL, ANY_SET, RETURN = 0x20, 0x15, 0x45, 0x06
NAMESPACES = 0x7E020000
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, MODE_FILTER = 38, 22, 2
NUMBERS = {
    "x86_64": {"unshare": 272, "clone": 56, "clone3": 435, "mount": 165, "umount2": 166,
               "pivot_root": 155, "setns": 308, "seccomp": 317},
    "aarch64": {"unshare": 97, "clone": 220, "clone3": 435, "mount": 40, "umount2": 39,
                "pivot_root": 41, "setns": 268, "seccomp": 277},
}


def refuse_namespaces() -> None:
    """Has the kernel refuse namespaces to this process."""
    calls = NUMBERS[platform.machine()]
    program = [(LOAD, 0, 0, 0)]
    for name in ("mount", "umount2", "pivot_root", "setns"):
        program += [(EQUAL, 0, 1, calls[name]), (RETURN, 0, 0, RETURN_ERROR | EPERM)]
    program += [(EQUAL, 0, 1, calls["clone3"]), (RETURN, 0, 0, RETURN_ERROR | ENOSYS)]
    for name in ("unshare", "clone"):
        program += [(EQUAL, 0, 4, calls[name]), (LOAD, 0, 0, 16), (ANY_SET, 0, 1, NAMESPACES),
                    (RETURN, 0, 0, RETURN_ERROR | EPERM), (RETURN, 0, 0, RETURN_ALLOW)]
    install(program + [(RETURN, 0, 0, RETURN_ALLOW)])


def refuse_filters() -> None:
    """Has the kernel refuse filters of system calls to this process."""
    number = NUMBERS[platform.machine()]["seccomp"]
    install([(LOAD, 0, 0, 0), (EQUAL, 0, 1, number), (RETURN, 0, 0, RETURN_ERROR | EPERM),
             (RETURN, 0, 0, RETURN_ALLOW)])


def install(program: list[tuple[int, int, int, int]]) -> None:
    """Installs a filter in this process."""
    code = ctypes.create_string_buffer(b"".join(
        struct.pack("<HBBI", operation, yes, no, value) for operation, yes, no, value in program))
    rules = struct.pack("<HxxxxxxQ", len(program), ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() != 0:
        libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if libc.prctl(PR_SET_SECCOMP, MODE_FILTER, rules, 0, 0) != 0:
        sys.exit(f"no filter: errno {ctypes.get_errno()}")


if __name__ == "__main__":
    command = sys.argv[1:]
    if command[0] == "--filters":
        command.pop(0)
        refuse_filters()
    else:
        refuse_namespaces()
    os.execv(command[0], command)
