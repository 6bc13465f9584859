"""Headers as a person reads them: encoded words (RFC 2047), and bytes that nobody encoded.

The parser of the standard library stumbles over malformed addresses, and takes charsets by their
names alone.
"""

import base64
import binascii
import re
from email.message import Message

from sheaf.engines.detection.charset import decode
from sheaf.engines.mail.model import guessed, one_line

SHOWN = ("Subject", "From", "To", "Cc", "Bcc", "Date")

_WORD = re.compile(r"=\?([^?\s=]{1,60})\?([bq])\?([^?\n]*+)\?=", re.IGNORECASE)
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")


def shown_headers(message: Message) -> dict[str, str]:
    """Return the headers that are shown, in their order; of one that stands twice, the first."""
    raw = raw_headers(message)
    values = {name: decoded_header(raw.get(name.lower(), "")) for name in SHOWN}
    return {name: value for name, value in values.items() if value}


def raw_headers(message: Message) -> dict[str, str]:
    """Return headers as they stand, by their names in lower case."""
    values: dict[str, str] = {}
    for name, value in message.raw_items():
        values.setdefault(name.lower(), str(value))
    return values


def decoded_header(raw: str) -> str:
    """Return the text of a header.

    A character may be cut between two encoded words of one charset: their bytes are joined first.
    """
    raw = guessed(raw)
    parts: list[str] = []
    pending: tuple[str, bytes] | None = None
    at = 0
    for word in _WORD.finditer(raw):
        between = raw[at : word.start()]
        charset = word[1].partition("*")[0].lower()  # RFC 2231 adds the language
        data = _word_bytes(word[2], word[3])
        if pending and (between.strip() or pending[0] != charset):
            parts.append(decode(pending[1], pending[0]))
            pending = None
        if between.strip() or at == 0:
            parts.append(between)
        pending = (charset, pending[1] + data if pending else data)
        at = word.end()
    if pending:
        parts.append(decode(pending[1], pending[0]))
    return one_line("".join([*parts, raw[at:]]))


def base64_bytes(data: bytes) -> bytes:
    """Return what base64 stands for, also with blanks in it, without its padding, or cut short."""
    return b"".join(
        base64.b64decode(piece + b"=" * (-len(piece) % 4))
        for piece in (_fitting(_NOT_BASE64.sub(b"", piece)) for piece in data.split(b"="))
        if piece
    )


def _fitting(digits: bytes) -> bytes:
    """Leave a last digit out that is too few to stand for a byte."""
    return digits[:-1] if len(digits) % 4 == 1 else digits


def _word_bytes(encoding: str, text: str) -> bytes:
    data = text.encode("utf-8", "surrogateescape")
    if encoding in "bB":
        return base64_bytes(data)
    return binascii.a2b_qp(data, header=True)
