"""Tables that run over from one page to the next, joined in the markdown of a whole document."""

import re
from collections.abc import Sequence

from sheaf.contracts.documents import ParsedPage

_RULE = re.compile(r"\|?(\s*:?-+:?\s*\|)+\s*(:?-+:?\s*)?")
_CELLS = re.compile(r"(?<!\\)\|")


def merge_tables(pages: Sequence[ParsedPage]) -> tuple[tuple[ParsedPage, ...], frozenset[int]]:
    """Return pages with continued tables joined, and the numbers of pages that gave rows away.

    A table is continued where one page ends with a pipe table and the next begins with one of as
    many columns. Its rows move up; a head that says the same again is dropped, any other becomes a
    row. No word is lost and none changes its order.
    """
    merged: list[ParsedPage] = []
    gave: set[int] = set()
    above: _Above | None = None
    for page in pages:
        rest = above.take(page.md) if above else None
        if rest is not None:
            gave.add(page.page)
            page = page.changed(md=rest)  # noqa: PLW2901 - the page as it goes on
        merged.append(page)
        if page.md.strip():
            _close(merged, above)
            above = _Above(len(merged) - 1, page.md)
    _close(merged, above)
    return tuple(merged), frozenset(gave)


class _Above:
    """The last page that has text: a table may fill several pages.

    Args:
        at: its place among the merged pages.
        md: its own markdown.
    """

    def __init__(self, at: int, md: str) -> None:
        self.at = at
        self.has_taken = False
        self._lines = md.rstrip().split("\n")
        self._head = _head(self._lines)

    @property
    def md(self) -> str:
        """The markdown with all rows that it has taken."""
        return "\n".join(self._lines)

    def take(self, below: str) -> str | None:
        """Take the rows that the next page begins with; return what is left of it.

        None where it does not go on with the table that this page ends with, if with any.
        """
        lower = below.strip("\n").split("\n")
        end = _table_end(lower)
        if self._head is None or end == 0:
            return None
        cells = _cells(lower[0])
        if len(cells) != len(self._head):
            return None
        self._lines[-1] = self._lines[-1].rstrip()
        self._lines += lower[2:end] if cells == self._head else [lower[0], *lower[2:end]]
        self.has_taken = True
        return "\n".join(lower[end:]).strip("\n")


def _close(merged: list[ParsedPage], above: _Above | None) -> None:
    if above is not None and above.has_taken:
        merged[above.at] = merged[above.at].changed(md=above.md)


def _head(lines: Sequence[str]) -> list[str] | None:
    """Return the cells of the head of the table that lines end with, if they end with one."""
    start = len(lines)
    while start > 0 and lines[start - 1].startswith("|"):
        start -= 1
    return _cells(lines[start]) if _is_table(lines[start:]) else None


def _table_end(lines: Sequence[str]) -> int:
    end = 0
    while end < len(lines) and lines[end].startswith("|"):
        end += 1
    return end if _is_table(lines[:end]) else 0


def _is_table(lines: Sequence[str]) -> bool:
    return len(lines) >= 2 and _RULE.fullmatch(lines[1].strip()) is not None


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in _CELLS.split(line.strip().strip("|"))]
