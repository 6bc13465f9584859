"""Bytes to the tree of a message's parts, by the parser of the standard library."""

import re
from email.message import Message
from email.parser import BytesParser
from email.policy import Compat32

from sheaf.contracts.failures import DocumentError, FailureKind
from sheaf.engines.detection.charset import charset_of, decode

_EDGE = re.compile(rb"^--([^\s-][^\s\"]{0,69})[ \t]*+\r?$", re.MULTILINE)
_WIDE = ("utf-16", "utf-32", "utf-8-sig")
SAMPLE_BYTES = 64 * 1024


class _Raw(Compat32):
    """Headers as they stand: the standard library replaces what nobody encoded."""

    def header_fetch_parse(self, name: str, value: str) -> str:  # noqa: ARG002
        return value


def parsed(data: bytes) -> Message:
    """Return the tree of a message.

    Raises:
        DocumentError: TooLarge, of parts that are nested endlessly.
    """
    try:
        return BytesParser(policy=_Raw()).parsebytes(data)
    except RecursionError:
        message = "message whose parts are nested too deeply"
        raise DocumentError(FailureKind.TOO_LARGE, message) from None


def in_ascii(data: bytes) -> bytes:
    """Return a message as the parser knows it; some exports are UTF-16 as a whole."""
    if charset_of(data[:SAMPLE_BYTES]).startswith(_WIDE):
        return decode(data).encode("utf-8", "replace")
    return data


def repaired(kind: str, raw: bytes) -> Message | None:
    """Return a multipart whose boundary is missing or untrue, read by the one its lines show."""
    edge = _EDGE.search(raw)
    if edge is None:
        return None
    head = b'Content-Type: %s; boundary="%s"\n\n' % (kind.encode(), edge[1].removesuffix(b"--"))
    again = parsed(head + raw)
    return again if again.is_multipart() else None
