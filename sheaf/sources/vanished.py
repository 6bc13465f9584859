"""Which files of a folder are gone, of those that a listing did not show.

A listing leaves out what is gone, and also what lies under a folder that may not be listed. Only
the former may be marked as deleted: the rest is there, as far as anyone knows.
"""

import os
import stat
from collections.abc import Callable, Sequence
from enum import Enum
from pathlib import Path

from sheaf.contracts.failures import FailureKind
from sheaf.rules.outside_faults import kind_of_errno
from sheaf.sources.local import source_parts


class _Folder(Enum):
    GONE = "gone"
    LISTED = "listed"
    UNKNOWN = "unknown"


def vanished(
    root: Path, keys: Sequence[str], moved: Callable[[], None] = lambda: None
) -> list[str]:
    """Return those keys of files of which it is certain that a source has them no more.

    Args:
        root: the source's folder, or the one file that it is.
        keys: of files that its listing did not show.
        moved: called before each of them.
    """
    folders: dict[tuple[bytes, ...], _Folder] = {}
    top = os.fsencode(root)
    gone = []
    for key in keys:
        moved()
        if _is_gone(top, tuple(source_parts(key)), folders):
            gone.append(key)
    return gone


def _is_gone(
    top: bytes, parts: tuple[bytes, ...], folders: dict[tuple[bytes, ...], _Folder]
) -> bool:
    folder = _look(top, parts[:-1], folders)
    if folder is _Folder.LISTED:
        path = _joined(top, parts)
        try:
            os.lstat(path)
        except OSError as error:
            return _is_absence(error)
        # A folder in its place, or a link to one, is none of it: listings show no such.
        return Path(os.fsdecode(path)).is_dir()
    return folder is _Folder.GONE


def _look(
    top: bytes, parts: tuple[bytes, ...], folders: dict[tuple[bytes, ...], _Folder]
) -> _Folder:
    """Return what is known of a folder, and of those above it; each is looked at once."""
    if parts not in folders:
        above = _look(top, parts[:-1], folders) if parts else _Folder.LISTED
        folders[parts] = _listed(_joined(top, parts), parts) if above is _Folder.LISTED else above
    return folders[parts]


def _listed(path: bytes, parts: tuple[bytes, ...]) -> _Folder:
    try:
        # A link to a folder is not followed below the top, so what lies there is not the source's.
        status = os.stat(path, follow_symlinks=not parts)  # noqa: PTH116 - bytes
        if not stat.S_ISDIR(status.st_mode):
            return _Folder.GONE
        with os.scandir(path):
            return _Folder.LISTED
    except OSError as error:
        # That the top itself is absent says more of a mount than of its files.
        return _Folder.GONE if parts and _is_absence(error) else _Folder.UNKNOWN


def _joined(top: bytes, parts: tuple[bytes, ...]) -> bytes:
    return b"/".join((top, *parts))


def _is_absence(error: OSError) -> bool:
    return kind_of_errno(error.errno) is FailureKind.SOURCE_CHANGED
