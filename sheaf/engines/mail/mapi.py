"""Properties of Outlook's messages (MS-OXPROPS), as .msg files and winmail.dat both have them."""

from datetime import UTC, datetime, timedelta

from sheaf.contracts.failures import DocumentError, FailureKind
from sheaf.engines.detection.charset import decode, decoded_markup
from sheaf.engines.mail.alternatives import chosen
from sheaf.engines.mail.encapsulated import NotEncapsulatedError, html_of
from sheaf.engines.mail.model import (
    Attachment,
    Body,
    Mail,
    html_body,
    one_line,
    plain_body,
    rtf_body,
)
from sheaf.engines.system_faults import raise_if_of_machine

Value = str | bytes | int | datetime
Properties = dict[int, Value]
"""Values by the identifier of the property."""

SUBJECT, CLASS = 0x0037, 0x001A
SENT, DELIVERED = 0x0039, 0x0E06
SENDER_NAME, SENDER_ADDRESS, SENDER_SMTP = 0x0C1A, 0x0C1F, 0x5D01
AUTHOR_NAME, AUTHOR_ADDRESS, AUTHOR_SMTP = 0x0042, 0x0065, 0x5D02
TO, CC, BCC = 0x0E04, 0x0E03, 0x0E02
BODY, HTML, RTF = 0x1000, 0x1013, 0x1009
INTERNET_CODEPAGE, MESSAGE_CODEPAGE = 0x3FDE, 0x3FFD
NAME, ADDRESS, SMTP, RECIPIENT_TYPE = 0x3001, 0x3003, 0x39FE, 0x0C15
CONTENT_ID = 0x3712
DATA, SHORT_NAME, LONG_NAME, METHOD, MIME_TYPE = 0x3701, 0x3704, 0x3707, 0x3705, 0x370E
EMBEDDED_MESSAGE = 5
HEADER_OF_TYPE = {1: "To", 2: "Cc", 3: "Bcc"}
BY_REFERENCE = frozenset({2, 3, 4, 7})
"""Methods of attachments whose bytes are kept elsewhere."""

TEXT_8BIT, TEXT, BINARY, OBJECT, TIME = 0x001E, 0x001F, 0x0102, 0x000D, 0x0040
INT16, INT32, BOOLEAN = 0x0002, 0x0003, 0x000B
EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
PLAIN_CLASSES = ("ipm.note", "ipm.post", "report.", "ipm.schedule")
"""Beginnings of the classes whose text is in subject and body."""


def mail_of(own: Properties, recipients: list[Properties], attachments: list[Attachment]) -> Mail:
    """Return the message that properties make."""
    mail = Mail(headers=_headers(own, recipients), attachments=attachments)
    plain = [plain_body(text_of(own, BODY))] if own.get(BODY) else []
    try:
        rich = _rich(own)
    except DocumentError as error:
        raise_if_of_machine(error)
        rich = []
        if not plain:
            mail.notes.append(f"Body not read: {error.message}")
    mail.bodies = chosen(plain, rich)
    kind = one_line(text_of(own, CLASS))
    if kind and not kind.lower().startswith(PLAIN_CLASSES):
        mail.notes.append(f"Fields of the {kind} beyond its subject and its body are not read")
    return mail


def text_of(own: Properties, key: int) -> str:
    """Return a text property; one of 8 bits in the code page that the message names."""
    value = own.get(key, "")
    if isinstance(value, bytes):
        value = decode(value, _codepage(own)).rstrip("\x00")
    return value if isinstance(value, str) else ""


def moment_of(ticks: int) -> datetime | None:
    """Return the time of a count of 100 ns since 1601, unless it is none."""
    try:
        return EPOCH + timedelta(microseconds=ticks // 10)
    except OverflowError:
        return None


def _codepage(own: Properties) -> str | None:
    number = own.get(MESSAGE_CODEPAGE) or own.get(INTERNET_CODEPAGE)
    return _charset(number) if isinstance(number, int) else None


def _charset(number: int) -> str:
    return {65001: "utf-8", 1200: "utf-16-le", 20127: "us-ascii"}.get(number, f"windows-{number}")


def _headers(own: Properties, recipients: list[Properties]) -> dict[str, str]:
    lists: dict[str, list[str]] = {"To": [], "Cc": [], "Bcc": []}
    for one in recipients:
        kind = one.get(RECIPIENT_TYPE, 1)
        name = HEADER_OF_TYPE.get(kind & 0xF if isinstance(kind, int) else 1, "To")
        lists[name].append(_person(one, (NAME,), (SMTP, ADDRESS)))
    sent = own.get(SENT) or own.get(DELIVERED)
    values = {
        "Subject": text_of(own, SUBJECT),
        "From": _person(own, (AUTHOR_NAME, SENDER_NAME), _senders(own)),
        "To": ", ".join(filter(None, lists["To"])) or text_of(own, TO),
        "Cc": ", ".join(filter(None, lists["Cc"])) or text_of(own, CC),
        "Bcc": ", ".join(filter(None, lists["Bcc"])) or text_of(own, BCC),
        "Date": f"{sent:%Y-%m-%d %H:%M} UTC" if isinstance(sent, datetime) else "",
    }
    return {name: one_line(value) for name, value in values.items() if value.strip()}


def _senders(own: Properties) -> tuple[int, ...]:
    by_author = (AUTHOR_SMTP, AUTHOR_ADDRESS)
    by_sender = (SENDER_SMTP, SENDER_ADDRESS)
    return (*by_author, *by_sender) if own.get(AUTHOR_NAME) else (*by_sender, *by_author)


def _person(own: Properties, names: tuple[int, ...], addresses: tuple[int, ...]) -> str:
    name = next(filter(None, (text_of(own, key).strip() for key in names)), "")
    # Exchange has addresses of its own, which say nothing to a reader.
    known = (text_of(own, key).strip() for key in addresses)
    address = next((one for one in known if "@" in one), "")
    if not address or address in name:
        return name
    return f"{name} <{address}>" if name else address


def _rich(own: Properties) -> list[Body]:
    page = own.get(HTML)
    if isinstance(page, bytes) and page.strip():
        number = own.get(INTERNET_CODEPAGE)
        said = _charset(number) if isinstance(number, int) else None
        return [html_body(decoded_markup(page, said).text)]
    if isinstance(page, str) and page.strip():
        return [html_body(page)]
    packed = own.get(RTF)
    if not isinstance(packed, bytes) or not packed:
        return []
    data = _unpacked(packed)
    try:
        return [html_body(html_of(data))]
    except NotEncapsulatedError:
        return [rtf_body(data)]


def _unpacked(packed: bytes) -> bytes:
    """Return RTF that Outlook compresses in a way of its own (MS-OXRTFCP)."""
    import compressed_rtf

    try:
        data: bytes = compressed_rtf.decompress(packed)
    except MemoryError:
        raise
    except Exception as error:  # the library raises Exception itself
        raise DocumentError(FailureKind.CORRUPT, f"compressed RTF: {error}") from error
    return data
