"""Folders as sources: listing them in a fixed order, and opening what they hold.

Keys are paths relative to the folder with `/` between the parts. A name that is not valid UTF-8 is
kept reversibly: its key starts with `%/` and is percent-encoded, so that it fits any database.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote_from_bytes, unquote, unquote_to_bytes, urlsplit

from models.failures import DocumentError, FailureKind
from rules.outside_faults import is_outside_fault
from services.ledger.records import SourceFile
from services.sources.unreadable import unreadable

_RAW = "%/"


def source_uri(path: Path) -> str:
    """Return the `file://` URI that names a folder or a single file as a source."""
    return path.resolve().as_uri()


def source_name(path: Path) -> str:
    """Return the name under which people know a source."""
    return path.resolve().name or "/"


def source_path(uri: str) -> Path:
    """Return the path of a `file://` URI; ValueError for any other scheme."""
    parts = urlsplit(uri)
    if parts.scheme != "file":
        raise ValueError(f"source_uri: {parts.scheme}:// is not supported; use file:///path")
    return Path(unquote(parts.path))


def walk(root: Path, after: str | None = None) -> Iterator[SourceFile]:
    """List every file under a folder, or the one file that `root` is, in a fixed order.

    Entries of a folder come sorted by name, files before sub-folders' contents only as the names
    fall. Symbolic links to folders are not followed; everything that is no folder is listed, also
    what cannot be read, so that it ends with a reason.

    Args:
        root: folder or file.
        after: resume behind this key, which an earlier walk has returned.

    Raises:
        OSError: the root itself cannot be listed, or a sub-folder cannot be now. A sub-folder
            that is gone, or may not be listed, is left out.
    """
    if not root.is_dir():
        yield _source_file(root.name, root.stat())
        return
    behind = tuple(source_parts(after)) if after else ()
    yield from _walk(os.fsencode(root), (), behind, is_root=True)


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
    if not real.is_relative_to(top):
        raise DocumentError(FailureKind.REFUSED, "a symbolic link leads out of the source folder")
    if not stat.S_ISREG(mode):
        raise DocumentError(FailureKind.REFUSED, "not a regular file")
    return real


def _walk(
    folder: bytes, prefix: tuple[bytes, ...], behind: tuple[bytes, ...], *, is_root: bool = False
) -> Iterator[SourceFile]:
    try:
        with os.scandir(folder) as entries:
            listed = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        if is_root or is_outside_fault(error):
            raise
        return
    for entry in listed:
        if behind and entry.name < behind[0]:
            continue
        on_path = bool(behind) and entry.name == behind[0]
        parts = (*prefix, entry.name)
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(entry.path, parts, behind[1:] if on_path else ())
        elif not (on_path and len(behind) == 1):
            yield from _listed(entry, parts)


def _listed(entry: "os.DirEntry[bytes]", parts: tuple[bytes, ...]) -> Iterator[SourceFile]:
    try:
        status = entry.stat(follow_symlinks=True)
    except OSError:
        try:
            status = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            return
    if not (entry.is_symlink() and stat.S_ISDIR(status.st_mode)):
        yield _source_file(_encode(b"/".join(parts)), status)


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
