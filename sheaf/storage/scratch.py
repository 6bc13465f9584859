"""Folders for temporary files, which do not outlive a process that was killed.

Each pool of parsers, and each process for its own, holds a lock on its folder for as long as its
process lives. Whoever makes a new one deletes the folders that nobody holds. A lock and not a
process id: ids are used again, and mean another process where containers share a folder.
"""

import atexit
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from sheaf.contracts.failures import OutageError
from sheaf.rules.outside_faults import reason
from sheaf.runtime.file_calls import FILE_CALLS, StalledError

Value = TypeVar("Value")

PREFIX = "sheaf-parsers-"
LOCK_NAME = ".lock"


class Scratch:
    """A locked folder under the system's folder for temporary files."""

    def __init__(self) -> None:
        sweep()
        self.folder, self._lock = _locked_folder()

    def subfolder(self) -> Path:
        """Make a folder of its own for one process."""
        return Path(tempfile.mkdtemp(dir=self.folder))

    def delete(self) -> None:
        """Delete the folder and give up the lock. Idempotent."""
        if self._lock >= 0:
            shutil.rmtree(self.folder, ignore_errors=True)
            os.close(self._lock)
            self._lock = -1


@lru_cache(maxsize=1)
def own_folder() -> Path:
    """Return this process's folder for files that no pool holds, such as downloads.

    It is deleted when the process ends, and by the next process when this one is killed.
    """
    scratch = Scratch()
    atexit.register(scratch.delete)
    return scratch.folder


async def on_scratch(work: Callable[[], Value]) -> Value:
    """Return what `work` does to files of this process's folder, or to others like them.

    Raises:
        OutageError: the disk does not answer.
    """
    try:
        return await FILE_CALLS.run(str(own_folder()), lambda _: work())
    except StalledError as error:
        raise OutageError("the folder for temporary files", reason(error)) from error


def sweep() -> None:
    """Delete what pools left behind that died without closing."""
    for lock in Path(tempfile.gettempdir()).glob(f"{PREFIX}*/{LOCK_NAME}"):
        try:
            descriptor = os.open(lock, os.O_RDWR | os.O_NOFOLLOW)
        except OSError:
            continue  # another user's, or deleted by another pool just now
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(lock.parent, ignore_errors=True)
        except BlockingIOError:
            pass
        finally:
            os.close(descriptor)


def _locked_folder() -> tuple[Path, int]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        lock = folder / LOCK_NAME
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        # Between the two calls above, a sweep may have taken the folder for an orphan.
        if lock.exists():
            return folder, descriptor
        os.close(descriptor)
