r"""RTF as if its tracked changes were accepted, and with the marks of its notes in the text.

xberg shows what is deleted (`\deleted`), and puts notes below the text without saying where they
belong. What it is given has neither.
"""

import re
from dataclasses import dataclass, field

TOKEN = re.compile(
    rb"(?P<brace>[{}])|\\(?P<word>[a-z]{1,32})(?P<number>-?[0-9]{1,10})? ?|\\'[0-9a-f]{2}|\\[^a-z]"
    rb"|(?P<text>[^\\{}]+)|\\\Z",
    re.IGNORECASE | re.DOTALL,
)
CHANGED = (b"\\deleted", b"\\footnote", b"\\bin")
SHOWN = frozenset(
    {b"u", b"tab", b"par", b"line", b"emdash", b"endash", b"bullet", b"sect", b"page"}
)
QUOTES = frozenset({b"lquote", b"rquote", b"ldblquote", b"rdblquote", b"emspace", b"enspace"})


def as_accepted(data: bytes) -> bytes:
    """Return a document without what is deleted, and with `[^1]` where each note belongs."""
    if not any(word in data for word in CHANGED):
        return data
    copy = _Copy()
    at = 0
    while (token := TOKEN.match(data, at)) is not None:
        at = token.end()
        if token["word"] == b"bin":
            # Raw bytes of a picture, which may hold anything, and which nothing here reads.
            at += max(0, int(token["number"] or 0))
        elif token["brace"]:
            copy.border(token["brace"])
        else:
            copy.take(token)
    return b"".join([*copy.parts, data[at:]])


@dataclass
class _Copy:
    """What is kept so far, and whether what comes is deleted, for each group that is open."""

    parts: list[bytes] = field(default_factory=list)
    deleted: list[bool] = field(default_factory=lambda: [False])
    notes: int = 0

    def border(self, brace: bytes) -> None:
        if brace == b"{":
            self.deleted.append(self.deleted[-1])
        elif len(self.deleted) > 1:
            self.deleted.pop()
        self.parts.append(brace)

    def take(self, token: re.Match[bytes]) -> None:
        word = token["word"]
        if word == b"chftn":
            # A number that not every producer writes: the mark of the note is it. What stands
            # in its place parts a word before it from the text behind.
            self.parts.append(b"{}")
            return
        if word in {b"deleted", b"plain"}:
            self.deleted[-1] = word == b"deleted" and token["number"] != b"0"
        elif word == b"footnote" and not self.deleted[-1]:
            self._mark()
        shows = word is None or word in SHOWN or word in QUOTES
        if not (self.deleted[-1] and shows):
            self.parts.append(token[0])

    def _mark(self) -> None:
        r"""Put a mark before the group of a note, which some let readers skip (`\*`)."""
        self.notes += 1
        while self.parts and self.parts[-1].strip() in {b"", b"\\*"}:
            self.parts.pop()
        self.parts.insert(max(0, len(self.parts) - 1), b"[^%d]" % self.notes)
