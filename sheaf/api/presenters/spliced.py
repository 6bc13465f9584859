"""Answers that have parts of results in them, which are sent as a process wrote them."""

from collections.abc import AsyncIterator, Mapping, Sequence

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sheaf.contracts.views import Part
from sheaf.views.files import SMALL_BYTES, PartFile, Written
from sheaf.views.views import UnwritableError


class SplicedResponse(Response):
    """Bytes of ours, and parts of a result between them.

    Args:
        written: what the parts are of; it is closed once they are sent.
        pieces: in their order.
        media_type: of the whole.
        headers: more of them.
    """

    def __init__(
        self,
        written: Written,
        pieces: Sequence[bytes | PartFile],
        media_type: str,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        sizes = [one.size_bytes if isinstance(one, PartFile) else len(one) for one in pieces]
        length = {"Content-Length": str(sum(sizes))}
        super().__init__(None, headers={**(headers or {}), **length}, media_type=media_type)
        self._written = written
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        del scope, receive
        head = {"status": self.status_code, "headers": self.raw_headers}
        try:
            await send({"type": "http.response.start", **head})
            async for block in _blocks(self._pieces):
                await send({"type": "http.response.body", "body": block, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            await self._written.close()


def part_response(
    written: Written, part: Part, media_type: str, headers: Mapping[str, str] | None = None
) -> SplicedResponse:
    """Return an answer that is nothing but one part of a result.

    Raises:
        UnwritableError: there can never be one.
    """
    if part in written.view.refused:
        why = written.view.refused[part]
        raise UnwritableError(f"The result cannot be written as {part}: {why}.")
    return SplicedResponse(written, [written.files[part]], media_type, headers)


async def _blocks(pieces: Sequence[bytes | PartFile]) -> AsyncIterator[bytes]:
    """Yield what pieces hold, small ones together."""
    held = b""
    for piece in pieces:
        if isinstance(piece, bytes):
            held += piece
            continue
        async for block in piece.blocks():
            held += block
            if len(held) > SMALL_BYTES:
                yield held
                held = b""
    yield held
