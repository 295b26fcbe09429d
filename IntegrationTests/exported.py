"""Exported heaps as somebody else would write them: docs/formats/export.md, in Python.

What is made here has every digest right: what is behind those is reached.
"""

from __future__ import annotations

import ctypes
import hashlib
import random
import struct

RECORD = 122
"""Where an envelope's record begins."""


class Exported:
    """A file with one version, and its plain snapshot."""

    def __init__(self, archive: bytes):
        (name_length,) = struct.unpack_from("<I", archive, 10)
        self._head = archive[:14 + name_length]
        place = 14 + name_length
        (count,) = struct.unpack_from("<I", archive, place)
        assert count == 1, f"{count} versions where one was expected"
        (length,) = struct.unpack_from("<Q", archive, place + 4)
        envelope = archive[place + 12:place + 12 + length]
        packing, header_length = struct.unpack_from("<HI", envelope, 10)
        self._prefix, self.record = envelope[:24], envelope[RECORD:header_length]
        (self.byte_count,) = struct.unpack_from("<Q", self.record, 36)
        self.snapshot = envelope[header_length:]
        if packing == 2:
            self.snapshot = _inflate(self.snapshot, self.byte_count)
        assert hashlib.sha256(self.snapshot).digest() == self.record[4:36]

    def altered(self, seed: int, byte_count: int) -> bytes:
        """The snapshot with bytes changed somewhere behind its header."""
        choose = random.Random(seed)
        content = bytearray(self.snapshot)
        if choose.random() < 0.5:
            # Some damage lies together, as an overwritten object's would.
            start = choose.randrange(80, len(content) - byte_count)
            places = range(start, start + byte_count)
        else:
            places = [choose.randrange(80, len(content)) for _ in range(byte_count)]
        for place in places:
            content[place] ^= choose.randrange(1, 256) if byte_count > 1 else 1 << seed % 8
        return bytes(content)

    def archive(self, snapshot: bytes) -> bytes:
        """A file with this snapshot in place of the other, which nothing shows."""
        record = (self.record[:4] + hashlib.sha256(snapshot).digest()
                  + struct.pack("<Q", len(snapshot)) + self.record[44:])
        version = hashlib.sha256(record).digest()
        header = bytearray(RECORD)
        header[:8] = self._prefix[:8]
        struct.pack_into("<HHIQ", header, 8, 2, 1, RECORD + len(record), len(snapshot))
        header[24:56] = version
        envelope = bytes(header) + record + snapshot
        body = self._head + struct.pack("<IQ", 1, len(envelope)) + envelope
        return body + hashlib.sha256(body).digest()


def _inflate(packed: bytes, byte_count: int) -> bytes:
    library = ctypes.CDLL("libzstd.so.1")
    library.ZSTD_decompress.restype = ctypes.c_size_t
    library.ZSTD_decompress.argtypes = [
        ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t]
    room = ctypes.create_string_buffer(byte_count)
    count = library.ZSTD_decompress(room, byte_count, packed, len(packed))
    assert count == byte_count, f"zstd gave {count} bytes of {byte_count}"
    return room.raw
