"""Temporary copies of objects, for what needs a path."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from services.object_store import ObjectStoreError
from services.scratch import own_folder
from services.storage.blobs import OpenBlob

PREFIX = "sheaf-download-"


class TruncatedError(ObjectStoreError):
    """An object broke off before its end."""


@asynccontextmanager
async def downloaded(blob: OpenBlob) -> AsyncIterator[Path]:
    """Give the path of a temporary file with all of an object's bytes.

    Raises:
        TruncatedError: it broke off, so that nobody takes a part for the whole.
    """
    with tempfile.NamedTemporaryFile(prefix=PREFIX, dir=own_folder()) as file:
        size = 0
        async for block in blob.content:
            await asyncio.to_thread(file.write, block)
            size += len(block)
        if size != blob.size_bytes:
            raise TruncatedError(f"the object broke off at {size} of {blob.size_bytes} bytes")
        await asyncio.to_thread(file.flush)
        yield Path(file.name)
