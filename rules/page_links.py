"""Links of a page: in its markdown, and written into its plain text."""

import re
from typing import NamedTuple

_LINK = re.compile(
    r"(?<!!)\[((?:[^\[\]\n]|\\.)+)\]\((<[^<>\n]*>|[^()\s]*(?:\([^()\s]*\)[^()\s]*)*)\)"
)
_MARKS = re.compile(r"[*_`~\\]")


class Link(NamedTuple):
    """Words that lead somewhere."""

    text: str
    url: str


def links_of(markdown: str) -> list[Link]:
    """Return the links of a page's markdown, in their order, with plain words."""
    return [
        Link(" ".join(_MARKS.sub("", text).split()), url.strip("<>"))
        for text, url in _LINK.findall(markdown)
    ]


def annotated(text: str, markdown: str) -> str:
    """Return plain text in which each link of the markdown stands as `[words](url)`.

    Links are looked for from top to bottom, each behind the one before; words that do not stand in
    the text as they do in the markdown are left as they are.
    """
    parts, at = [], 0
    for link in links_of(markdown):
        found = _find(text, link.text, at)
        if found is None:
            continue
        start, end = found
        parts += [text[at:start], f"[{text[start:end]}]({link.url})"]
        at = end
    return "".join([*parts, text[at:]])


def _find(text: str, words: str, start: int) -> tuple[int, int] | None:
    if not words:
        return None
    pattern = r"[ \t]+".join(map(re.escape, words.split()))
    found = re.compile(pattern).search(text, start)
    return found.span() if found else None
