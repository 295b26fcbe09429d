"""Speaks to a template worker without a server: what a confined worker does, seen from outside."""

from __future__ import annotations

import array
import os
import socket
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

from programs import worker_command

LAYERS = (
    "unprivilegedUser", "noCapabilities", "noNewPrivileges", "notDumpable", "resourceLimits",
    "systemCallFilter", "proof", "userNamespace", "networkNamespace", "otherNamespaces",
    "emptyRoot", "processNamespace", "landlock", "noExecutableMemory", "outOfMemoryFirst")
STATELESS, NEW_HEAP, SNAPSHOT, LIVE = range(4)
# Kinds of frames.
EVALUATE, INSPECT, SAVE_NOW, TAKEN = range(1, 5)
CONSOLE, EVALUATED, SNAPSHOT_REPORT, SAVED = 16, 18, 19, 21
DIAGNOSTICS_BYTES = 4096
EXCHANGE_BYTES = 2 * 512 << 20


class WorkerEnded(Exception):
    """The worker is gone; what it said at last."""


@dataclass
class Evaluated:
    """How a script ended, and the size of the snapshot that followed, if one did."""

    kind: str
    text: str
    snapshot: int | None


class Template:
    """A template worker, of this library; `prefix` is a command that starts it in other
    circumstances."""

    def __init__(self, library: Path, *arguments: str, prefix: tuple[str, ...] = ()):
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        number = theirs.fileno()
        self.process = subprocess.Popen(
            [*prefix, *worker_command(library), *arguments], close_fds=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd="/",
            env={"TZ": "UTC", "LC_ALL": "C", "SWIFT_BACKTRACE": "enable=no"},
            preexec_fn=lambda: os.dup2(number, 3, inheritable=True))
        theirs.close()
        self.control.settimeout(60)
        self.layers: dict[str, str | int] = {}
        self.complaint = ""
        self.is_ready = self._await_ready()
        self.endings: dict[int, tuple[str, int]] = {}
        self._count = 0

    def _await_ready(self) -> bool:
        while message := self.control.recv(512):
            if message[0] == 0:
                return True
            if message[0] == 4:
                self._read_layers(message)
        _, complaint = self.process.communicate(timeout=60)
        self.complaint = complaint.decode()
        return False

    def _read_layers(self, message: bytes) -> None:
        position = 2
        for _ in range(message[1]):
            layer, state = message[position], message[position + 1]
            position += 2
            if state == 2:
                self.layers[LAYERS[layer]] = struct.unpack_from("<i", message, position)[0]
                position += 4
            else:
                self.layers[LAYERS[layer]] = ("on", "not needed")[state]

    def start(self) -> Worker:
        self._count += 1
        ours, theirs = socket.socketpair()
        memory = [_memory_file(EXCHANGE_BYTES), _memory_file(DIAGNOSTICS_BYTES)]
        descriptors = array.array("i", [theirs.fileno(), *memory])
        self.control.sendmsg(
            [b"\x01" + struct.pack("<I", self._count)],
            [(socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptors)])
        theirs.close()
        return Worker(self, self._count, ours, *memory)

    def kill(self, number: int) -> None:
        self.control.send(b"\x02" + struct.pack("<I", number))

    def ending(self, number: int) -> tuple[str, int]:
        """How a worker ended: `("exited", code)` or `("signalled", number)`."""
        while number not in self.endings:
            message = self.control.recv(512)
            if message and message[0] == 5:
                continue
            assert message and message[0] == 3, message
            worker, how, value = struct.unpack_from("<IBi", message, 1)
            self.endings[worker] = (("exited", "signalled")[how], value)
        return self.endings[number]

    def close(self) -> None:
        self.control.close()
        if self.process.stderr:
            self.process.stderr.close()
        self.process.wait(timeout=60)


class Worker:
    """One worker; frames go in and come out."""

    def __init__(self, template: Template, number: int, channel: socket.socket,
                 exchange: int, diagnostics: int):
        self.template, self.number, self.channel = template, number, channel
        self.exchange, self.diagnostics = exchange, diagnostics

    def evaluate(self, code: str, state: int = STATELESS, snapshot: int = 0, save: bool = False,
                 timeout_ms: int = 2000, seconds: float = 60) -> Evaluated:
        self.begin(code, state, snapshot, save, timeout_ms, seconds)
        return self.finish(save)

    def begin(self, code: str, state: int = STATELESS, snapshot: int = 0, save: bool = False,
              timeout_ms: int = 2000, seconds: float = 60, saving_delay_ms: int = 0) -> None:
        """Asks for a run; `finish` takes its answer, where the state is not kept for later."""
        text = code.encode("utf-8", "surrogatepass")
        payload = bytes([state]) + (struct.pack("<Q", snapshot) if state == SNAPSHOT else b"")
        payload += struct.pack(
            "<BIIII", 1 if save else 0, 1, saving_delay_ms, timeout_ms, 65536)
        payload += struct.pack("<I", len(text)) + text
        self.channel.settimeout(seconds)
        self.say(EVALUATE, payload)

    def say(self, kind: int, payload: bytes) -> None:
        try:
            self.channel.sendall(struct.pack("<IB", len(payload) + 1, kind) + payload)
        except BrokenPipeError as gone:
            raise WorkerEnded(self.last_words()) from gone

    def expect(self, kind: int) -> None:
        """Takes the next frame, which has to be of this kind."""
        found, _ = self._frame()
        assert found == kind

    def finish(self, save: bool = False) -> Evaluated:
        kind, body = self._frame()
        while kind != EVALUATED:
            kind, body = self._frame()
        outcome = ("value", "exception", "timeout", "out_of_memory", "unsettled")[body[0]]
        text = _first_text(body) if outcome == "value" else ""
        size = None
        if save and outcome == "value":
            _, answer = self._frame()
            size = struct.unpack_from("<Q", answer, 1)[0] if answer[0] == 0 else None
        return Evaluated(outcome, text, size)

    def last_words(self) -> str:
        words = os.pread(self.diagnostics, DIAGNOSTICS_BYTES, 0)
        return words.rstrip(b"\0").decode("utf-8", "replace")

    def close(self) -> None:
        self.channel.close()
        for descriptor in (self.exchange, self.diagnostics):
            os.close(descriptor)

    def _frame(self) -> tuple[int, bytes]:
        size, kind = struct.unpack("<IB", self._read(5))
        return kind, self._read(size - 1)

    def _read(self, count: int) -> bytes:
        parts = b""
        while len(parts) < count:
            try:
                part = self.channel.recv(count - len(parts))
            except ConnectionResetError:
                part = b""
            if not part:
                raise WorkerEnded(self.last_words())
            parts += part
        return parts


def _memory_file(size: int) -> int:
    number = os.memfd_create("test", os.MFD_ALLOW_SEALING | os.MFD_CLOEXEC)
    os.ftruncate(number, size)
    return number


def _first_text(body: bytes) -> str:
    """The text of a value: behind its JSON, if it has any."""
    position = 2
    if body[1]:
        position += 4 + struct.unpack_from("<I", body, position)[0]
    size = struct.unpack_from("<I", body, position)[0]
    return body[position + 4:position + 4 + size].decode("utf-8", "replace")
