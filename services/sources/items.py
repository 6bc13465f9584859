"""Where the bytes of a claimed item lie."""

from pathlib import Path

from models.failures import DocumentError, FailureKind
from services.ledger.records import ClaimedItem
from services.sources.local import resolve, source_path
from services.storage.local import LocalBlobs
from services.uploads import upload_key


def item_path(item: ClaimedItem, blobs: LocalBlobs) -> Path:
    """Return the path of an item's file, after checking that it may be read.

    Raises:
        DocumentError: it is gone or changed, or may not be read; see `services.sources.local`.
    """
    if item.upload_id:
        path = blobs.path(upload_key(item.upload_id))
        if not path.is_file():
            raise DocumentError(FailureKind.SOURCE_CHANGED, "the uploaded file was deleted")
        return path
    if item.source_uri is None:
        raise DocumentError(FailureKind.SOURCE_CHANGED, "the file has neither source nor upload")
    return resolve(source_path(item.source_uri), item.unique_id)
