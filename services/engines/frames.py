"""Length-prefixed frames between a parser process and its pool.

A frame is a 32-bit big-endian length and that many bytes of JSON. JSON and never pickle: what
comes back was made beside hostile input, and must not be able to run code in the parent.
"""

import struct
from typing import BinaryIO

HEADER = struct.Struct("!I")
"""The length in front of each frame."""

MAX_FRAME_BYTES = 256 * 1024 * 1024
"""Most that a parser process may send back for one file."""


def read_frame(stream: BinaryIO) -> bytes | None:
    """Return the next frame, or None when the other side is gone."""
    header = _read_exactly(stream, HEADER.size)
    if header is None:
        return None
    (length,) = HEADER.unpack(header)
    return _read_exactly(stream, length)


def write_frame(stream: BinaryIO, payload: bytes) -> None:
    """Write one frame and flush it."""
    stream.write(HEADER.pack(len(payload)))
    stream.write(payload)
    stream.flush()


def _read_exactly(stream: BinaryIO, length: int) -> bytes | None:
    parts = bytearray()
    while len(parts) < length:
        part = stream.read(length - len(parts))
        if not part:
            return None
        parts += part
    return bytes(parts)
