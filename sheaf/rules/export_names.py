"""Where an item's files go in a folder of exported results: one place for each key.

A key is a path, as a source or an upload names it, and may be anything: too long for a file system,
with `..`, or with the name of another's result. Its place is made of the key alone, so that it is
the same at each export: parts stay as they are wherever they can, and get a hash of the key where
they cannot. No part is longer than file systems allow, none leads out of the folder, and no place
is a folder on the way to another one.
"""

import hashlib
import re
import unicodedata
from dataclasses import dataclass

MARKDOWN = ".md"
IMAGES = ".images"
MAX_PART_BYTES = 255

_ROOM_BYTES = MAX_PART_BYTES - max(len(MARKDOWN), len(IMAGES))
_HASH_CHARACTERS = 16
_MARK = "~"
_IS_MARKED = re.compile(rf"{_MARK}[0-9a-f]{{{_HASH_CHARACTERS}}}\Z")
_NO_PARTS = frozenset({"", ".", ".."})
_UNSEEN = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Categories of characters that a terminal may obey, or that no file system takes."""


@dataclass(frozen=True)
class Place:
    """Where the files of one item go, relative to the folder, `/` between parts."""

    markdown: str
    images: str
    """A folder."""


def place_of(key: str, below: str = "", *, is_marked: bool = False) -> Place:
    """Return the place of an item; two keys never share one.

    Args:
        key: of the item.
        below: what comes before its parts, such as `files/`.
        is_marked: its name gets a hash in any case, for file systems to which two names are one.
    """
    given = key.split("/")
    *folders, name = [part for part in given if part not in _NO_PARTS] or [""]
    parts = [_folder(part, folders[: depth + 1]) for depth, part in enumerate(folders)]
    is_whole = len(given) == len(folders) + 1 and name != "" and not is_marked
    leaf = _kept(name) if is_whole else None
    parts.append(leaf or _marked(name, key))
    stem = below + "/".join(parts)
    return Place(stem + MARKDOWN, stem + IMAGES)


def part_of(name: str) -> str:
    """Return a name as one part of a path, in the same way."""
    kept = None if "/" in name or name in _NO_PARTS else _kept(name)
    return kept or _marked(name.replace("/", "_"), name)


def folded(place: str) -> str:
    """Return what two places share that are one to a file system without regard to case."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", place).casefold())


def _folder(part: str, way: list[str]) -> str:
    # What ends as results do might be one.
    is_like_a_result = part.casefold().endswith((MARKDOWN, IMAGES))
    return (None if is_like_a_result else _kept(part)) or _marked(part, "/".join(way) + "/")


def _kept(part: str) -> str | None:
    """Return a part that may stay as it is; None for any other."""
    is_plain = _plain(part) == part and not _IS_MARKED.search(part)
    return part if is_plain and len(part.encode()) <= _ROOM_BYTES else None


def _marked(part: str, key: str) -> str:
    digest = hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()[:_HASH_CHARACTERS]
    room = _ROOM_BYTES - len(_MARK) - _HASH_CHARACTERS
    # What was cut in the middle of a character loses it.
    kept = _plain(part).encode()[:room].decode(errors="ignore")
    return f"{kept or 'unnamed'}{_MARK}{digest}"


def _plain(part: str) -> str:
    return "".join("_" if unicodedata.category(one) in _UNSEEN else one for one in part)
