"""Which of a message's renderings of one text is its body.

Plain text is, as a person wrote it, where it says what the HTML says. A stub ("your mail program
shows no HTML") gives way, and where each says much that the other does not, both are kept.
"""

import re
from collections import Counter

from sheaf.engines.mail.model import Body

WORD = re.compile(r"[^\W_]+")
LINK = re.compile(r"(?:https?://|www\.|mailto:|cid:)[^\s<>()\[\]]++", re.IGNORECASE)
MIN_MISSING_WORDS = 5
MAX_MISSING_SHARE = 0.2
"""Share of a rendering's words that another may lack and still be taken for the same text."""
STUB_SHARE = 1 / 3
"""Length of a plain text, measured by the HTML, up to which it only stands in its place."""


def chosen(plain: list[Body], rich: list[Body]) -> list[Body]:
    """Return the bodies to keep of a plain rendering and a rich one; either may be missing."""
    plain = [body for body in plain if body.text.strip()]
    rich = [body for body in rich if body.text.strip()]
    if not plain or not rich:
        return plain or rich
    short, long = _words(plain), _words(rich)
    if not _lacks(short, long):
        return plain
    if not _lacks(long, short) or short.total() <= STUB_SHARE * long.total():
        return rich
    return [*plain, *rich]


def _words(bodies: list[Body]) -> Counter[str]:
    text = LINK.sub(" ", " ".join(body.text for body in bodies))
    return Counter(word.lower() for word in WORD.findall(text))


def _lacks(some: Counter[str], other: Counter[str]) -> bool:
    """Whether the first lacks more words of the other than another wording would explain."""
    missing = (other - some).total()
    return missing >= max(MIN_MISSING_WORDS, MAX_MISSING_SHARE * other.total())
