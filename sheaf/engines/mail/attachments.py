"""A message and what came with it as pages: its own first, then those of each attachment."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sheaf.contracts.documents import ParsedDocument, ParsedPage, ParseOptions
from sheaf.contracts.failures import DocumentError, FailureKind
from sheaf.engines.detection.charset import decode
from sheaf.engines.mail.calendar_text import calendar_text, is_calendar
from sheaf.engines.mail.model import Attachment, Mail
from sheaf.engines.mail.wrappings import unwrap
from sheaf.engines.system_faults import raise_if_of_machine

MAX_DEPTH = 3
"""Messages inside messages that are still opened."""
MAX_ATTACHMENTS = 100
MAX_NAMED_PICTURES = 10
SEALED = b"-----BEGIN PGP MESSAGE-----"

Parse = Callable[[Path, str, ParseOptions, int], ParsedDocument]


@dataclass
class Reader:
    """What reads attachments, and what it says of them that is in no page."""

    parse: Parse
    options: ParseOptions
    parts: Iterator[int]
    warnings: list[str] = field(default_factory=list)

    def pages(self, mail: Mail, depth: int) -> list[ParsedPage]:
        """Return the pages of a message that is inside so many others; all are numbered 1.

        Raises:
            DocumentError: TooLarge.
        """
        unwrap(mail, self.parts)
        notes = list(mail.notes)
        pages: list[ParsedPage] = []
        pictures = [one.name for one in mail.attachments if one.is_inline_picture]
        read = [one for one in mail.attachments if not one.is_inline_picture]
        for number, one in enumerate(read):
            if number >= MAX_ATTACHMENTS or depth >= MAX_DEPTH:
                notes.append(f"Attachment not read: {one.name}: too many, or too deeply nested")
                continue
            try:
                found = self._attached(one, mail, depth)
            except DocumentError as error:
                raise_if_of_machine(error)
                notes.append(f"Attachment not read: {one.name}: {error.message}")
                continue
            if found is None:
                notes.append(f"Attachment is blank: {one.name}")
            elif found:
                pages += _titled(found, one.name)
        if pictures:
            notes.append(_pictures(pictures))
        self.warnings += [*mail.warnings, *notes]
        return [first_page(mail, notes), *pages]

    def _attached(self, one: Attachment, mail: Mail, depth: int) -> list[ParsedPage] | None:
        """Return the pages of an attachment, or None of a blank one."""
        if one.fault:
            raise DocumentError(FailureKind.UNSUPPORTED, one.fault)
        if one.opened is not None:
            return self.pages(one.opened(), depth + 1)
        if is_calendar(one.data):
            text = calendar_text(decode(one.data))
            # An invitation is often there twice: to be shown, and to be saved.
            return [] if any(text == body.text for body in mail.bodies) else [_page(text)]
        # The name of an attachment is the sender's word: it never becomes part of a path.
        with tempfile.NamedTemporaryFile(prefix="attachment-") as file:
            file.write(one.data)
            file.flush()
            wanted = ParseOptions(ocr=self.options.ocr, languages=self.options.languages)
            document = self.parse(Path(file.name), one.name, wanted, depth + 1)
        if document.is_blank:
            return None
        self.warnings += [f"{one.name}: {warning}" for warning in document.warnings]
        if SEALED in one.data:
            self.warnings.append(f"Not read: {one.name}: it is encrypted (PGP)")
        return list(document.pages)


def first_page(mail: Mail, notes: list[str]) -> ParsedPage:
    """Return headers, bodies and notes as one page."""
    headers = mail.headers
    plain = [f"{name}: {value}" for name, value in headers.items()]
    marked = [f"**{name}:** {value}  " for name, value in headers.items() if name != "Subject"]
    title = f"# {headers['Subject']}\n\n" if "Subject" in headers else ""
    text = "\n\n".join([*(one.text for one in mail.bodies if one.text.strip()), *notes])
    md = "\n\n".join([*(one.md for one in mail.bodies if one.md.strip()), *notes])
    return ParsedPage(
        page=1,
        text="\n".join([*plain, "", text]).strip("\n"),
        md=f"{title}{chr(10).join(marked)}\n\n{md}".strip("\n"),
    )


def _page(text: str) -> ParsedPage:
    return ParsedPage(page=1, text=text, md=text)


def _titled(pages: list[ParsedPage], name: str) -> list[ParsedPage]:
    first = pages[0]
    titled = first.changed(
        text=f"Attachment: {name}\n\n{first.text}", md=f"## {name}\n\n{first.md}"
    )
    return [titled, *pages[1:]]


def _pictures(names: list[str]) -> str:
    shown = ", ".join(names[:MAX_NAMED_PICTURES])
    rest = len(names) - MAX_NAMED_PICTURES
    more = f" and {rest} more" if rest > 0 else ""
    return f"Inline picture{'s' if len(names) > 1 else ''} not read: {shown}{more}"
