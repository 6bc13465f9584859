"""Blobs in a bucket of S3.

One request stores an object whole, and the store answers when it is durable; so there is nothing
to sync. A request that timed out may have been carried out: sent again, it stores the same bytes.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO

from sheaf.rules.parameters.s3_locations import S3Location
from sheaf.runtime.together import together
from sheaf.storage.blobs import BLOCK_BYTES, OpenBlob
from sheaf.storage.downloads import downloaded
from sheaf.storage.object_store import ask, bucket, faults
from sheaf.storage.scratch import on_scratch

AT_ONCE = 16
"""Objects that one call stores at once."""
LISTED_AT_ONCE = 1000
"""Objects that one request lists, and one deletes."""
PART_BYTES = 8 * 1024**2
PARTS_AT_ONCE = 2
"""A stream goes up in parts, of which so many are in memory."""


class S3Blobs:
    """Blobs under one prefix of a bucket; see `sheaf.storage.blobs`."""

    def __init__(self, location: S3Location, region: str | None = None) -> None:
        self._location = location
        self._store = bucket(location.bucket, region)

    async def put_many(self, blobs: Sequence[tuple[str, bytes]]) -> None:
        """Store blobs; when it returns, all of them are durable."""
        free = asyncio.Semaphore(AT_ONCE)

        async def put(key: str, content: bytes) -> None:
            async with free:
                with faults():
                    await self._store.put_async(self._key(key), content)

        await together(put(key, content) for key, content in blobs)

    async def put_stream(self, key: str, source: BinaryIO) -> tuple[int, str]:
        """Store what a stream holds in parts; return its size and SHA-256."""
        digest = hashlib.sha256()
        size = 0

        async def blocks() -> AsyncIterator[bytes]:
            nonlocal size
            while block := await on_scratch(lambda: source.read(BLOCK_BYTES)):
                digest.update(block)
                size += len(block)
                yield block

        with faults():
            await self._store.put_async(
                self._key(key), blocks(), chunk_size=PART_BYTES, max_concurrency=PARTS_AT_ONCE
            )
        return size, digest.hexdigest()

    async def get(self, key: str, start: int = 0, size: int | None = None) -> bytes:
        """Return a blob, or a part of it; FileNotFoundError when there is none."""
        with faults():
            if size is not None:
                part = self._store.get_range_async(self._key(key), start=start, length=size)
                return bytes(await part)
            answer = await self._store.get_async(self._key(key))
            return bytes(await answer.bytes_async())

    async def open(self, key: str) -> OpenBlob:
        """Open a blob for reading; FileNotFoundError when there is none."""
        with faults():
            answer = await self._store.get_async(self._key(key))

        async def content() -> AsyncIterator[bytes]:
            with faults():
                async for block in answer.stream(min_chunk_size=BLOCK_BYTES):
                    yield bytes(block)

        return OpenBlob(answer.meta["size"], content())

    @asynccontextmanager
    async def on_disk(self, key: str) -> AsyncIterator[Path]:
        """Give a temporary copy; FileNotFoundError when there is no such blob."""
        async with downloaded(await self.open(key)) as path:
            yield path

    async def delete(self, key: str) -> None:
        """Remove a blob; nothing where there is none."""
        with faults():
            await self._store.delete_async(self._key(key))

    async def delete_all(self, prefix: str) -> None:
        """Remove every blob whose key begins with a prefix, which ends in `/`."""
        with faults():
            async for page in self._store.list(self._key(prefix), chunk_size=LISTED_AT_ONCE):
                await self._store.delete_async([meta["path"] for meta in page])

    async def ask(self) -> None:
        """Ask whether the bucket answers; ObjectStoreError where it does not."""
        await ask(self._store, self._location.key(""))

    def uri(self, key: str) -> str:
        """Return the blob's location as an `s3://` URI."""
        return self._location.uri(key)

    def _key(self, key: str) -> str:
        return self._location.key(key)
