"""Whether a text begins as a message of RFC 5322 does."""

import re
from email.utils import parsedate_tz

STRONG = frozenset(
    {
        *("received", "return-path", "delivered-to", "message-id", "mime-version"),
        *("dkim-signature", "authentication-results", "arc-seal", "in-reply-to"),
        *("content-transfer-encoding", "x-mailer", "x-received", "x-gm-thrid"),
    }
)
"""Headers that people do not write by hand."""
WEAK = frozenset(
    {
        *("from", "to", "cc", "bcc", "subject", "date", "sender", "reply-to", "references"),
        *("content-type", "user-agent", "thread-topic", "thread-index", "importance", "priority"),
        *("content-language", "content-disposition", "organization", "status", "list-id"),
    }
)
MIN_KNOWN = 3
_HEADER = re.compile(r"([!-9;-~]+):")
_BEGIN = re.compile(r"BEGIN\s*+:", re.IGNORECASE)


def is_mail(text: str, *, is_named: bool) -> bool:
    """Whether the text is a message.

    A note may have lines `To:` and `From:`, and a calendar any number of `X-` lines. So a message
    that is not named one has headers that programs alone write, or the three that people read, each
    with what belongs into it.
    """
    headers = _headers(text)
    known = headers.keys() & (STRONG | WEAK)
    if is_named:
        return bool(known)
    if len(known) < MIN_KNOWN:
        return False
    if headers.keys() & STRONG:
        return True
    others = [name for name in headers.keys() - known if not name.startswith("x-")]
    dated = parsedate_tz(headers.get("date", "")) is not None
    return not others and dated and "@" in headers.get("from", "")


def _headers(text: str) -> dict[str, str]:
    """Return the lines at the top that are headers, by name in lower case."""
    lines = text.lstrip("\ufeff\r\n").splitlines()
    if lines and _BEGIN.match(lines[0]):
        return {}
    if lines and (lines[0].startswith("From ") or lines[0].strip().isdigit()):
        lines = lines[1:]  # of a mailbox, and of a message of Apple Mail
    headers: dict[str, str] = {}
    for line in lines:
        if not line.strip():
            break
        if found := _HEADER.match(line):
            headers.setdefault(found[1].lower(), line[found.end() :].strip())
        elif line[0] not in " \t":
            break
    return headers
