"""The tree of a message's parts (MIME): its bodies, what is attached, and what cannot be read."""

import re
from collections.abc import Iterator
from email.message import Message

from sheaf.contracts.failures import DocumentError, FailureKind
from sheaf.engines.mail.alternatives import chosen
from sheaf.engines.mail.calendar_text import calendar_text
from sheaf.engines.mail.headers import shown_headers
from sheaf.engines.mail.model import Attachment, Body, Mail, html_body, plain_body, rtf_body
from sheaf.engines.mail.parsing import parsed, repaired
from sheaf.engines.mail.payload import (
    encoding_of,
    name_of,
    payload,
    raw_payload,
    text_of,
    unencoded,
)
from sheaf.engines.mail.reports import COPIES, FIELDS, report_body

MAX_PARTS = 2000
MAX_NESTING = 60
"""Parts inside parts that are still opened."""
HTML = frozenset({"text/html", "application/xhtml+xml"})
RTF = frozenset({"text/rtf", "application/rtf"})
ENRICHED = frozenset({"text/enriched", "text/richtext"})
CALENDARS = frozenset({"text/calendar", "application/ics"})
PLAIN = frozenset({"text/plain", *COPIES})
BODIES = PLAIN | HTML | ENRICHED | CALENDARS
MESSAGES = frozenset({"message/rfc822", "message/global", "message/news"})
UNREAD = frozenset(
    # What no reader shows: styles and programs of a page, and proofs of who wrote.
    {
        *("text/css", "text/javascript", "application/javascript", "text/x-amp-html"),
        *("text/watch-html", "application/pgp-signature", "application/pkcs7-signature"),
        *("application/x-pkcs7-signature", "application/x-javascript"),
    }
)
_TAG = re.compile(r"<(param)>[^<]*+</param>|</?[a-z][a-z-]*+>", re.IGNORECASE)
_SEALED = "-----BEGIN PGP MESSAGE-----"


class _Tree:
    def __init__(self, mail: Mail, parts: Iterator[int]) -> None:
        self.mail = mail
        self.parts = parts

    def bodies(self, part: Message, level: int = 0) -> list[Body]:
        """Return the bodies of a part in order; attachments and notes go to the mail."""
        if next(self.parts, None) is None:
            raise DocumentError(FailureKind.TOO_LARGE, f"message of more than {MAX_PARTS} parts")
        if level > MAX_NESTING:
            self._note(f"Parts not read: they are nested deeper than {MAX_NESTING} levels")
            return []
        kind = part.get_content_type()
        if kind in FIELDS:
            return [report_body(part)]
        if kind in MESSAGES:
            self._message(part)
        elif kind == "multipart/encrypted":
            self._note("Body not read: it is encrypted")
        elif part.is_multipart() or kind.startswith("multipart/"):
            return self._several(part, kind, level)
        else:
            return self._leaf(part, kind)
        return []

    def _several(self, part: Message, kind: str, level: int) -> list[Body]:
        if not part.is_multipart():  # its boundary is missing, or untrue
            again = repaired(kind, raw_payload(part))
            return (
                [plain_body(text_of(part).text)] if again is None else self.bodies(again, level + 1)
            )
        children = [child for child in part.get_payload() if isinstance(child, Message)]
        if kind == "multipart/alternative":
            return self._alternatives(children, level)
        return [body for child in children for body in self.bodies(child, level + 1)]

    def _alternatives(self, children: list[Message], level: int) -> list[Body]:
        """Choose among the bodies alone: what is attached to any of them counts."""
        plain: list[Body] = []
        rich: list[Body] = []
        spare: list[Body] = []
        always: list[Body] = []
        for child in children:
            kind = child.get_content_type()
            if kind in RTF:
                spare.append(rtf_body(payload(child)))
                continue
            found = self.bodies(child, level + 1)
            if kind in CALENDARS:
                always += found
            elif kind in PLAIN:
                plain = plain or found
            elif kind in ENRICHED:
                spare += found
            else:
                rich = found or rich  # the last is the richest
        return [*(chosen(plain, rich) or spare), *always]

    def _leaf(self, part: Message, kind: str) -> list[Body]:
        if kind in UNREAD or kind.startswith("font/"):
            return []
        name = name_of(part)
        is_attached = part.get_content_disposition() == "attachment"
        if kind not in BODIES or is_attached or (name and kind not in CALENDARS):
            self._attach(part, kind, name)
            return []
        found = text_of(part)
        self.mail.warnings += found.warnings
        if _SEALED in found.text:
            self._note("Body not read: it is encrypted (PGP)")
        return [_body(found.text, kind)]

    def _attach(self, part: Message, kind: str, name: str) -> None:
        is_picture = kind.startswith("image/") and part.get_content_disposition() != "attachment"
        if kind == "message/external-body":
            self.mail.attachments.append(Attachment(name or kind, fault="it is kept elsewhere"))
            return
        found = Attachment(name or kind, payload(part), is_inline_picture=is_picture)
        self.mail.attachments.append(found)

    def _message(self, part: Message) -> None:
        """Open a message inside; in base64, which is forbidden, it came as a text."""
        name = name_of(part) or part.get_content_type()
        inner = part.get_payload()
        first = inner[0] if isinstance(inner, list) and inner else None
        if not isinstance(first, Message):
            self.mail.attachments.append(Attachment(name, payload(part)))
            return
        if encoding_of(part) in {"base64", "quoted-printable"} and not first.keys():
            first = parsed(unencoded(raw_payload(first), encoding_of(part)))
        message, parts = first, self.parts
        self.mail.attachments.append(Attachment(name, opened=lambda: mail_of(message, parts)))

    def _note(self, note: str) -> None:
        if note not in self.mail.notes:
            self.mail.notes.append(note)


def _body(text: str, kind: str) -> Body:
    if kind in HTML:
        return html_body(text)
    if kind in ENRICHED:
        text = _TAG.sub("", text).replace("<<", "<")
    elif kind in CALENDARS:
        text = calendar_text(text)
    return plain_body(text)


def mail_of(message: Message, parts: Iterator[int] | None = None) -> Mail:
    """Return what a parsed message holds.

    Args:
        message: the message.
        parts: yields once for each part that may still be opened.

    Raises:
        DocumentError: TooLarge.
    """
    mail = Mail(headers=shown_headers(message))
    mail.bodies = _Tree(mail, parts or iter(range(MAX_PARTS))).bodies(message)
    mail.is_bare = (
        not mail.headers and not message.is_multipart() and not str(message.get_payload()).strip()
    )
    return mail
