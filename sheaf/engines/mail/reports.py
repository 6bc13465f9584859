"""What a mail server tells of a message (RFC 3464, RFC 8098, RFC 5965): fields, one a line."""

from email.message import Message

from sheaf.engines.mail.headers import decoded_header
from sheaf.engines.mail.model import Body, plain_body
from sheaf.engines.mail.payload import payload, text_of

FIELDS = frozenset(
    {
        "message/delivery-status",
        "message/global-delivery-status",
        "message/disposition-notification",
        "message/global-disposition-notification",
        "message/feedback-report",
        "message/tracking-status",
    }
)
COPIES = frozenset({"text/rfc822-headers", "message/global-headers"})


def report_body(part: Message) -> Body:
    """Return the fields of a report, a block a recipient."""
    blocks = part.get_payload()
    if not isinstance(blocks, list):
        return plain_body(text_of(part).text)
    shown = []
    for block in blocks:
        if isinstance(block, Message):
            lines = [f"{name}: {decoded_header(str(value))}" for name, value in block.raw_items()]
            # A report in base64 has no fields before it is decoded.
            rest = payload(block).decode("utf-8", "replace").strip() if not lines else ""
            shown.append("\n".join([*lines, *filter(None, [rest])]))
    return plain_body("\n\n".join(filter(None, shown)))
