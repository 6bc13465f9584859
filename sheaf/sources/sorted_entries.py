"""The entries of a folder by name, in bounded memory however many there are."""

import itertools
import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Protocol

ENTRIES_IN_MEMORY = 10_000
"""A folder with more is sorted on the disk: a million entries would take half a gigabyte."""


class Entry(Protocol):
    """What of `os.DirEntry` a listing needs."""

    @property
    def name(self) -> bytes:
        """The last part of the path."""
        ...

    @property
    def path(self) -> bytes:
        """The whole path."""
        ...

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        """Whether it is a folder."""
        ...

    def is_symlink(self) -> bool:
        """Whether it is a symbolic link."""
        ...

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        """Return its status."""
        ...


@dataclass(frozen=True)
class SpilledEntry:
    """An entry that was on the disk meanwhile: its name, and its type as far as it was known."""

    folder: bytes
    name: bytes
    type: int | None
    """As of `stat.S_IFMT` for a folder or a link; 0 for the rest, None where it is unknown."""

    @property
    def path(self) -> bytes:
        """The whole path."""
        return os.path.join(self.folder, self.name)  # noqa: PTH118 - bytes

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        """Whether it is a folder."""
        if follow_symlinks and self.is_symlink():
            return stat.S_ISDIR(self.stat().st_mode)
        return self._type() == stat.S_IFDIR

    def is_symlink(self) -> bool:
        """Whether it is a symbolic link."""
        return self._type() == stat.S_IFLNK

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        """Return its status."""
        return os.stat(self.path, follow_symlinks=follow_symlinks)  # noqa: PTH116 - bytes

    def _type(self) -> int:
        if self.type is None:
            return stat.S_IFMT(self.stat(follow_symlinks=False).st_mode)
        return self.type


def sorted_entries(folder: bytes, moved: Callable[[], None] = lambda: None) -> Iterator[Entry]:
    """Return a folder's entries in the order of their names' bytes.

    The folder is read whole before this returns; many entries are then kept in a file without a
    name, which is gone with the iterator, or with the process.

    Args:
        folder: path of the folder.
        moved: called for each entry that was read.

    Raises:
        OSError: the folder cannot be listed.
        sqlite3.OperationalError: there is no room for the file.
    """
    with os.scandir(folder) as found:
        entries = _told(found, moved)
        first = list(itertools.islice(entries, ENTRIES_IN_MEMORY + 1))
        if len(first) <= ENTRIES_IN_MEMORY:
            return iter(sorted(first, key=lambda entry: entry.name))
        # Listings go on in whichever thread is free.
        spilled = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        try:
            spilled.execute("CREATE TABLE entries (name BLOB, type INTEGER)")
            spilled.execute("BEGIN")
            rows = itertools.chain(first, entries)
            spilled.executemany("INSERT INTO entries VALUES (?, ?)", map(_row, rows))
        except BaseException:
            spilled.close()
            raise
    return _merged(folder, spilled)


def _told(
    entries: "Iterator[os.DirEntry[bytes]]", moved: Callable[[], None]
) -> "Iterator[os.DirEntry[bytes]]":
    for entry in entries:
        moved()
        yield entry


def _merged(folder: bytes, spilled: sqlite3.Connection) -> Iterator[Entry]:
    with closing(spilled):
        for name, kind in spilled.execute("SELECT name, type FROM entries ORDER BY name"):
            yield SpilledEntry(folder, name, kind)


def _row(entry: "os.DirEntry[bytes]") -> tuple[bytes, int | None]:
    try:
        if entry.is_symlink():
            return entry.name, stat.S_IFLNK
        return entry.name, stat.S_IFDIR if entry.is_dir(follow_symlinks=False) else 0
    except OSError:
        return entry.name, None
