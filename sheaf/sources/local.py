"""Folders as sources: listing them in a fixed order, and opening what they hold.

Keys are paths relative to the folder with `/` between the parts. A name that is not valid UTF-8 is
kept reversibly: its key starts with `%/` and is percent-encoded, so that it fits any database.
"""

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote_from_bytes, unquote_to_bytes, urlsplit

from sheaf.contracts.failures import DocumentError, FailureKind
from sheaf.ledger.records import SourceFile
from sheaf.rules.outside_faults import is_outside_fault
from sheaf.sources.sorted_entries import Entry, sorted_entries
from sheaf.sources.unreadable import unreadable

_RAW = "%/"


def source_uri(path: Path) -> str:
    """Return the `file://` URI that names a folder or a single file as a source."""
    return path.resolve().as_uri()


def source_name(path: Path) -> str:
    """Return the name under which people know a source, as valid text."""
    return os.fsencode(path.resolve().name).decode(errors="backslashreplace") or "/"


def source_path(uri: str) -> Path:
    """Return the path of a `file://` URI; ValueError for any other scheme."""
    parts = urlsplit(uri)
    if parts.scheme != "file":
        raise ValueError(f"source_uri: {parts.scheme}:// is not supported; use file:///path")
    return Path(os.fsdecode(unquote_to_bytes(parts.path)))


def walk(
    root: Path, after: str | None = None, moved: Callable[[], None] = lambda: None
) -> Iterator[SourceFile]:
    """List every file under a folder, or the one file that `root` is, in a fixed order.

    Entries of a folder come sorted by name, files before sub-folders' contents only as the names
    fall. Symbolic links to folders are not followed; everything that is no folder is listed, also
    what cannot be read, so that it ends with a reason. So is a sub-folder that may not be listed:
    it stands for what lies in it.

    Args:
        root: folder or file.
        after: resume behind this key, which an earlier walk has returned.
        moved: called for each entry that was read or looked at.

    Raises:
        OSError: the root itself cannot be listed, or a sub-folder cannot be now, which passes.
    """
    if not root.is_dir():
        yield _source_file(root.name, root.stat())
        return
    behind = tuple(source_parts(after)) if after else ()
    yield from _walk(os.fsencode(root), behind, moved)


def resolve(top: Path, key: str) -> Path:
    """Return the path of a listed file, after checking that it may be read.

    Args:
        top: the source's folder, or the one file that it is, without links (`Path.resolve`).
        key: of the file.

    Raises:
        DocumentError: `SourceChanged` when it is gone, `Refused` when it is no regular file, may
            not be read or a link leads out of the source, `Unavailable` when that may pass.
    """
    path = top if top.is_file() else top / _decode(key)
    try:
        real = path.resolve(strict=True)
        mode = real.stat().st_mode
    except OSError as error:
        raise unreadable(error) from error
    except (RuntimeError, ValueError) as error:
        # Before Python 3.13, a loop of links is a RuntimeError. What holds a null byte is no path.
        raise DocumentError(FailureKind.REFUSED, f"the path leads nowhere: {error}") from error
    if not real.is_relative_to(top):
        raise DocumentError(FailureKind.REFUSED, "a symbolic link leads out of the source folder")
    if stat.S_ISDIR(mode):
        raise _unlistable(real)
    if not stat.S_ISREG(mode):
        raise DocumentError(FailureKind.REFUSED, "not a regular file")
    return real


@dataclass
class _Folder:
    """A folder on the way, and what is left of its entries."""

    entries: Iterator[Entry]
    parts: tuple[bytes, ...]
    behind: tuple[bytes, ...]
    """Parts, from here on, of the key to resume behind; empty where all is to be listed."""


def _walk(
    root: bytes, behind: tuple[bytes, ...], moved: Callable[[], None]
) -> Iterator[SourceFile]:
    # No recursion: a tree may be deeper than Python's stack.
    way = [_Folder(sorted_entries(root, moved), (), behind)]
    while way:
        moved()
        folder = way[-1]
        entry = next(folder.entries, None)
        if entry is None:
            way.pop()
        elif not folder.behind or entry.name >= folder.behind[0]:
            is_on_path = bool(folder.behind) and entry.name == folder.behind[0]
            left = folder.behind[1:] if is_on_path else ()
            is_told = is_on_path and not left
            parts = (*folder.parts, entry.name)
            if not _is_folder(entry):
                yield from () if is_told else _listed(entry, parts)
            elif inner := _entries_within(entry, moved):
                way.append(_Folder(inner, parts, left))
            elif not is_told:
                yield from _listed(entry, parts)


def _entries_within(entry: Entry, moved: Callable[[], None]) -> Iterator[Entry] | None:
    """Return the entries of a sub-folder; None where it may not be listed, or is gone.

    Raises:
        OSError: it cannot be listed now, which passes.
    """
    try:
        return sorted_entries(entry.path, moved)
    except OSError as error:
        if is_outside_fault(error):
            raise
        return None


def _is_folder(entry: Entry) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError as error:
        if is_outside_fault(error):
            raise
        return False


def _listed(entry: Entry, parts: tuple[bytes, ...]) -> Iterator[SourceFile]:
    """Yield an entry that is no folder to be entered; nothing if it is gone, or a link to one."""
    key = _encode(b"/".join(parts))
    try:
        status = _status(entry)
    except FileNotFoundError:
        return
    except OSError as error:
        if is_outside_fault(error):
            raise
        # Its folder may be listed and not entered, or its path is too long: opening it says so.
        yield SourceFile(unique_id=key, size_bytes=0, mtime_ns=0)
        return
    if entry.is_symlink() and stat.S_ISDIR(status.st_mode):
        return
    size = 0 if stat.S_ISDIR(status.st_mode) else status.st_size
    yield SourceFile(unique_id=key, size_bytes=size, mtime_ns=status.st_mtime_ns)


def _status(entry: Entry) -> os.stat_result:
    try:
        return entry.stat(follow_symlinks=True)
    except OSError:
        return entry.stat(follow_symlinks=False)


def _unlistable(folder: Path) -> DocumentError:
    """Return why a folder was listed in place of what lies in it."""
    try:
        with os.scandir(folder):
            message = (
                "a folder that could not be listed can be now: its files are of the next batch"
            )
            return DocumentError(FailureKind.SOURCE_CHANGED, message)
    except OSError as error:
        said = unreadable(error)
        return DocumentError(said.kind, f"a folder, of which no file was listed: {said.message}")


def _source_file(key: str, status: os.stat_result) -> SourceFile:
    return SourceFile(unique_id=key, size_bytes=status.st_size, mtime_ns=status.st_mtime_ns)


def _encode(path: bytes) -> str:
    try:
        key = path.decode()
    except UnicodeDecodeError:
        return _RAW + quote_from_bytes(path)
    return _RAW + quote_from_bytes(path) if "\0" in key or key.startswith(_RAW) else key


def _decode(key: str) -> str:
    if key.startswith(_RAW):
        return os.fsdecode(unquote_to_bytes(key.removeprefix(_RAW)))
    return key


def source_parts(key: str) -> list[bytes]:
    """Return the names of the folders on the way to a listed file, and its own."""
    return os.fsencode(_decode(key)).split(b"/")
