"""Column types for what is long as text and short as bytes: ids and hashes.

A file's rows and their indexes name it, its job and its directory a dozen times. As 36 letters
each that is more than all the rest; as 16 bytes it is a third of the row. The program knows only
the texts. To read a column by hand: `SELECT hex(id)`, `encode(id, 'hex')`.
"""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles

_MARK = b"\xff"
"""Begins what is no id of ours; no UTF-8 text holds this byte, and no hash or id is so long."""


class Compact(sa.types.UserDefinedType[str]):
    """A text of one form, kept as bytes. Any other text is kept as it is, behind a mark.

    Args:
        start: what the text begins with, before its hexadecimal digits.
        write: writes the digits, in lower case, as the text again.
        size: bytes of the digits.
    """

    cache_ok = True

    def __init__(self, start: str, write: Callable[[str], str], size: int) -> None:
        self.start = start
        self.write = write
        self.size = size

    def get_col_spec(self, **_: Any) -> str:
        """Return the type's name; the compilers below name it as each database does."""
        return "BLOB"

    def pack(self, value: str | None) -> bytes | None:
        """Return the bytes of a text."""
        if value is None:
            return None
        try:
            packed = bytes.fromhex(value[len(self.start) :].replace("-", ""))
        except ValueError:
            return _marked(value, self.size)
        is_form = len(packed) == self.size and self.write(packed.hex()) == value
        return packed if is_form else _marked(value, self.size)

    def unpack(self, value: bytes | None) -> str | None:
        """Return the text of bytes."""
        if value is None:
            return None
        if len(value) == self.size:
            return self.write(value.hex())
        return value.lstrip(_MARK).decode("utf-8", "surrogatepass")

    def bind_processor(self, dialect: Any) -> Callable[[str | None], bytes | None]:
        """Return what turns a parameter into bytes: called for every id of every row."""
        del dialect
        return self.pack

    def result_processor(self, dialect: Any, coltype: Any) -> Callable[[bytes | None], str | None]:
        """Return what turns a column into text."""
        del dialect, coltype
        return self.unpack


@compiles(Compact, "postgresql")
def _on_postgres(*_: Any, **__: Any) -> str:
    return "BYTEA"


def key(prefix: str) -> Compact:
    """Return the type of ids of a prefix and 32 digits; see `sheaf.contracts.ids`."""
    start = f"{prefix}-"
    return Compact(start, start.__add__, 16)


def task_key() -> Compact:
    """Return the type of bare UUIDs."""
    return Compact("", _hyphenated, 16)


def sha256() -> Compact:
    """Return the type of SHA-256 hashes."""
    return Compact("", str, 32)


def _hyphenated(digits: str) -> str:
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _marked(value: str, size: int) -> bytes:
    text = _MARK + value.encode("utf-8", "surrogatepass")
    return _MARK + text if len(text) == size else text
