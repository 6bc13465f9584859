"""The HTML that Exchange wraps in RTF (MS-OXRTFEX), taken out as it was."""

import re
from dataclasses import dataclass, replace

from sheaf.engines.detection.charset import decode

HEAD_BYTES = 8192
MARK = rb"\fromhtml"
_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?[0-9]{1,10})?[ ]?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])"
    rb"|[\r\n]+|([^\\{}\r\n]++)"
)
SKIPPED = frozenset(
    {b"fonttbl", b"colortbl", b"stylesheet", b"info", b"pntext", b"mhtmltag", b"listtable"}
)
LETTERS = {
    b"par": "\n",
    b"line": "\n",
    b"tab": "\t",
    b"lquote": "\u2018",
    b"rquote": "\u2019",
    b"ldblquote": "\u201c",
    b"rdblquote": "\u201d",
    b"bullet": "\u2022",
    b"endash": "\u2013",
    b"emdash": "\u2014",
}
CODEPAGES = {
    128: 932,
    129: 949,
    134: 936,
    136: 950,
    161: 1253,
    162: 1254,
    163: 1258,
    177: 1255,
    178: 1256,
    186: 1257,
    204: 1251,
    222: 874,
    238: 1250,
}
"""Code pages of the charsets that fonts have."""


class NotEncapsulatedError(ValueError):
    """The RTF is a document of its own."""


@dataclass
class _State:
    """What a group inherits from the one around it."""

    is_skipped: bool = False
    is_tag: bool = False
    is_twin: bool = False
    """Whether this is the RTF twin of HTML, between \\htmlrtf and \\htmlrtf0."""
    fallback: int = 1
    font: int = -1


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.codepage = 1252
        self.fonts: dict[int, int] = {}
        self.out: list[str] = []
        self.pending = bytearray()
        self.state = _State()
        self.stack: list[_State] = []
        self.to_skip = 0
        self.is_starred = False

    def read(self) -> str:
        at = 0
        while at < len(self.data):
            token = _TOKEN.match(self.data, at)
            if token is None:
                at += 1
                continue
            at = token.end()
            word, number = token[1], token[2]
            if word == b"bin":
                at += max(0, int(number or 0))
            elif word is not None:
                self._word(word, None if number is None else int(number))
            elif token[5] is not None:
                self._group(token[5])
            else:
                self._letters(token)
        self._flush()
        return "".join(self.out)

    def _group(self, brace: bytes) -> None:
        self._flush()
        self.is_starred = False
        self.to_skip = 0
        if brace == b"{":
            self.stack.append(self.state)
            self.state = replace(self.state)
        elif self.stack:
            self.state = self.stack.pop()

    def _letters(self, token: re.Match[bytes]) -> None:
        if token[3] is not None:
            self._bytes(bytes.fromhex(token[3].decode()))
        elif token[4] == b"*":
            self.is_starred = True
        elif token[4] is not None:
            self._text(
                {b"~": "\u00a0", b"_": "\u2011", b"-": "\u00ad"}.get(token[4]) or "", token[4]
            )
        elif token[6] is not None:
            self._bytes(token[6])

    def _word(self, word: bytes, number: int | None) -> None:
        starred, self.is_starred = self.is_starred, False
        state = self.state
        if starred:
            state.is_tag = word == b"htmltag"
            state.is_skipped = state.is_skipped or word != b"htmltag"
        elif word in SKIPPED:
            state.is_skipped = True
        elif word == b"htmlrtf":
            self._flush()
            state.is_twin = number != 0
        elif word == b"ansicpg" and number:
            self.codepage = number
        elif word == b"f" and number is not None:
            self._flush()
            state.font = number
        elif word == b"fcharset" and number in CODEPAGES:
            self.fonts[state.font] = CODEPAGES[number]
        elif word == b"uc":
            state.fallback = max(0, min(number or 0, 8))
        elif word == b"u" and number is not None:
            self._text(_unit(number), None)
            self.to_skip = state.fallback
        elif word in LETTERS:
            self._text(LETTERS[word], None)

    def _text(self, text: str, escaped: bytes | None) -> None:
        if escaped in {b"\\", b"{", b"}"}:
            self._bytes(escaped)
        elif self._is_visible():
            self._flush()
            self.out.append(text)

    def _bytes(self, data: bytes) -> None:
        skipped = min(self.to_skip, len(data))
        self.to_skip -= skipped
        if self._is_visible():
            self.pending += data[skipped:]

    def _is_visible(self) -> bool:
        return not self.state.is_skipped and (self.state.is_tag or not self.state.is_twin)

    def _flush(self) -> None:
        if self.pending:
            codepage = self.fonts.get(self.state.font, self.codepage)
            self.out.append(decode(bytes(self.pending), f"windows-{codepage}"))
            self.pending.clear()


def html_of(data: bytes) -> str:
    """Return the HTML that RTF encapsulates.

    Raises:
        NotEncapsulatedError: it does none.
    """
    if MARK not in data[:HEAD_BYTES]:
        raise NotEncapsulatedError
    text = _Reader(data).read()
    # Characters beyond the first 65,536 come as two halves.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _unit(number: int) -> str:
    return chr(number & 0xFFFF)
