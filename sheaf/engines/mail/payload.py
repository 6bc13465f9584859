"""The bytes, the text and the name of a part of a message (MIME)."""

import binascii
from copy import copy
from dataclasses import replace
from email.message import Message
from email.utils import collapse_rfc2231_value

from sheaf.engines.detection.charset import Decoded, decoded, decoded_markup
from sheaf.engines.mail.headers import base64_bytes, decoded_header, raw_headers
from sheaf.engines.mail.model import guessed, one_line
from sheaf.engines.text import normalised

MAX_NAME = 200


def payload(part: Message) -> bytes:
    """Return a part's bytes; those whose encoding is broken as far as they go."""
    return unencoded(raw_payload(part), encoding_of(part))


def raw_payload(part: Message) -> bytes:
    """Return a part's bytes as they came; the standard library decodes what it thinks it can."""
    bare = copy(part)
    del bare["content-transfer-encoding"]
    data = bare.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def encoding_of(part: Message) -> str:
    """Return the transfer encoding in lower case."""
    value = raw_headers(part).get("content-transfer-encoding", "")
    return value.partition(";")[0].strip().strip("\"'").lower()


def unencoded(data: bytes, encoding: str) -> bytes:
    """Take a transfer encoding away."""
    if encoding == "base64":
        return base64_bytes(data)
    if encoding == "quoted-printable":
        return binascii.a2b_qp(data)
    if encoding in {"x-uuencode", "uuencode", "uue", "x-uue"}:
        return _uudecoded(data)
    return data


def text_of(part: Message) -> Decoded:
    """Return the text of a part, and of HTML its source."""
    data = payload(part)
    said = charset_said(part)
    if part.get_content_type() in {"text/html", "application/xhtml+xml"}:
        return _with_plain_ends(decoded_markup(data, said))
    found = _with_plain_ends(decoded(data, said))
    if _says(part, "format") == "flowed":
        return replace(found, text=_reflowed(found.text, part))
    return found


def _with_plain_ends(found: Decoded) -> Decoded:
    return replace(found, text=normalised(found.text))


def charset_said(part: Message) -> str | None:
    """Return the charset that the part's header names, whatever it is worth."""
    return _says(part, "charset") or None


def name_of(part: Message) -> str:
    """Return the name of an attachment, or an empty string."""
    for value in (
        part.get_param("filename", None, "content-disposition"),
        part.get_param("name", None),
    ):
        if value:
            name = decoded_header(guessed(collapse_rfc2231_value(value)))
            if name:
                return name[:MAX_NAME]
    return ""


def _says(part: Message, parameter: str) -> str:
    value = part.get_param(parameter, "")
    return one_line(collapse_rfc2231_value(value)).strip("\"' ").lower() if value else ""


def _reflowed(text: str, part: Message) -> str:
    """Join the lines that a mail program broke by itself (RFC 3676)."""
    drops_blank = _says(part, "delsp") == "yes"
    lines: list[str] = []
    is_open = False
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        words = line[depth:].removeprefix(" ") if depth or line.startswith(" ") else line
        if is_open and depth == 0 and line != "-- ":
            lines[-1] += words
        else:
            lines.append(line if depth else words)
        is_open = depth == 0 and line.endswith(" ") and line != "-- "
        if is_open and drops_blank:
            lines[-1] = lines[-1][:-1]
    return "\n".join(lines)


def _uudecoded(data: bytes) -> bytes:
    decoded = []
    for line in data.splitlines():
        if line.startswith((b"begin ", b"end")) or not line.strip():
            continue
        try:
            decoded.append(binascii.a2b_uu(line))
        except binascii.Error:
            # Some encoders fill the last line up by more than they say.
            size = ((line[0] - 32) & 63) * 4 // 3 + 3
            try:
                decoded.append(binascii.a2b_uu(line[:size]))
            except binascii.Error:
                continue
    return b"".join(decoded)
