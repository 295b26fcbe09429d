#!/usr/bin/env python3
"""Control groups of version 2, delegated to a user: powerloss/groups.py BINARY.

A virtual machine with Debian's own kernel starts the built server as a plain user in a group that
is that user's, and lets a script take more memory than all workers may have. Takes some minutes
without KVM, and needs what run.py needs.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent))
from programs import engine, library  # noqa: E402
from raw_client import modern_meta  # noqa: E402
from run import TOOLS, fetch_kernel, run  # noqa: E402

BOOT_SECONDS = 540
HOG = "globalThis.kept = []; for (let i = 0; i < 60; i++) kept.push(new Uint8Array(1e7).fill(i)); 1"
CALLS = [("globalThis.n = 7; n", "bystander"), (HOG, "hog"), ("n", "bystander"), ("6 * 7", None)]


def call(number: int, code: str, heap: str | None) -> str:
    arguments = {"code": code} | ({"heap": heap} if heap else {})
    return json.dumps({
        "jsonrpc": "2.0", "id": number, "method": "tools/call",
        "params": {"name": "run_js", "arguments": arguments, "_meta": modern_meta()}})


def make_initrd(binary: Path, place: Path) -> Path:
    root = place / "root"
    for folder in ("bin", "lib", "lib64", "proc", "dev", "sys", "tmp", "etc"):
        (root / folder).mkdir(parents=True)
    worker = library(binary)
    programs = [binary, worker, engine(worker)]
    for program in (Path(shutil.which("busybox")), *programs):
        shutil.copy(program, root / "bin" / program.name)
    run("strip", root / "bin" / binary.name)
    for program in programs:
        for library in re.findall(r"(/\S+) \(0x", run("ldd", program)):
            target = root / ("lib64" if "ld-linux" in library else "lib") / Path(library).name
            shutil.copy(library, target)
            # The worker has no environment, and looks where it was built.
            built = root / Path(library).relative_to("/")
            built.parent.mkdir(parents=True, exist_ok=True)
            # Two programs may want one library; the link leads nowhere but in there.
            if not os.path.lexists(built):
                built.symlink_to("/" + str(target.relative_to(root)))
    (root / "etc/passwd").write_text("root::0:0::/:/bin/sh\nuser::1000:1000::/:/bin/sh\n")
    (root / "etc/group").write_text("root:x:0:\nuser:x:1000:\n")
    lines = [call(number, *one) for number, one in enumerate(CALLS)]
    (root / "calls").write_text("\n".join(lines) + "\n")
    shutil.copy(HERE / "guest-groups", root / "init")
    (root / "init").chmod(0o755)
    image = place / "initrd"
    with open(image, "wb") as file:
        subprocess.run(
            ["cpio", "-o", "-H", "newc", "--quiet"], input=run("find", ".", cwd=root).encode(),
            stdout=file, cwd=root, check=True)
    return image


def boot(kernel: Path, initrd: Path) -> list[str]:
    [image] = (kernel / "boot").glob("vmlinuz-*")
    machine = subprocess.Popen(
        ["nice", "qemu-system-x86_64", "-accel", "tcg", "-cpu", "max", "-m", "3072", "-nographic",
         "-no-reboot", "-nic", "none", "-kernel", str(image), "-initrd", str(initrd), "-append",
         "console=ttyS0 quiet no_timer_check cgroup_no_v1=all"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        output, _ = machine.communicate(timeout=BOOT_SECONDS)
    except subprocess.TimeoutExpired:
        machine.kill()
        output, _ = machine.communicate()
    return [line.strip() for line in output.decode(errors="replace").split("\n")]


def main() -> None:
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if len(sys.argv) != 2 or missing:
        sys.exit(f"{__doc__}\nmissing: {missing}" if missing else __doc__)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        lines = boot(fetch_kernel(place), make_initrd(Path(sys.argv[1]).resolve(), place))
    answers = {}
    for line in lines:
        if line.startswith("ANSWER {"):
            answer = json.loads(line.removeprefix("ANSWER "))
            answers[answer.get("id")] = answer.get("result", {}).get("structuredContent", {})
        elif re.match("DOCTOR|GROUP|LOG|LEFT", line):
            print(line)
    print(f"answers after {time.monotonic() - began:.0f} s: {json.dumps(answers)[:2000]}")
    assert any("DOCTOR" in line and "by a control group" in line for line in lines), lines[-40:]
    assert any(line.startswith("GROUP 314572800 ") for line in lines), "no group was bounded"
    assert answers[0]["result"] == 7 and answers[2]["result"] == 7 and answers[3]["result"] == 42
    assert answers[1]["error"]["kind"] == "worker_lost", answers[1]
    assert "LEFT 0" in lines, "a group is left"


if __name__ == "__main__":
    main()
