"""Tables that run over from one page to the next, joined in the markdown of a whole document."""

import re
from collections.abc import Sequence

from models.documents import ParsedPage

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
    for page in pages:
        above = _last(merged)
        if above is not None and (moved := _moved(merged[above].md, page.md)):
            merged[above] = merged[above].model_copy(update={"md": moved[0]})
            page = page.model_copy(update={"md": moved[1]})  # noqa: PLW2901 - the page as it goes on
            gave.add(page.page)
        merged.append(page)
    return tuple(merged), frozenset(gave)


def _last(pages: Sequence[ParsedPage]) -> int | None:
    """Return the place of the last page that still has text: a table may fill several pages."""
    return next((at for at in reversed(range(len(pages))) if pages[at].md.strip()), None)


def _moved(above: str, below: str) -> tuple[str, str] | None:
    upper, lower = above.rstrip().split("\n"), below.strip("\n").split("\n")
    top, end = _table_start(upper), _table_end(lower)
    if top is None or end == 0 or _width(upper[top]) != _width(lower[0]):
        return None
    rows = lower[2:end]
    if _cells(lower[0]) != _cells(upper[top]):
        rows = [lower[0], *rows]
    return "\n".join([*upper, *rows]), "\n".join(lower[end:]).strip("\n")


def _table_start(lines: Sequence[str]) -> int | None:
    start = len(lines)
    while start > 0 and lines[start - 1].startswith("|"):
        start -= 1
    return start if _is_table(lines[start:]) else None


def _table_end(lines: Sequence[str]) -> int:
    end = 0
    while end < len(lines) and lines[end].startswith("|"):
        end += 1
    return end if _is_table(lines[:end]) else 0


def _is_table(lines: Sequence[str]) -> bool:
    return len(lines) >= 2 and _RULE.fullmatch(lines[1].strip()) is not None


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in _CELLS.split(line.strip().strip("|"))]


def _width(line: str) -> int:
    return len(_cells(line))
