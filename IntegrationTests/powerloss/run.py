#!/usr/bin/env python3
"""Takes the power from a machine that stores heaps: powerloss/run.py BINARY [ROUNDS].

A virtual machine with a disk of its own imports heaps, each with the built program, and says on its
serial line which were acknowledged. It is killed at a random moment; what its kernel had not
written to the disk is gone. Started again, it must have every acknowledged heap, whole.

Takes about a minute for each round, without KVM. Needs, on Debian:
    apt-get install --no-install-recommends qemu-system-x86 busybox-static cpio e2fsprogs
The kernel is fetched with apt-get. Standard library only.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from raw_client import Server  # noqa: E402

HEAPS = 80
BOOT_SECONDS = 300
MODULES = (
    "virtio", "virtio_ring", "virtio_pci_legacy_dev", "virtio_pci_modern_dev", "virtio_pci",
    "virtio_blk", "crc16", "crc32c_generic", "libcrc32c", "mbcache", "jbd2", "ext4")
TOOLS = ("qemu-system-x86_64", "busybox", "cpio", "mkfs.ext4", "dpkg-deb", "apt-get")


def run(*command: object, **options) -> str:
    return subprocess.run(
        [*map(str, command)], check=True, capture_output=True, text=True, **options).stdout


def fetch_kernel(place: Path) -> Path:
    """Unpacks Debian's kernel for virtual machines; returns where."""
    depends = run("apt-cache", "depends", "linux-image-cloud-amd64")
    package = re.search(r"Depends: (linux-image-\S+)", depends)[1]
    run("apt-get", "download", package, cwd=place)
    [archive] = place.glob("linux-image-*.deb")
    run("dpkg-deb", "-x", archive, place / "kernel")
    return place / "kernel"


def make_exports(binary: Path, place: Path) -> None:
    """Exported heaps, each another version."""
    place.mkdir()
    with tempfile.TemporaryDirectory() as scratch:
        directory = Path(scratch) / "heaps"
        server = Server(binary, "--directory-path", directory)
        for number in range(HEAPS):
            server.run(f"globalThis.n = {number}", heap="h")
            run(binary, "heaps", "export", "h", place / f"h{number:03}", "--directory-path",
                directory)
        server.close()


def make_initrd(binary: Path, kernel: Path, place: Path) -> Path:
    """A system of nothing but the program, its libraries and a shell."""
    root = place / "root"
    for folder in ("bin", "lib", "lib64", "modules", "proc", "dev", "disk"):
        (root / folder).mkdir(parents=True)
    shutil.copy(shutil.which("busybox"), root / "bin/busybox")
    shutil.copy(binary, root / "bin/mcp-v8")
    for library in re.findall(r"(/\S+) \(0x", run("ldd", binary)):
        target = root / ("lib64" if "ld-linux" in library else "lib") / Path(library).name
        shutil.copy(library, target)
    for number, module in enumerate(MODULES):
        for found in kernel.rglob(f"{module}.ko"):
            shutil.copy(found, root / "modules" / f"{number:02}-{module}.ko")
    shutil.copy(HERE / "guest-init", root / "init")
    (root / "init").chmod(0o755)
    make_exports(binary, root / "exports")
    names = run("find", ".", cwd=root)
    image = place / "initrd"
    with open(image, "wb") as file:
        subprocess.run(
            ["cpio", "-o", "-H", "newc", "--quiet"], input=names.encode(), stdout=file, cwd=root,
            check=True)
    return image


def boot(kernel: Path, initrd: Path, disk: Path, job: str, life: float | None) -> list[str]:
    """Starts the machine and returns its lines; kills it so long after its first acknowledgment."""
    [image] = (kernel / "boot").glob("vmlinuz-*")
    machine = subprocess.Popen(
        ["qemu-system-x86_64", "-accel", "tcg", "-m", "1024", "-nographic", "-no-reboot",
         "-nic", "none", "-kernel", str(image), "-initrd", str(initrd), "-append",
         f"console=ttyS0 quiet job={job}", "-drive",
         f"file={disk},format=raw,if=virtio,cache=unsafe"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    lines: list[str] = []
    killed_at = time.monotonic() + BOOT_SECONDS
    os.set_blocking(machine.stdout.fileno(), False)
    rest = b""
    while machine.poll() is None and time.monotonic() < killed_at:
        time.sleep(0.01)
        *whole, rest = (rest + (machine.stdout.read() or b"")).split(b"\n")
        for line in whole:
            lines.append(line.decode(errors="replace").strip())
            if life is not None and "ACKNOWLEDGED" in lines[-1]:
                killed_at, life = time.monotonic() + life, None
    machine.kill()
    machine.wait()
    return lines


def field(lines: list[str], name: str) -> str:
    # The firmware leaves what is meant for a terminal before the first line.
    found = [line.partition(name + " ")[2] for line in lines if name + " " in line]
    assert found, f"no {name} in:\n" + "\n".join(lines[-30:])
    return found[0]


def main() -> None:
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if len(sys.argv) < 2 or missing:
        sys.exit(f"{__doc__}\nmissing: {missing}" if missing else __doc__)
    binary, rounds = Path(sys.argv[1]).resolve(), int(sys.argv[2]) if sys.argv[2:] else 3
    failures = 0
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        kernel = fetch_kernel(place)
        initrd, disk = make_initrd(binary, kernel, place), place / "disk"
        for number in range(1, rounds + 1):
            with open(disk, "wb") as file:
                file.truncate(512 << 20)
            run("mkfs.ext4", "-q", "-F", disk)
            written = boot(kernel, initrd, disk, "write", random.uniform(0.2, 30))
            acknowledged = {
                line.split("ACKNOWLEDGED ")[1] for line in written if "ACKNOWLEDGED " in line}
            left = boot(kernel, initrd, disk, "check", None)
            heaps = {heap["name"] for heap in json.loads(field(left, "LIST"))["heaps"]}
            check = json.loads(field(left, "FSCK"))
            lost = acknowledged - heaps
            failures += bool(lost or check["problems"])
            print(
                f"round {number}: {len(acknowledged)} acknowledged, {len(lost)} of them lost,"
                f" {len(heaps - acknowledged)} more there, {check['versions']} versions,"
                f" {len(check['problems'])} problems, {field(left, 'TMP')} files in tmp",
                flush=True)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
