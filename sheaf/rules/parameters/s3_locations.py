"""Places in S3 as operators and callers write them, and who may use which."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import quote, unquote

EVERYONE = "*"
"""Stands for all projects in an operator's list."""

_URI = re.compile(r"s3://([^/]*)(?:/(.*))?", re.DOTALL)
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_ENCODED = "%/"
_FORM = "Write it as s3://bucket/prefix/"


class S3Location(NamedTuple):
    """A bucket and a prefix of keys in it."""

    bucket: str
    prefix: str
    """Empty, or ends in `/`: a prefix never means the beginning of a name."""

    def key(self, name: str) -> str:
        """Return the key of a name under the prefix."""
        return f"{self.prefix}{name}"

    def uri(self, name: str = "") -> str:
        """Return the prefix, or a key under it, as an `s3://` URI."""
        return f"s3://{self.bucket}/{self.prefix}{name}"


def parse_location(uri: str) -> S3Location:
    """Return the place that a URI names.

    Raises:
        ValueError: it is no `s3://bucket/prefix/`. The message says how to write one, and does not
            repeat what may be a password.
    """
    match = _URI.fullmatch(uri)
    if match is None:
        raise ValueError(f"not a place in S3. {_FORM}")
    if not _BUCKET.fullmatch(match[1]):
        raise ValueError(
            "not a place in S3: the name of a bucket has 3 to 63 characters of a-z, 0-9, '.' and "
            f"'-'. {_FORM}"
        )
    parts = match[2].removesuffix("/").split("/") if match[2] else []
    if not all(part not in {"", ".", ".."} and part.isprintable() for part in parts):
        raise ValueError(f"not a place in S3. {_FORM}, with no empty, '.' or '..' part")
    return S3Location(match[1], "/".join(parts) + "/" if parts else "")


def is_path(key: str) -> bool:
    """Whether a key is a path: no empty, `.` or `..` part, no control character."""
    parts = key.split("/")
    has_control = any(ord(letter) < ord(" ") or letter == "\x7f" for letter in key)
    return not has_control and not {"", ".", ".."} & set(parts)


def name_of(key: str, location: S3Location) -> str:
    """Return how an object is known within a prefix: by the rest of its key.

    A name with a null byte, which no database keeps, that of the prefix itself, and one that looks
    like it, are percent-encoded behind `%/`.
    """
    name = key.removeprefix(location.prefix)
    is_odd = not name or "\0" in name or name.startswith(_ENCODED)
    return _ENCODED + quote(name) if is_odd else name


def key_of(name: str, location: S3Location) -> str:
    """Return the key of what `name_of` has named."""
    if name.startswith(_ENCODED):
        name = unquote(name.removeprefix(_ENCODED))
    return location.key(name)


def is_allowed(
    location: S3Location, project_id: str, allowed: Mapping[str, Sequence[S3Location]]
) -> bool:
    """Whether a place lies in one that the operator has opened to a project, or to all."""
    opened = [*allowed.get(project_id, ()), *allowed.get(EVERYONE, ())]
    return any(
        location.bucket == one.bucket and location.prefix.startswith(one.prefix) for one in opened
    )


def partitioned(location: S3Location, partitions: Mapping[str, str]) -> S3Location:
    """Return the place under a prefix that is a job's: `name=value/` for each partition, by name.

    Values are percent-encoded, so that no value can leave its part of the key.
    """
    parts = [f"{name}={quote(value, safe='')}/" for name, value in sorted(partitions.items())]
    return S3Location(location.bucket, location.prefix + "".join(parts))


def parse_allowed(listed: Mapping[str, Sequence[str]]) -> dict[str, tuple[S3Location, ...]]:
    """Return an operator's list of prefixes, by project.

    Raises:
        ValueError: an entry is no place in S3.
    """
    return {project: tuple(map(parse_location, uris)) for project, uris in listed.items()}
