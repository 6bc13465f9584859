"""Frames as they come from a parser process, read in as few calls as there can be.

asyncio's own reader wakes the loop for every answer, which costs more than a small file does.
Here the reader of a pipe may let answers gather for a moment, and takes them all at once.
"""

import asyncio
import contextlib
import fcntl
import os

from sheaf.parser_pool.frames import HEADER, MAX_FRAME_BYTES

READ_BYTES = 1024 * 1024
PIPE_BYTES = 1024 * 1024
"""Room for answers that gather, so that the process does not wait; Linux grants it."""


class FrameTooLargeError(Exception):
    """The process announced an answer over the limit."""


class ForeignFrameError(Exception):
    """The next bytes are no answer to the request whose answer comes next."""


class FrameReader:
    """The frames of one pipe.

    Args:
        descriptor: the end to read from; it is closed with the reader.
        most_bytes: the longest frame that is waited for.
    """

    def __init__(self, descriptor: int, most_bytes: int = MAX_FRAME_BYTES) -> None:
        self._descriptor = descriptor
        self.most_bytes = most_bytes
        self._buffer = bytearray()
        self._at = 0
        os.set_blocking(descriptor, False)
        with contextlib.suppress(OSError, AttributeError):
            fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, PIPE_BYTES)

    async def frame(self, nonce: bytes, pause_seconds: float = 0.0) -> bytes:
        """Return the payload of the next frame.

        Args:
            nonce: what the frame must bear.
            pause_seconds: how long to let frames gather where none is here yet.

        Raises:
            EOFError: the other side closed the pipe before the frame was whole.
            ForeignFrameError: it bears another nonce; told before its payload is waited for.
            FrameTooLargeError: the frame is over `most_bytes`.
        """
        while (frame := self.whole(nonce)) is None:
            if pause_seconds:
                await asyncio.sleep(pause_seconds)
                pause_seconds = 0.0
            try:
                part = os.read(self._descriptor, READ_BYTES)
            except BlockingIOError:
                await self._readable()
                continue
            if not part:
                raise EOFError
            self._buffer += part
        return frame

    def close(self) -> None:
        """Close the pipe. Idempotent."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def is_empty(self) -> bool:
        """Whether nothing lies in the pipe, or was read, that no one has taken; False at its end.

        Reads what there is: whoever asks has no more use for it.
        """
        if len(self._buffer) > self._at:
            return False
        try:
            self._buffer += os.read(self._descriptor, READ_BYTES)
        except BlockingIOError:
            return True
        return False

    def whole(self, nonce: bytes) -> bytes | None:
        """Take the payload of the next frame out of what was read, if all of it is there.

        Raises:
            ForeignFrameError: it bears another nonce than `nonce`.
            FrameTooLargeError: the frame is over `most_bytes`.
        """
        start = self._at + HEADER.size
        if len(self._buffer) < start:
            self._shift()
            return None
        found, length = HEADER.unpack_from(self._buffer, self._at)
        if found != nonce:
            raise ForeignFrameError
        if length > self.most_bytes:
            raise FrameTooLargeError
        if len(self._buffer) < start + length:
            self._shift()
            return None
        self._at = start + length
        return bytes(memoryview(self._buffer)[start : self._at])

    def _shift(self) -> None:
        if self._at:
            del self._buffer[: self._at]
            self._at = 0

    async def _readable(self) -> None:
        loop = asyncio.get_running_loop()
        ready = loop.create_future()

        def wake() -> None:
            if not ready.done():
                ready.set_result(None)

        loop.add_reader(self._descriptor, wake)
        try:
            await ready
        finally:
            loop.remove_reader(self._descriptor)
