"""What Outlook packs into a winmail.dat (TNEF, MS-OXTNEF): the text, and the attachments.

It is a list of attributes; one of them is a list of MAPI properties. The libraries at hand are
under the LGPL and without a release since 2021.
"""

import struct
from collections.abc import Iterator

from sheaf.contracts.failures import DocumentError, FailureKind
from sheaf.engines.mail import mapi
from sheaf.engines.mail.model import Attachment, Mail, one_line
from sheaf.engines.mail.payload import MAX_NAME

SIGNATURE = b"\x78\x9f\x3e\x22"
ATTRIBUTE = struct.Struct("<BHHI")
SUBJECT, BODY, CODEPAGE, CLASS = 0x8004, 0x800C, 0x9007, 0x8008
MESSAGE_PROPERTIES, ATTACHMENT_PROPERTIES = 0x9003, 0x9005
ATTACHMENT_BEGINS, ATTACHMENT_DATA, ATTACHMENT_TITLE = 0x9002, 0x800F, 0x8010
EMBEDDED_MESSAGE = bytes.fromhex("0703020000000000c000000000000046")
"""IID_IMessage, which stands before a message inside."""
TEXTS = {SUBJECT: mapi.SUBJECT, BODY: mapi.BODY, CLASS: mapi.CLASS}
WIDTHS = {
    0x0002: 4,
    0x0003: 4,
    0x0004: 4,
    0x0005: 8,
    0x0006: 8,
    0x0007: 8,
    0x000A: 4,
    0x000B: 4,
    0x0014: 8,
    0x0040: 8,
    0x0048: 16,
}
"""Bytes that values of a fixed length take, filled up to four."""
VARIABLE = frozenset({mapi.TEXT, mapi.TEXT_8BIT, mapi.BINARY, mapi.OBJECT})
MULTIPLE = 0x1000
MAX_ATTACHMENTS = 1000


def is_tnef(data: bytes) -> bool:
    """Whether bytes are a winmail.dat."""
    return data.startswith(SIGNATURE)


def mail_of(data: bytes) -> Mail:
    """Return the message of a winmail.dat, as far as it is whole.

    Raises:
        DocumentError: Corrupt.
    """
    own: mapi.Properties = {}
    attached: list[mapi.Properties] = []
    for key, value in _attributes(data):
        if key == CODEPAGE and len(value) >= 4:
            own[mapi.MESSAGE_CODEPAGE] = int.from_bytes(value[:4], "little")
        elif key in TEXTS:
            own.setdefault(TEXTS[key], value.rstrip(b"\x00"))
        elif key == MESSAGE_PROPERTIES:
            own |= _properties(value)
        elif key == ATTACHMENT_BEGINS and len(attached) < MAX_ATTACHMENTS:
            attached.append({})
        elif attached and key == ATTACHMENT_DATA:
            attached[-1][mapi.DATA] = value
        elif attached and key == ATTACHMENT_TITLE:
            attached[-1][mapi.SHORT_NAME] = value.rstrip(b"\x00")
        elif attached and key == ATTACHMENT_PROPERTIES:
            attached[-1] |= _properties(value)
    return mapi.mail_of(own, [], [_attachment(one, own) for one in attached])


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 6  # the signature, and a key
    while at + ATTRIBUTE.size <= len(data):
        level, key, _, size = ATTRIBUTE.unpack_from(data, at)
        if level not in {1, 2}:
            message = "broken winmail.dat: it holds no list of attributes"
            raise DocumentError(FailureKind.CORRUPT, message)
        at += ATTRIBUTE.size
        yield key, data[at : at + size]
        at += size + 2  # a check sum


def _attachment(own: mapi.Properties, around: mapi.Properties) -> Attachment:
    own = {mapi.MESSAGE_CODEPAGE: around.get(mapi.MESSAGE_CODEPAGE, 0), **own}
    names = (mapi.text_of(own, key) for key in (mapi.LONG_NAME, mapi.SHORT_NAME, mapi.NAME))
    name = (one_line(next(filter(None, names), "")) or "attachment")[:MAX_NAME]
    data = own.get(mapi.DATA)
    if not isinstance(data, bytes):
        return Attachment(name, fault="it has no bytes")
    if own.get(mapi.METHOD) == mapi.EMBEDDED_MESSAGE or data.startswith(EMBEDDED_MESSAGE):
        inner = data.removeprefix(EMBEDDED_MESSAGE)
        if is_tnef(inner):
            return Attachment(name, opened=lambda: mail_of(inner))
    return Attachment(name, data)


def _properties(data: bytes) -> mapi.Properties:
    found: mapi.Properties = {}
    try:
        at = 4
        for _ in range(min(struct.unpack_from("<I", data)[0], len(data) // 8)):
            type_, key = struct.unpack_from("<HH", data, at)
            at = _after_name(data, at + 4) if key >= 0x8000 else at + 4
            value, at = _value(data, at, type_)
            if value is not None and key < 0x8000:
                found[key] = value
    except struct.error:
        pass  # it is cut short: what was read so far counts
    return found


def _after_name(data: bytes, at: int) -> int:
    """Return the place behind the name of a property: a set, and a number or a text."""
    (kind,) = struct.unpack_from("<I", data, at + 16)
    if not kind:
        return at + 24
    (size,) = struct.unpack_from("<I", data, at + 20)
    return at + 24 + _filled(size)


def _value(data: bytes, at: int, type_: int) -> tuple[mapi.Value | None, int]:
    """Return the first value of a property, and the place behind all of them."""
    base, count = type_ & ~MULTIPLE, 1
    if type_ & MULTIPLE or base in VARIABLE:
        (count,) = struct.unpack_from("<I", data, at)
        at += 4
    first: mapi.Value | None = None
    for number in range(min(count, len(data))):
        if base in VARIABLE:
            (size,) = struct.unpack_from("<I", data, at)
            raw, at = data[at + 4 : at + 4 + size], at + 4 + _filled(size)
        elif base in WIDTHS:
            raw, at = data[at : at + WIDTHS[base]], at + WIDTHS[base]
        else:
            raise struct.error(f"no property of type {type_:#06x}")
        if at > len(data) + 3:
            raise struct.error("it is cut short")
        if number == 0:
            first = _read(base, raw)
    return first, at


def _read(base: int, raw: bytes) -> mapi.Value | None:
    if base == mapi.TEXT:
        return raw.decode("utf-16-le", "replace").rstrip("\x00")
    if base in VARIABLE:
        return raw.rstrip(b"\x00") if base == mapi.TEXT_8BIT else raw
    if base == mapi.TIME:
        return mapi.moment_of(int.from_bytes(raw, "little"))
    return int.from_bytes(raw[: 2 if base in {mapi.INT16, mapi.BOOLEAN} else 4], "little")


def _filled(size: int) -> int:
    return size + -size % 4
