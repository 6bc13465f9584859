"""Length-prefixed frames between a parser process and its pool.

A frame is a nonce of 16 bytes, a 32-bit big-endian length and that many bytes of JSON. An answer
bears the nonce of its request: what a library or the code of a document writes into the pipe then
belongs to no request, wherever in the stream it lies. JSON and never pickle: what comes back was
made beside hostile input, and must not be able to run code in the parent.
"""

import os
import struct
from typing import BinaryIO

HEADER = struct.Struct("!16sI")
"""The nonce and the length in front of each frame."""

NO_REQUEST = bytes(16)
"""The nonce of the frame by which a process says that it is ready."""

READY = b"{}"

MAX_FRAME_BYTES = 256 * 1024 * 1024
"""Most that a parser process may send back for one file."""


def new_nonce() -> bytes:
    """Return what no one can guess, to tell one request from all others."""
    return os.urandom(16)


def read_frame(stream: BinaryIO) -> tuple[bytes, bytes] | None:
    """Return the nonce and the payload of the next frame; None when the other side is gone."""
    header = _read_exactly(stream, HEADER.size)
    if header is None:
        return None
    nonce, length = HEADER.unpack(header)
    payload = _read_exactly(stream, length)
    return None if payload is None else (nonce, payload)


def write_frame(stream: BinaryIO, nonce: bytes, payload: bytes) -> None:
    """Write one frame and flush it."""
    stream.write(HEADER.pack(nonce, len(payload)))
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
