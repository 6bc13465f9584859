"""Passwords of documents, which the operator keeps in a file and jobs name.

The file is JSON: {"invoices": ["first", "second"]}. It is read again whenever it has changed.
"""

import json
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import structlog

log = structlog.get_logger(__name__)


class PasswordsError(ValueError):
    """The file cannot be used; the message says why and never what it holds."""


class Passwords:
    """Passwords by their names.

    Args:
        file: the operator's; None where there is none.

    Raises:
        PasswordsError: the file is missing, open to others, or of another form.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._changed: tuple[int, int] | None = None
        self._known: Mapping[str, tuple[str, ...]] = {}
        self._refresh()

    def named(self, name: str | None) -> tuple[str, ...]:
        """Return the passwords of a name, in their order; none where it is not known.

        A file that has become unusable leaves what was read before.
        """
        if name is None:
            return ()
        try:
            self._refresh()
        except PasswordsError as error:
            log.warning("the passwords were not read again", error=str(error))
        return self._known.get(name, ())

    def _refresh(self) -> None:
        if self._file is None:
            return
        try:
            status = self._file.stat()
            changed = (status.st_mtime_ns, status.st_size)
            if changed != self._changed:
                _check_mode(status.st_mode)
                self._known = _checked(json.loads(self._file.read_text("utf-8")))
                self._changed = changed
        except OSError as error:
            raise PasswordsError(f"SHEAF_PASSWORDS_FILE: {error.strerror}") from error
        except (json.JSONDecodeError, UnicodeDecodeError):
            # Without its cause, whose text has the file's content.
            raise PasswordsError("SHEAF_PASSWORDS_FILE is not JSON") from None


def _check_mode(mode: int) -> None:
    if mode & (stat.S_IROTH | stat.S_IWOTH | stat.S_IWGRP):
        raise PasswordsError(
            "SHEAF_PASSWORDS_FILE may be read or changed by others: chmod 600 it, or 640"
        )


def _checked(value: Any) -> dict[str, tuple[str, ...]]:
    is_map = isinstance(value, dict) and all(
        isinstance(held, list) and all(isinstance(one, str) for one in held)
        for held in value.values()
    )
    if not is_map:
        raise PasswordsError(
            'SHEAF_PASSWORDS_FILE is not of the form {"name": ["password", "password"]}'
        )
    return {name: tuple(held) for name, held in value.items()}
