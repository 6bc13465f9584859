"""Documents of other formats that a text document takes in as they are (altChunk)."""

import email
import email.policy
from email.message import EmailMessage

from sheaf.contracts.failures import DocumentError
from sheaf.engines.detection.charset import decoded
from sheaf.engines.office.word.context import Context

MAX_CHUNKS = 3
"""Documents one inside the other."""


def chunk(context: Context, id: str) -> list[str]:
    """Return the markdown of a document within the document; what cannot be read is told."""
    relation = context.package.relations(context.part).get(id)
    data = context.package.read(relation.target) if relation else None
    if data is None or context.chunks >= MAX_CHUNKS:
        context.missing["documents within the document were not read"] += 1
        return []
    try:
        md = _markdown(context, data)
    except DocumentError:
        md = ""
    if not md.strip():
        context.missing["documents within the document were not read"] += 1
    return [md] if md.strip() else []


def _markdown(context: Context, data: bytes) -> str:
    if data.startswith(b"PK") and context.read_word:
        return context.read_word(data, context.chunks + 1)
    if data.lstrip()[:5] == b"{\\rtf":
        from sheaf.engines.office.engine import to_markdown

        return to_markdown(data, "application/rtf")
    head = data[:4096].lower()
    if b"mime-version:" in head or head.startswith(b"content-type:"):
        return _archived(data)
    if b"<" in head and any(
        mark in head for mark in (b"<html", b"<body", b"<p", b"<div", b"<!doc")
    ):
        return _page(data)
    return decoded(data).text


def _archived(data: bytes) -> str:
    message = email.message_from_bytes(data, policy=email.policy.default)
    for kind in ("text/html", "text/plain"):
        for part in message.walk():
            if isinstance(part, EmailMessage) and part.get_content_type() == kind:
                payload = part.get_payload(decode=True)
                body = payload if isinstance(payload, bytes) else b""
                text = decoded(body, part.get_content_charset()).text
                return _page(text.encode()) if kind == "text/html" else text
    return ""


def _page(data: bytes) -> str:
    from sheaf.engines.office.engine import to_markdown

    return to_markdown(data, "text/html")
