"""Which keys sign links and seal secrets now, and which did before.

A deployment names its keys in the settings. A home keeps its own in two files, which another
process may replace at any time: whoever asks gets what they hold now, for two looks at their times.
"""

import contextlib
import fcntl
import os
import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import structlog

log = structlog.get_logger(__name__)

LONGEST_LINK_SECONDS = 7 * 24 * 3600
"""No link is good for longer, as presigned URLs of S3; so long a key of before still counts."""


@dataclass(frozen=True)
class PreviousKey:
    """A key that was replaced: it opens seals, and for a time it checks links."""

    key: bytes
    links_until: float = 0.0
    """Seconds of the epoch. A link under this key that says it ends later was not made by us."""
    replaced_at: float = 0.0
    """Seconds of the epoch; 0 where nothing says so."""


@dataclass(frozen=True)
class KeySet:
    """The keys at one moment."""

    current: bytes
    previous: tuple[PreviousKey, ...] = ()


class SigningKeys(Protocol):
    """Where the keys come from."""

    def now(self) -> KeySet:
        """Return the keys as they are now."""


class FixedKeys:
    """The keys of a deployment's settings, which last as long as the process does."""

    def __init__(self, current: bytes, previous: Sequence[PreviousKey] = ()) -> None:
        self._keys = KeySet(current, tuple(previous))

    def now(self) -> KeySet:
        """Return them."""
        return self._keys


class HomeKeys:
    """The keys of a home: `signing.key`, and `signing.keys.previous` with a line for each before.

    Only this user may read them.

    Args:
        root: the home.
        named: keys of before that the settings name beside those of the home.
    """

    def __init__(self, root: Path, named: Sequence[PreviousKey] = ()) -> None:
        self._root = root
        self._named = tuple(named)
        self._current = root / "signing.key"
        self._previous = root / "signing.keys.previous"
        self._seen: tuple[object, object] | None = None
        self._held: KeySet | None = None

    def now(self) -> KeySet:
        """Return what the files hold now; the key is made at the first call in a new home.

        Where they are gone or cannot be read any more, what they held last goes on: another key in
        its place would open nothing.
        """
        if self._held is None:
            self._held = self._read()
            return self._held
        try:
            seen = (_stamp(self._current), _stamp(self._previous))
            if seen != self._seen:
                self._seen = seen
                if seen[0] is None:
                    raise FileNotFoundError(f"{self._current} is gone")
                self._held = self._read()
        except (OSError, ValueError) as error:
            log.warning("the signing key cannot be read, and goes on as it was", cause=str(error))
        return self._held

    def previous(self) -> tuple[PreviousKey, ...]:
        """Return the keys that the home has replaced, the oldest first."""
        try:
            lines = self._previous.read_text().splitlines()
        except FileNotFoundError:
            return ()
        return tuple(_parsed(line) for line in lines if line.strip())

    def renew(self, *, ends_links: bool = False) -> None:
        """Make a new key, also while processes run that use the old one: they take it up.

        The old key is on the disk among those of before when it is replaced, so a crash in between
        loses none.

        Args:
            ends_links: whether links that were given out end now, and not when they say.
        """
        with self._lock():
            held = self.now()
            now = time.time()
            kept = [*self.previous(), PreviousKey(held.current, now + LONGEST_LINK_SECONDS, now)]
            if ends_links:
                kept = [replace(one, links_until=0) for one in kept]
            self._write(self._previous, "".join(_line(one) for one in kept))
            self._write(self._current, secrets.token_hex(32))

    def forget_ended(self) -> int:
        """Drop the keys under which no link can be good any more; return how many there were.

        Only once everything that they had sealed is sealed anew: what another process seals at the
        moment of a renewal is so by the next one.
        """
        oldest = time.time() - LONGEST_LINK_SECONDS
        with self._lock():
            known = self.previous()
            kept = [one for one in known if one.replaced_at > oldest]
            if len(kept) < len(known):
                self._write(self._previous, "".join(_line(one) for one in kept))
        return len(known) - len(kept)

    def _read(self) -> KeySet:
        # In this order: a key that is replaced in between is among those of before already.
        current = bytes.fromhex(secret_file(self._current, secrets.token_hex(32)))
        return KeySet(current, (*self._named, *self.previous()))

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        with (self._root / "signing.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _write(self, path: Path, text: str) -> None:
        _new_file(path, text).replace(path)
        descriptor = os.open(self._root, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def secret_file(path: Path, fresh: str) -> str:
    """Return what a file holds that only this user may read; a missing one is made with `fresh`."""
    with contextlib.suppress(FileNotFoundError):
        return path.read_text().strip()
    temporary = _new_file(path, fresh)
    try:
        # A link fails where another process was first; both then read the same secret.
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
    return path.read_text().strip()


def _new_file(path: Path, text: str) -> Path:
    """Write a file beside another one, to take its place; return its path."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return temporary


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """Return what tells a file from another one under its name; None where there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return (found.st_ino, found.st_mtime_ns, found.st_size)


def _line(one: PreviousKey) -> str:
    return f"{one.key.hex()} {one.links_until:.0f} {one.replaced_at:.0f}\n"


def _parsed(line: str) -> PreviousKey:
    """Return the key of a line; one without times opens, and checks no links."""
    key, *times = line.split()
    return PreviousKey(bytes.fromhex(key), *(float(one) for one in times))
