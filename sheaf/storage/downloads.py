"""Temporary copies of objects, for what needs a path."""

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from tempfile import NamedTemporaryFile

from sheaf.contracts.failures import OutageError
from sheaf.rules.outside_faults import reason
from sheaf.storage.blobs import OpenBlob
from sheaf.storage.object_store import ObjectStoreError
from sheaf.storage.scratch import on_scratch, own_folder

PREFIX = "sheaf-download-"


class TruncatedError(ObjectStoreError):
    """An object broke off before its end."""


@asynccontextmanager
async def downloaded(blob: OpenBlob) -> AsyncIterator[Path]:
    """Give the path of a temporary file with all of an object's bytes.

    Raises:
        TruncatedError: it broke off, so that nobody takes a part for the whole.
        OutageError: there is no room for it, which is no fault of the object.
    """
    with ExitStack() as stack:
        with _scratch():
            file = stack.enter_context(NamedTemporaryFile(prefix=PREFIX, dir=own_folder()))
        size = 0
        async for block in blob.content:
            with _scratch():
                await on_scratch(partial(file.write, block))
            size += len(block)
        if size != blob.size_bytes:
            raise TruncatedError(f"the object broke off at {size} of {blob.size_bytes} bytes")
        with _scratch():
            await on_scratch(file.flush)
        yield Path(file.name)


@contextmanager
def _scratch() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutageError("the folder for temporary files", reason(error)) from error
