"""Prefixes of S3 as sources: listing them in the order of their keys, and reading objects.

Keys are relative to the prefix. A key with an empty, `.` or `..` part cannot be read by any
client that takes keys for paths; a prefix that holds one cannot be listed past it.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from obstore.exceptions import BaseError, InvalidPathError, PreconditionError

from models.failures import DocumentError, FailureKind
from rules.outside_faults import is_outside_fault
from rules.s3_locations import S3Location
from services.ledger.records import SourceFile
from services.object_store import bucket, faults
from services.storage.blobs import BLOCK_BYTES, OpenBlob
from services.storage.downloads import TruncatedError, downloaded

PAGE_KEYS = 1000
"""As many as one request of S3 lists."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


async def objects(location: S3Location, after: str | None) -> AsyncIterator[SourceFile]:
    """List the objects under a prefix in the order of their keys' bytes.

    Objects that only mark a folder are left out.

    Args:
        location: the prefix.
        after: resume behind this key, which an earlier listing has returned.

    Raises:
        ObjectStoreError: the prefix cannot be listed, or not past some key.
    """
    store = bucket(location.bucket)
    offset = None if after is None else location.key(after)
    with faults():
        try:
            async for page in store.list(location.prefix, offset=offset, chunk_size=PAGE_KEYS):
                for meta in page:
                    if meta["size"] or await _is_object(store, meta["path"]):
                        yield _source_file(location, meta)
        except InvalidPathError as error:
            raise OSError(
                "an object's key has an empty, '.' or '..' part, or a control character, and "
                "cannot be listed: rename it, or name a prefix that does not hold it "
                f"({str(error).partition(chr(10))[0][:200]})"
            ) from error


@asynccontextmanager
async def object_on_disk(location: S3Location, key: str, etag: str | None) -> AsyncIterator[Path]:
    """Give a temporary copy of a listed object, for as long as the context lasts.

    Raises:
        DocumentError: SourceChanged when it is gone or another than was listed, Refused when it
            may not be read, Unavailable when the store did not answer.
    """
    blob = await _opened(location, key, etag)
    try:
        async with downloaded(blob) as path:
            yield path
    except TruncatedError as error:
        raise DocumentError(FailureKind.UNAVAILABLE, str(error)) from error


async def _opened(location: S3Location, key: str, etag: str | None) -> OpenBlob:
    store = bucket(location.bucket)
    try:
        answer = await store.get_async(
            location.key(key), options={} if etag is None else {"if_match": etag}
        )
    except FileNotFoundError as error:
        raise DocumentError(FailureKind.SOURCE_CHANGED, "the object is gone") from error
    except PreconditionError as error:
        message = "the object changed after it was listed"
        raise DocumentError(FailureKind.SOURCE_CHANGED, message) from error
    except ValueError as error:  # of a key that was listed by a source of another kind
        raise DocumentError(FailureKind.REFUSED, "the key is no path") from error
    except (BaseError, OSError) as error:
        if is_outside_fault(error):
            raise _unavailable(error) from error
        raise DocumentError(FailureKind.REFUSED, "the object may not be read") from error

    async def content() -> AsyncIterator[bytes]:
        try:
            async for block in answer.stream(min_chunk_size=BLOCK_BYTES):
                yield bytes(block)
        except BaseError as error:
            raise _unavailable(error) from error

    return OpenBlob(answer.meta["size"], content())


def _unavailable(error: Exception) -> DocumentError:
    cause = str(error).partition("\n")[0][:300]
    return DocumentError(FailureKind.UNAVAILABLE, f"the object store did not answer: {cause}")


async def _is_object(store: Any, path: str) -> bool:
    """Whether an empty object is a file: the listing shows `a/`, the mark of a folder, as `a`."""
    try:
        await store.head_async(path)
    except FileNotFoundError:
        return False
    return True


def _source_file(location: S3Location, meta: Any) -> SourceFile:
    return SourceFile(
        unique_id=meta["path"].removeprefix(location.prefix),
        size_bytes=meta["size"],
        mtime_ns=int((meta["last_modified"] - _EPOCH).total_seconds()) * 1_000_000_000,
        etag=meta["e_tag"],
    )
