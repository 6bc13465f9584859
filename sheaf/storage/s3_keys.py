"""S3 by keys as they are, by botocore: for listings, and for what no path names.

obstore takes keys for paths. It refuses a page of a listing for one key with an empty, `.` or `..`
part, and loses a `/` at either end of others; no such key can be read by it. For all else it is
used: it waits without a thread.
"""

import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from importlib import import_module
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from sheaf.runtime.file_calls import FILE_CALLS
from sheaf.storage.blobs import BLOCK_BYTES, OpenBlob
from sheaf.storage.object_store import ObjectStoreError, endpoint_of, region_of

Value = TypeVar("Value")

PAGE_KEYS = 1000
"""As many as one request of S3 lists."""
CONNECT_SECONDS = 5
READ_SECONDS = 20
"""Without a byte. Three attempts end within the time after which a source is taken to be away."""
ATTEMPTS = 3
"""Whoever lists comes again, behind the last page, where they do not suffice."""


@dataclass(frozen=True)
class ListedObject:
    """An object as a listing shows it."""

    key: str
    size_bytes: int
    modified_at: datetime
    etag: str | None


async def list_page(
    bucket: str, prefix: str, after: str, token: str | None
) -> tuple[list[ListedObject], str | None]:
    """List a page of objects, in the order of their keys' bytes.

    Args:
        bucket: its name.
        prefix: the keys begin with.
        after: the key behind which to begin; empty for the first of all.
        token: goes before it; what the page before has returned.

    Returns:
        The page, and the token of the next one; None for the last.

    Raises:
        ObjectStoreError: the bucket may not be listed, is not there, or does not answer.
    """

    def page() -> Any:
        asked = {"StartAfter": after} if after else {}
        if token:
            asked = {"ContinuationToken": token}
        return _client().list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=PAGE_KEYS, **asked)

    answer = await _called(bucket, page)
    found = [
        ListedObject(one["Key"], one["Size"], one["LastModified"], one.get("ETag"))
        for one in answer.get("Contents", ())
    ]
    return found, answer.get("NextContinuationToken")


async def open_object(bucket: str, key: str, etag: str | None) -> OpenBlob:
    """Open an object, if it still is the one with this ETag.

    Raises:
        FileNotFoundError: it is gone.
        ObjectChangedError: it is another.
        ObjectStoreError: it may not be read, or the store does not answer.
    """
    asked = {} if etag is None else {"IfMatch": etag}
    answer = await _called(bucket, lambda: _client().get_object(Bucket=bucket, Key=key, **asked))
    body = answer["Body"]

    async def content() -> AsyncIterator[bytes]:
        try:
            while block := await _called(bucket, lambda: body.read(BLOCK_BYTES)):
                yield block
        finally:
            body.close()

    return OpenBlob(answer["ContentLength"], content())


class ObjectChangedError(ObjectStoreError):
    """An object is not the one that was asked for."""


async def _called(bucket: str, call: Callable[[], Value]) -> Value:
    with _faults():
        return await FILE_CALLS.run(f"s3://{bucket}", lambda _: call())


@contextmanager
def _faults() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        if error.response["Error"]["Code"] == "NoSuchKey":
            raise FileNotFoundError(str(error)) from error
        kind = ObjectChangedError if status in {409, 412} else ObjectStoreError
        raise kind(str(error).partition("\n")[0]) from error
    except BotoCoreError as error:
        raise ObjectStoreError(f"{type(error).__name__}: {error}".partition("\n")[0]) from error


def _client() -> Any:
    region = region_of()
    return _client_of(region, endpoint_of(region))


@lru_cache(maxsize=4)
def _client_of(region: str, endpoint: str) -> Any:
    # Loaded when first needed: it takes 30 MiB, and most deployments have no source in S3.
    session = import_module("botocore.session").Session(
        session_vars={
            # As obstore, it takes keys of access from the environment or the machine's role.
            "profile": (None, [], None, None),
            "config_file": (None, None, os.devnull, None),
            "credentials_file": (None, None, os.devnull, None),
        }
    )
    config = import_module("botocore.config").Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
        response_checksum_validation="when_required",
        s3={"addressing_style": "path"},
        max_pool_connections=16,
    )
    return session.create_client("s3", region_name=region, endpoint_url=endpoint, config=config)
