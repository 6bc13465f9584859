"""Runs of text with marks, as a line of markdown."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

PAGE_BREAK = "\f"
"""Where a page ends by what the document says; XML cannot hold this character."""


@dataclass(frozen=True)
class Marks:
    """How a run is set."""

    bold: bool = False
    italic: bool = False
    strike: bool = False
    link: str = ""

    def but(self, *, bold: bool | None, italic: bool | None, strike: bool | None) -> "Marks":
        """Return marks with what is said in place of what was."""
        return replace(
            self,
            bold=self.bold if bold is None else bold,
            italic=self.italic if italic is None else italic,
            strike=self.strike if strike is None else strike,
        )


PLAIN = Marks()
_HEAD = re.compile(r"(?:(?![_\u2e80-\uffff])\w)+")
"""Letters of a word, in writings that part their words."""
Span = tuple[str, Marks]


def written(spans: Iterable[Span]) -> str:
    """Return runs as markdown: what is set alike is marked once, and blanks stand outside."""
    merged: list[Span] = []
    for text, marks in spans:
        if not text:
            continue
        if merged and (merged[-1][1] == marks):
            merged[-1] = (merged[-1][0] + text, marks)
        else:
            merged.append((text, marks))
    return "".join(_marked(text, marks) for text, marks in _whole_words(merged))


def _whole_words(spans: list[Span]) -> list[Span]:
    """Return runs whose bold and italic marks break no word: half a word is set plainly."""
    whole: list[Span] = []
    for text, marks in spans:
        before, mark = whole[-1] if whole else ("", marks)
        head = _HEAD.match(text)
        tail = _tail(before) if head else ""
        if not head or not tail or _emphasis(mark) == _emphasis(marks):
            whole.append((text, marks))
            continue
        whole[-1] = (before[: -len(tail)], mark)
        whole.append((tail, mark.but(bold=False, italic=False, strike=None)))
        whole.append((head[0], marks.but(bold=False, italic=False, strike=None)))
        whole.append((text[head.end() :], marks))
    return [(text, marks) for text, marks in whole if text]


def _emphasis(marks: Marks) -> tuple[bool, bool]:
    return marks.bold, marks.italic


def _tail(text: str) -> str:
    at = len(text)
    while at and _HEAD.match(text[at - 1]):
        at -= 1
    return text[at:]


def _marked(text: str, marks: Marks) -> str:
    if marks == PLAIN or not text.strip():
        return text
    if "\n" in text or PAGE_BREAK in text:
        mark = "\n" if "\n" in text else PAGE_BREAK
        return mark.join(_marked(line, marks) for line in text.split(mark))
    core = text.strip()
    start = text.index(core)
    before, after = text[:start], text[start + len(core) :]
    sign = "*" * (2 * marks.bold + marks.italic)
    if sign:
        core = f"{sign}{core}{sign}"
    if marks.strike:
        core = f"~~{core}~~"
    if marks.link:
        target = marks.link.replace(" ", "%20").replace("(", "%28").replace(")", "%29")
        core = f"[{core}]({target})"
    return before + core + after
