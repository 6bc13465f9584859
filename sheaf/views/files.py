"""Files with parts of results, as a process that may be anyone's has left them."""

import os
import stat
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from io import FileIO
from pathlib import Path

from sheaf.contracts.views import Part, View
from sheaf.rules.outside_faults import is_outside_fault
from sheaf.storage.scratch import on_scratch

BLOCK_BYTES = 1024 * 1024
SMALL_BYTES = 64 * 1024


class RefusedError(Exception):
    """Why a result cannot be written."""


@dataclass(frozen=True)
class PartFile:
    """A part of a result: what it holds where that is little, else an open file with it."""

    content: FileIO | bytes
    size_bytes: int

    async def blocks(self) -> AsyncIterator[bytes]:
        """Yield what is in it.

        Raises:
            OutageError: the disk does not answer.
        """
        content = self.content
        if isinstance(content, bytes):
            yield content
            return
        for start in range(0, self.size_bytes, BLOCK_BYTES):
            size = min(BLOCK_BYTES, self.size_bytes - start)
            yield await on_scratch(partial(os.pread, content.fileno(), size, start))


@dataclass
class Written:
    """The parts of a result that were asked for, and what was told of it."""

    view: View
    files: dict[Part, PartFile] = field(default_factory=dict)

    async def close(self) -> None:
        """Close all files. Idempotent."""
        # In a thread: they are deleted by that, and long ones take their time.
        if any(isinstance(file.content, FileIO) for file in self.files.values()):
            await on_scratch(self.close_now)

    def close_now(self) -> None:
        """Close all files, and wait for the disk."""
        for file in self.files.values():
            if isinstance(file.content, FileIO):
                file.content.close()


def opened(view: View, folder: Path, parts: Sequence[Part], most_bytes: int) -> Written:
    """Open the parts that a process says it has written into a folder.

    Raises:
        RefusedError: it has not, or more than it was allowed.
    """
    written = Written(view)
    try:
        for part in parts:
            if part not in view.refused:
                written.files[part] = _part_file(folder / part)
        _check_size(written, most_bytes)
    except BaseException:
        written.close_now()
        raise
    return written


def _check_size(written: Written, most_bytes: int) -> None:
    if sum(file.size_bytes for file in written.files.values()) > most_bytes:
        raise RefusedError(f"it is over {most_bytes} bytes")


def _part_file(path: Path) -> PartFile:
    # The process has read what strangers wrote: a link of its making must not lead anywhere.
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        if is_outside_fault(error):
            raise
        raise RefusedError(f"a part was not written: {error.strerror}") from error
    file = FileIO(descriptor)
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        file.close()
        raise RefusedError("a part was not written")
    if found.st_size > SMALL_BYTES:
        return PartFile(file, found.st_size)
    with file:
        content = os.pread(descriptor, found.st_size, 0)
    return PartFile(content, len(content))
