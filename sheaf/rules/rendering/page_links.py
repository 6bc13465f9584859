"""Links of a page: in its markdown, and written into its plain text."""

import re
from bisect import bisect_left
from itertools import accumulate
from typing import NamedTuple

_LINK = re.compile(
    r"\\.|(?<!!)\[((?:[^\[\]\\\n]++|\\.)++)\]"
    r"\((<[^<>\n]*+>|[^()\s]*+(?:\([^()\s]*+\)[^()\s]*+)*+)\)"
)
"""A link; or a character behind a backslash, which begins none. No text is looked at again and
again: words end at the next bracket, and an address at the second parenthesis that does not fit."""
_MARKS = re.compile(r"[*_`~\\]")
_BLANKS = re.compile(r"[ \t]++")

MOST_MISSES = 200
"""Links of a page that are looked for in vain, each through the whole text."""


class Link(NamedTuple):
    """Words that lead somewhere."""

    text: str
    url: str


def links_of(markdown: str) -> list[Link]:
    """Return the links of a page's markdown, in their order, with plain words."""
    return [
        Link(" ".join(_MARKS.sub("", text).split()), url.strip("<>"))
        for text, url in _LINK.findall(markdown)
        if text
    ]


def annotated(text: str, markdown: str) -> str:
    """Return plain text in which each link of the markdown stands as `[words](url)`.

    Links are looked for from top to bottom, each behind the one before; words that do not stand in
    the text as they do in the markdown are left as they are. Behind `MOST_MISSES` of those, all
    are: the text is another than the markdown's.
    """
    searched, parts, at, behind, misses = _Searched(text), [], 0, 0, 0
    for link in links_of(markdown):
        found = searched.flat.find(link.text, behind) if link.text else -1
        if found < 0:
            misses += 1
            if misses == MOST_MISSES:
                break
            continue
        behind = found + len(link.text)
        start, end = searched.place(found), searched.place(behind)
        parts += [text[at:start], f"[{text[start:end]}]({link.url})"]
        at = end
    return "".join([*parts, text[at:]])


class _Searched:
    """A text whose words are found whatever blanks stand between them."""

    def __init__(self, text: str) -> None:
        self.flat = _BLANKS.sub(" ", text)
        """With one blank for each run of them."""
        runs = [found.span() for found in _BLANKS.finditer(text)]
        self._lost = [0, *accumulate(end - start - 1 for start, end in runs)]
        self._runs = [start - lost for (start, _), lost in zip(runs, self._lost, strict=False)]

    def place(self, at: int) -> int:
        """Return where a character of `flat`, or its end, is in the text."""
        return at + self._lost[bisect_left(self._runs, at)]
