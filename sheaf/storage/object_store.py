"""Buckets of S3, or of a server that speaks its protocol, by obstore.

Credentials, region and endpoint come from the environment alone (`AWS_ACCESS_KEY_ID`,
`AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_REGION`, `AWS_ENDPOINT_URL_S3` or
`AWS_ENDPOINT_URL`), or from the machine's role. They are in no setting, row or message.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import lru_cache

from obstore.exceptions import BaseError
from obstore.store import S3Store

from sheaf.rules.outside_faults import is_outside_fault

CONNECT_TIMEOUT = timedelta(seconds=5)
REQUEST_TIMEOUT = timedelta(seconds=60)
"""Of one request with its body: 8 MiB at 1.1 Mbit/s."""
RETRY_TIMEOUT = timedelta(seconds=120)
MAX_RETRIES = 8
"""With waits that double from 0.1 s to 10 s: half a minute of 503 SlowDown is sat out."""
DEFAULT_REGION = "us-east-1"
"""What servers other than Amazon's take where nothing is said."""


_NO_OBJECT = "sheaf-asks-whether-the-store-answers"


class ObjectStoreError(OSError):
    """The object store refused a request, or did not answer it in time."""


@lru_cache(maxsize=64)
def bucket(name: str, region: str | None = None) -> S3Store:
    """Return the client of a bucket; it makes no request.

    Args:
        name: of the bucket.
        region: goes before that of the environment.
    """
    where = region or region_of()
    endpoint = endpoint_of(where)
    return S3Store(
        name,
        region=where,
        endpoint=endpoint,
        client_options={
            "allow_http": endpoint.startswith("http://"),
            "connect_timeout": CONNECT_TIMEOUT,
            "timeout": REQUEST_TIMEOUT,
        },
        retry_config={
            "max_retries": MAX_RETRIES,
            "retry_timeout": RETRY_TIMEOUT,
            "backoff": {
                "init_backoff": timedelta(milliseconds=100),
                "max_backoff": timedelta(seconds=10),
                "base": 2,
            },
        },
    )


def region_of() -> str:
    """Return the region that the environment names."""
    named = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    return named or DEFAULT_REGION


def endpoint_of(region: str) -> str:
    """Return where the object store is; that of a region of Amazon's where none is named."""
    named = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    return named or f"https://s3.{region}.amazonaws.com"


async def ask(store: S3Store, prefix: str) -> None:
    """Ask for an object that is not there; that there is none, or may not be known, is an answer.

    Raises:
        ObjectStoreError: the store does not answer, or is at fault itself.
    """
    try:
        with faults():
            await store.head_async(f"{prefix}{_NO_OBJECT}")
    except OSError as error:
        if is_outside_fault(error):
            raise


@contextmanager
def faults() -> Iterator[None]:
    """Turn what obstore raises into `ObjectStoreError`; FileNotFoundError stays what it is."""
    try:
        yield
    except BaseError as error:
        # The first line; behind it stands a dump of the client's state.
        raise ObjectStoreError(
            f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
        ) from error
