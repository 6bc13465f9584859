"""Attachments that are wrappings of the message itself: winmail.dat, and signatures around it."""

import re
from collections.abc import Iterator

from sheaf.contracts.failures import DocumentError
from sheaf.engines.mail import smime, tnef, tree
from sheaf.engines.mail.alternatives import chosen
from sheaf.engines.mail.model import Attachment, Mail
from sheaf.engines.mail.parsing import parsed

MAX_WRAPPINGS = 20
_HEADERS = re.compile(
    rb"\A\s*+(?:[!-9;-~]++:[^\n]*+\n(?:[ \t][^\n]*+\n)*+)*?content-", re.IGNORECASE
)
_SIGNED = re.compile(r"\.(?:p7m|p7s|p7)\Z", re.IGNORECASE)


def unwrap(mail: Mail, parts: Iterator[int]) -> None:
    """Put what is inside of a message's wrappings in their place; one may be in another.

    Raises:
        DocumentError: TooLarge.
    """
    for _ in range(MAX_WRAPPINGS):
        opened = [_opened(one, mail, parts) for one in mail.attachments]
        if opened == [[one] for one in mail.attachments]:
            return
        mail.attachments = [one for several in opened for one in several]


def _opened(one: Attachment, mail: Mail, parts: Iterator[int]) -> list[Attachment]:
    """Return what an attachment stands for; its bodies and headers go to the mail."""
    if tnef.is_tnef(one.data):
        try:
            inner = tnef.mail_of(one.data)
        except DocumentError as error:
            return [Attachment(one.name, fault=error.message)]
        mail.bodies = chosen(mail.bodies, inner.bodies)
        return _taken(inner, mail)
    return _unsigned(one, mail, parts) if smime.is_enveloping(one.data) else [one]


def _unsigned(one: Attachment, mail: Mail, parts: Iterator[int]) -> list[Attachment]:
    if smime.is_encrypted(one.data):
        mail.notes.append(f"Not read: {one.name}: it is encrypted (S/MIME)")
        return []
    try:
        data = smime.enclosed(one.data)
    except smime.NotSignedError as error:
        is_proof = one.name.lower().endswith(".p7s")
        return [] if is_proof else [Attachment(one.name, fault=str(error))]
    if not _HEADERS.match(data):
        return [Attachment(_SIGNED.sub("", one.name), data)]
    inner = tree.mail_of(parsed(data), parts)
    mail.bodies += inner.bodies
    return _taken(inner, mail)


def _taken(inner: Mail, mail: Mail) -> list[Attachment]:
    mail.headers = {**inner.headers, **mail.headers}
    mail.notes += inner.notes
    mail.warnings += inner.warnings
    return inner.attachments
