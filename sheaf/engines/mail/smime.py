"""The message inside a signature that encloses it (opaque S/MIME, RFC 8551), and what is encrypted.

Only the place of the content is looked for, in DER or BER (X.690); no signature is checked.
"""

SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
ENVELOPED = tuple(
    bytes.fromhex(oid)
    for oid in ("2a864886f70d010703", "2a864886f70d010706", "2a864886f70d0109100117")
)
"""enveloped-data, encrypted-data, and authEnvelopedData (RFC 5083)."""
DATA = bytes.fromhex("2a864886f70d010701")
OID, OCTETS, SEQUENCE, EXPLICIT = 0x06, 0x04, 0x30, 0xA0
MAX_DEPTH = 16


class NotSignedError(ValueError):
    """The bytes are no signature that encloses a message."""


def is_enveloping(data: bytes) -> bool:
    """Whether bytes are a signature or an envelope, with or without a message in it."""
    return data[:1] == b"\x30" and (SIGNED_DATA in data[:64] or is_encrypted(data))


def is_encrypted(data: bytes) -> bool:
    """Whether the content is for its receiver's key alone."""
    return any(oid in data[:64] for oid in ENVELOPED)


def enclosed(data: bytes) -> bytes:
    """Return the message that a signature encloses.

    Raises:
        NotSignedError: there is none.
    """
    try:
        return _octets(data, *_content(data))
    except IndexError as error:
        raise NotSignedError("it is cut short") from error


def _content(data: bytes) -> tuple[int, int]:
    """Return where the enclosed content begins and ends."""
    at = data.find(bytes([OID, len(SIGNED_DATA)]) + SIGNED_DATA, 0, 64)
    if at < 0:
        raise NotSignedError("it is no signed message")
    at = data.find(bytes([OID, len(DATA)]) + DATA, at)
    if at < 0:
        raise NotSignedError("it encloses no message")
    tag, start, end = _element(data, at + 2 + len(DATA))
    if tag != EXPLICIT:
        raise NotSignedError("it encloses no message")
    return start, end


def _octets(data: bytes, start: int, end: int, depth: int = 0) -> bytes:
    """Join the octet strings of a range, whose pieces may be nested."""
    if depth > MAX_DEPTH:
        raise NotSignedError("it is nested too deeply")
    pieces = []
    while start < end and data[start : start + 2] != b"\x00\x00":
        tag, inner, after = _element(data, start)
        if tag == OCTETS:
            pieces.append(data[inner:after])
        elif tag in {OCTETS | 0x20, SEQUENCE}:
            pieces.append(_octets(data, inner, after, depth + 1))
        start = after if data[start + 1] != 0x80 else _after_endless(data, inner)
    return b"".join(pieces)


def _element(data: bytes, at: int) -> tuple[int, int, int]:
    """Return the tag at a place, and where its content begins and ends."""
    tag, size = data[at], data[at + 1]
    at += 2
    if size == 0x80:
        return tag, at, len(data)
    if size > 0x80:
        count = size & 0x7F
        size = int.from_bytes(data[at : at + count], "big")
        at += count
    return tag, at, min(at + size, len(data))


def _after_endless(data: bytes, at: int) -> int:
    """Return the place behind an element of open length, whose pieces follow one another."""
    depth = 1
    while at < len(data):
        if data[at : at + 2] == b"\x00\x00":
            at, depth = at + 2, depth - 1
            if not depth:
                return at
            continue
        _, inner, after = _element(data, at)
        if data[at + 1] == 0x80:
            at, depth = inner, depth + 1
        else:
            at = after
    return at
