"""Prefixes of S3 as sources: listing them in the order of their keys, and reading objects.

Whatever its key is, an object is listed, and read as far as the store gives it. Keys are relative
to the prefix.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from obstore.exceptions import BaseError, PreconditionError

from sheaf.contracts.failures import DocumentError, FailureKind
from sheaf.ledger.records import SourceFile
from sheaf.rules.outside_faults import is_outside_fault
from sheaf.rules.parameters.s3_locations import S3Location, is_path, key_of, name_of
from sheaf.storage.blobs import BLOCK_BYTES, OpenBlob
from sheaf.storage.downloads import TruncatedError, downloaded
from sheaf.storage.object_store import bucket
from sheaf.storage.s3_keys import ListedObject, ObjectChangedError, list_page, open_object

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


async def objects(location: S3Location, after: str | None) -> AsyncIterator[SourceFile]:
    """List the objects under a prefix in the order of their keys' bytes.

    Objects that only mark a folder are left out.

    Args:
        location: the prefix.
        after: resume behind this key, which an earlier listing has returned.

    Raises:
        ObjectStoreError: the prefix cannot be listed.
    """
    behind = "" if after is None else key_of(after, location)
    token, is_first = None, True
    while token or is_first:
        is_first = False
        page, token = await list_page(location.bucket, location.prefix, behind, token)
        for one in page:
            if one.size_bytes or not one.key.endswith("/"):
                yield _source_file(location, one)


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


async def _opened(location: S3Location, name: str, etag: str | None) -> OpenBlob:
    key = key_of(name, location)
    try:
        if not is_path(key):
            return await open_object(location.bucket, key, etag)
        answer = await bucket(location.bucket).get_async(
            key, options={} if etag is None else {"if_match": etag}
        )
    except FileNotFoundError as error:
        raise DocumentError(FailureKind.SOURCE_CHANGED, "the object is gone") from error
    except (PreconditionError, ObjectChangedError) as error:
        message = "the object changed after it was listed"
        raise DocumentError(FailureKind.SOURCE_CHANGED, message) from error
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


def _source_file(location: S3Location, listed: ListedObject) -> SourceFile:
    return SourceFile(
        unique_id=name_of(listed.key, location),
        size_bytes=listed.size_bytes,
        mtime_ns=int((listed.modified_at - _EPOCH).total_seconds()) * 1_000_000_000,
        etag=listed.etag,
    )
