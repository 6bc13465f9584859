"""Messages: internet mail (RFC 5322 and MIME) by the standard library, Outlook's by olefile.

The engines measured lose headers or repeat bodies (word order 0.29 to 0.81), and one read UTF-16
as noise. The first page is the message, its headers first; each attachment that an engine can
read follows with pages of its own, and the others are named. A mailbox is all of its messages.
"""

from sheaf.contracts.documents import ParsedDocument, ParsedPage
from sheaf.contracts.failures import DocumentError, FailureKind
from sheaf.engines.blank import blanked
from sheaf.engines.detection.containers import MSG
from sheaf.engines.mail import outlook, tnef, tree
from sheaf.engines.mail.attachments import Parse, Reader
from sheaf.engines.mail.mailbox import messages_in
from sheaf.engines.mail.model import Mail
from sheaf.engines.mail.parsing import in_ascii, parsed
from sheaf.engines.source import Source
from sheaf.engines.text import MAX_TEXT_BYTES, own_version

MAX_OUTLOOK_BYTES = 512 * 1024**2


def read(source: Source, parse: Parse, depth: int) -> ParsedDocument:
    """Read a message, or all of a mailbox, and what is attached.

    Args:
        source: the message.
        parse: reads an attachment, given its path, name, options and depth.
        depth: messages around this one.

    Raises:
        DocumentError: TooLarge, Corrupt, or Empty without any of the pages asked for.
    """
    limit = MAX_OUTLOOK_BYTES if source.media_type == MSG else MAX_TEXT_BYTES
    if source.path.stat().st_size > limit:
        raise DocumentError(FailureKind.TOO_LARGE, f"message over the limit of {limit} bytes")
    pages: list[ParsedPage] = []
    warnings: list[str] = []
    mails = _mails(source)
    for mail in mails:
        reader = Reader(parse, source.options, iter(range(tree.MAX_PARTS)))
        pages += reader.pages(mail, depth)
        warnings += reader.warnings
    numbered = [page.changed(page=at) for at, page in enumerate(pages, 1)]
    headers = mails[0].headers if len(mails) == 1 else {}
    document = ParsedDocument(
        pages=source.select(numbered),
        media_type=source.media_type,
        engine="sheaf-mail",
        engine_version=own_version(),
        total_pages=len(numbered),
        metadata={
            name: headers[key]
            for name, key in (("title", "Subject"), ("author", "From"))
            if headers.get(key)
        },
        warnings=tuple(dict.fromkeys(warnings)),
    )
    return blanked(document) if all(mail.is_bare for mail in mails) else document


def _mails(source: Source) -> list[Mail]:
    if source.media_type == MSG:
        return [outlook.mail_of(source.path)]
    data = source.path.read_bytes()
    if tnef.is_tnef(data):
        return [tnef.mail_of(data)]
    return [tree.mail_of(parsed(message)) for message in messages_in(in_ascii(data))]
