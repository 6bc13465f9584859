"""A message as a person has it, whatever format it was kept in."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from dataclasses import dataclass, field

from sheaf.engines.detection.charset import decode
from sheaf.engines.markdown import plain_text
from sheaf.engines.office.engine import to_markdown
from sheaf.engines.text import normalised


@dataclass(frozen=True)
class Body:
    """A text of a message, without and with its marks."""

    text: str
    md: str


@dataclass
class Attachment:
    """A file that came with a message, or a message that came inside it."""

    name: str
    data: bytes = b""
    opened: Callable[[], Mail] | None = None
    """Reads a message that is no file of its own, once it is known that it is to be read."""
    is_inline_picture: bool = False
    fault: str = ""
    """Why there are no bytes."""


@dataclass
class Mail:
    """What is read of a message: headers by name, bodies in order, and what came with them."""

    headers: dict[str, str] = field(default_factory=dict)
    bodies: list[Body] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What is not read, for its reader to see."""
    warnings: list[str] = field(default_factory=list)
    """What else was lost."""
    is_bare: bool = False
    """Whether it is proved to hold nothing."""


def plain_body(text: str) -> Body:
    """Return a body that has no marks."""
    text = normalised(text).strip("\n")
    return Body(text, text)


def html_body(page: str) -> Body:
    """Return the body that a page of HTML makes."""
    # The mark goes before what the page says of a charset in which it came.
    data = codecs.BOM_UTF8 + page.encode("utf-8", "replace")
    md = to_markdown(data, "text/html") if page.strip() else ""
    return Body(plain_text(md), md)


def rtf_body(data: bytes) -> Body:
    """Return the body that a document in RTF makes."""
    md = to_markdown(data, "application/rtf")
    return Body(plain_text(md), md)


def one_line(text: str) -> str:
    """Return a header's value or a name on one line, without what only terminals obey."""
    return " ".join("".join(c if c.isprintable() else " " for c in normalised(text)).split())


def guessed(text: str) -> str:
    """Return a text whose 8-bit characters came as lone surrogates, which nobody ever encoded."""
    if not any("\udc80" <= letter <= "\udcff" for letter in text):
        return text
    return decode(text.encode("utf-8", "surrogateescape"))
