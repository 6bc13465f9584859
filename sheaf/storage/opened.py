"""The store of blobs that a deployment's settings name."""

from pathlib import Path

from sheaf.rules.parameters.s3_locations import parse_location
from sheaf.storage.blobs import Blobs
from sheaf.storage.local import LocalBlobs
from sheaf.storage.s3 import S3Blobs


def open_blobs(storage_url: str | None, home: Path) -> Blobs:
    """Return the store at a URL, or in the home where there is none; nothing is opened yet."""
    if storage_url is None:
        return LocalBlobs(home / "blobs")
    return S3Blobs(parse_location(storage_url))
