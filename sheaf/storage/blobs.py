"""Where results and uploads are kept: what every store of blobs can do."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

BLOCK_BYTES = 1024 * 1024


@dataclass(frozen=True)
class OpenBlob:
    """A blob that is there, to be read once."""

    size_bytes: int
    content: AsyncIterator[bytes]
    """In blocks, so that its size does not matter."""


class Blobs(Protocol):
    """Blobs by keys such as `results/bjb-…/1f/….json`.

    Writing a key again replaces the blob with equal content; that is how a retry leaves one. A
    blob is whole or absent. Every method may raise OSError when the store cannot be used.
    """

    async def put_many(self, blobs: Sequence[tuple[str, bytes]]) -> None:
        """Store blobs; when it returns, all of them will outlast a power loss."""
        ...

    async def put_stream(self, key: str, source: BinaryIO) -> tuple[int, str]:
        """Store what a stream holds, block by block; return its size and SHA-256.

        Nothing lies at the key until all of it does.
        """
        ...

    async def get(self, key: str, start: int = 0, size: int | None = None) -> bytes:
        """Return a blob, or a part of it; FileNotFoundError when there is none."""
        ...

    async def open(self, key: str) -> OpenBlob:
        """Open a blob for reading; FileNotFoundError when there is none."""
        ...

    def on_disk(self, key: str) -> AbstractAsyncContextManager[Path]:
        """Give a path with a blob's bytes, for as long as the context lasts.

        FileNotFoundError when there is none.
        """
        ...

    async def delete(self, key: str) -> None:
        """Remove a blob; nothing where there is none. Whoever has it open reads on."""
        ...

    async def delete_all(self, prefix: str) -> None:
        """Remove every blob whose key begins with a prefix, which ends in `/`."""
        ...

    async def ask(self) -> None:
        """Ask whether the store answers at all; OSError where it does not."""
        ...

    def uri(self, key: str) -> str:
        """Return the blob's location: `file://` or `s3://`."""
        ...
