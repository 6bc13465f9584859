"""The bytes of files that are about to be read: their hash, and a stamp by which a change shows."""

import hashlib
import os
import threading
from dataclasses import dataclass
from pathlib import Path

from sheaf.contracts.failures import DocumentError, FailureKind
from sheaf.runtime.file_calls import Step
from sheaf.sources.mounts import is_on_disk
from sheaf.sources.unreadable import unreadable

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
    is_on_disk: bool = False
    """Whether it is known to lie on a disk of this machine."""

    def check(self) -> None:
        """Check that the file still is what was hashed.

        Raises:
            DocumentError: SourceChanged.
        """
        if _stamp(_status(self.path)) != self.stamp:
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
    status = _status(path)
    sha256 = _sha256(path, step)
    return Content(path, _stamp(status), sha256, is_on_disk(status.st_dev))


def _sha256(path: Path, step: Step) -> str:
    digest = hashlib.sha256()
    block = _BUFFERS.block
    with path.open("rb", buffering=0) as file:
        while size := file.readinto(block):
            step.moved()
            digest.update(block[:size])
    return digest.hexdigest()


def _status(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except OSError as error:
        raise unreadable(error) from error


def _stamp(status: os.stat_result) -> tuple[int, int]:
    return status.st_size, status.st_mtime_ns
