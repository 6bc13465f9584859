"""A worker without one of its tricks: `python -m bench.ablated_worker`.

SHEAF_BENCH_WITHOUT names what is taken away; nothing is, where it is empty. Product code has no
such switch: what is taken away is replaced here, by what one would write first.
"""

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

import worker
import workflows.children
from sheaf.ledger import bulk
from sheaf.parser_pool import pipeline, process
from sheaf.parser_pool.frame_reader import ForeignFrameError, FrameTooLargeError
from sheaf.parser_pool.frames import HEADER, MAX_FRAME_BYTES

STREAM_BYTES = 1024 * 1024


class StreamFrameReader:
    """Frames of one pipe by asyncio's own reader, which wakes the loop for whatever comes.

    See `sheaf.parser_pool.frame_reader.FrameReader`.
    """

    def __init__(self, descriptor: int, most_bytes: int = MAX_FRAME_BYTES) -> None:
        self._pipe = os.fdopen(descriptor, "rb", buffering=0)
        self.most_bytes = most_bytes
        self._stream = asyncio.StreamReader(limit=STREAM_BYTES)
        self._transport: asyncio.ReadTransport | None = None

    async def frame(self, nonce: bytes, pause_seconds: float = 0.0) -> bytes:
        """Return the payload of the next frame."""
        if self._transport is None:
            self._transport, _ = await asyncio.get_running_loop().connect_read_pipe(
                lambda: asyncio.StreamReaderProtocol(self._stream), self._pipe
            )
        if pause_seconds and not self._waiting:
            await asyncio.sleep(pause_seconds)
        found, length = HEADER.unpack(await self._stream.readexactly(HEADER.size))
        if found != nonce:
            raise ForeignFrameError
        if length > self.most_bytes:
            raise FrameTooLargeError
        return await self._stream.readexactly(length)

    def whole(self, nonce: bytes) -> bytes | None:
        """Return nothing: a stream cannot say what lies in it."""
        del nonce

    def is_empty(self) -> bool:
        """Whether nothing lies in the stream; what is in the pipe still is not seen."""
        return not self._waiting and not self._stream.at_eof()

    def close(self) -> None:
        """Close the pipe. Idempotent."""
        if self._transport is not None:
            self._transport.close()
        self._pipe.close()

    @property
    def _waiting(self) -> int:
        return len(self._stream._buffer)  # type: ignore[attr-defined]


async def execute_by_sqlalchemy(
    self: bulk.Bulk, connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Run a statement for many rows as SQLAlchemy does; see `sheaf.ledger.bulk.Bulk.execute`."""
    if not rows:
        return
    key = self._key
    ordered = sorted(rows, key=lambda row: [row[name] for name in key]) if key else rows
    statement: sa.Insert | sa.Update = self._statement
    await connection.execute(statement, [dict(row) for row in ordered])


def _without_pipelining() -> None:
    vars(pipeline)["MOST_AHEAD"] = 0


def _without_half_refill() -> None:
    def is_refill_due(_: pipeline.RequestPipeline, room: int) -> bool:
        return room > 0

    setattr(pipeline.RequestPipeline, "_is_refill_due", is_refill_due)  # noqa: B010


def _without_gathering() -> None:
    vars(pipeline)["GATHER_SECONDS"] = 0.0


def _without_pipe_reader() -> None:
    vars(process)["FrameReader"] = StreamFrameReader


def _without_bulk() -> None:
    setattr(bulk.Bulk, "execute", execute_by_sqlalchemy)  # noqa: B010


def _without_coalesced_pages() -> None:
    vars(workflows.children)["pages_together"] = lambda *_: 1


WITHOUT: dict[str, Callable[[], None]] = {
    "requests sent ahead": _without_pipelining,
    "half refill": _without_half_refill,
    "20 ms gathering": _without_gathering,
    "own pipe reader": _without_pipe_reader,
    "bulk statements": _without_bulk,
    "coalesced pages": _without_coalesced_pages,
}
"""What a worker can be without, by the names of the table."""


def main() -> None:
    """Take one thing away, and run."""
    if name := os.environ.get("SHEAF_BENCH_WITHOUT"):
        WITHOUT[name]()
    worker.main()


if __name__ == "__main__":
    main()
