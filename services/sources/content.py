"""The bytes of files that are about to be read: their hash, and a stamp by which a change shows."""

import hashlib
import threading
from dataclasses import dataclass
from pathlib import Path

from models.failures import DocumentError, FailureKind
from services.file_calls import Step
from services.sources.unreadable import unreadable

_BLOCK_BYTES = 256 * 1024


class _Buffers(threading.local):
    """Read into by all files of a thread: a new one for each costs as much as hashing it."""

    def __init__(self) -> None:
        self.block = memoryview(bytearray(_BLOCK_BYTES))


_BUFFERS = _Buffers()


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


def read_content(path: Path, step: Step) -> Content:
    """Hash a file.

    Args:
        path: of the file.
        step: is told of each block.

    Raises:
        OSError: it cannot be read.
        DocumentError: it cannot be looked at.
    """
    step.at(str(path))
    stamp = _stamp(path)
    return Content(path, stamp, _sha256(path, step))


def _sha256(path: Path, step: Step) -> str:
    digest = hashlib.sha256()
    block = _BUFFERS.block
    with path.open("rb", buffering=0) as file:
        while size := file.readinto(block):
            step.moved()
            digest.update(block[:size])
    return digest.hexdigest()


def _stamp(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError as error:
        raise unreadable(error) from error
    return status.st_size, status.st_mtime_ns
