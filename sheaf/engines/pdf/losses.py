"""Text of a page that its markdown lacks: it is put back, and told.

liteparse lays out what it understands, and leaves out of the markdown what it does not: words that
stand askew, whole pages that lie on their side. Its plain text has them all.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sheaf.contracts.documents import ParsedPage

REPLACED_SHARE = 0.5
"""From this share of lost letters on, the plain text stands in for the markdown."""
MAX_CHARACTERS = 100_000
"""Longest text whose pieces are looked for one by one, each in the whole markdown."""
MARKS = " \n\t|#*-_`>\\[]()!~"
"""What markdown adds to a text, and may take from it."""
_BETWEEN = re.compile(r"[\W_]+")
_GAP = re.compile(r"\s{2,}")
_TARGET = re.compile(r"\]\([^()\s]*+(?:\([^()\s]*+\)[^()\s]*+)?\)")


@dataclass(frozen=True)
class Loss:
    """What one page lacked."""

    page: int
    share: float
    """Of the letters of its text."""


def with_nothing_lost(
    pages: Sequence[ParsedPage], whole: Mapping[int, ParsedPage], *, is_strict: bool
) -> tuple[list[ParsedPage], list[str]]:
    """Return pages whose markdown has all that their text has, and a warning about the others.

    Args:
        pages: as they were read.
        whole: the same pages with headers and footers, by number, where `pages` are without.
        is_strict: whether pages that lack too much stay as they are, for the job to fail of.
    """
    kept, losses = [], []
    for page in pages:
        lost, share = _lost(whole.get(page.page, page))
        if not lost or page.error or (is_strict and share >= REPLACED_SHARE):
            kept.append(page)
            continue
        losses.append(Loss(page.page, share))
        if share >= REPLACED_SHARE:
            kept.append(page.changed(md=as_paragraphs(page.text), blocks=()))
        else:
            md = "\n\n".join(filter(None, [page.md, "\n".join(lost)]))
            kept.append(page.changed(md=md))
    return kept, _told(losses)


def lost_lines(text: str, markdown: str) -> tuple[list[str], float]:
    """Return the pieces of a page's text that the markdown has nowhere, and their share of it.

    Pieces are what wide gaps part: a line of a page may run over several columns. They are
    looked for by their letters and digits, so that a word that was cut at the end of a line and
    joined in the markdown is found.
    """
    if len(text) > MAX_CHARACTERS:
        share = 1 - _weight(markdown) / max(_weight(text), 1)
        return (text.split("\n"), share) if share >= REPLACED_SHARE else ([], 0.0)
    kept = _BETWEEN.sub("", markdown)
    lost, count, total = [], 0, 0
    for line in text.split("\n"):
        missing = []
        for piece in _GAP.split(line.strip()):
            letters = _BETWEEN.sub("", piece)
            total += len(letters)
            if letters and letters not in kept:
                missing.append(piece)
                count += len(letters)
        if missing:
            lost.append("  ".join(missing))
    return lost, count / total if total else 0.0


def as_paragraphs(text: str) -> str:
    """Return the plain text of a page as markdown: its lines, without the room between columns."""
    lines = (_GAP.sub("  ", line.strip()) for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


def _lost(page: ParsedPage) -> tuple[list[str], float]:
    return ([], 0.0) if _is_surely_whole(page) else lost_lines(page.text, page.md)


def _told(losses: Sequence[Loss]) -> list[str]:
    """Return the warning about pages that lacked text, if there are any."""
    if not losses:
        return []
    share = max(1, round(100 * max(loss.share for loss in losses)))
    where = f"page {losses[0].page}" if len(losses) == 1 else f"{len(losses)} pages"
    lacked = f"the layout of {where} lacked up to {share} % of the text"
    return [f"{lacked}; it was put back, at the end of the markdown or in place of it"]


def _is_surely_whole(page: ParsedPage) -> bool:
    """Whether the markdown has no fewer letters than the text; quick, since every page is asked."""
    # Targets of links have letters of their own.
    md = _TARGET.sub("", page.md) if "](" in page.md else page.md
    return _weight(md) >= _weight(page.text)


def _weight(text: str) -> int:
    return len(text) - sum(map(text.count, MARKS))
