"""The bytes of files that are about to be read: their hash, and a stamp by which a change shows."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from models.failures import DocumentError, FailureKind
from services.sources.unreadable import failure_of_item, unreadable

_BLOCK_BYTES = 256 * 1024
"""Read at a time, into one buffer for all files: a new one for each costs as much as hashing it."""


@dataclass(frozen=True)
class Content:
    """What a file held when it was hashed."""

    path: Path
    stamp: tuple[int, int]
    """Size in bytes and time of the last change in nanoseconds."""
    sha256: str

    def check(self) -> None:
        """Check that the file still is what was hashed.

        Raises:
            DocumentError: SourceChanged.
        """
        if _stamp(self.path) != self.stamp:
            raise DocumentError(FailureKind.SOURCE_CHANGED, "the file changed while it was read")


def read_contents(paths: Sequence[Path | DocumentError]) -> list[Content | DocumentError]:
    """Hash files, in order; what failed already, or fails now, stands as its error."""
    buffer = memoryview(bytearray(_BLOCK_BYTES))
    return [path if isinstance(path, DocumentError) else _content(path, buffer) for path in paths]


def _content(path: Path, buffer: memoryview) -> Content | DocumentError:
    try:
        stamp = _stamp(path)
        return Content(path, stamp, _sha256(path, buffer))
    except Exception as error:  # noqa: BLE001 - of this file alone
        return failure_of_item(error)


def _sha256(path: Path, buffer: memoryview) -> str:
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        while size := file.readinto(buffer):
            digest.update(buffer[:size])
    return digest.hexdigest()


def _stamp(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError as error:
        raise unreadable(error) from error
    return status.st_size, status.st_mtime_ns
