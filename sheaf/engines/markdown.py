"""The plain text of Markdown that an engine wrote, for engines that render only one of the two."""

import re
from bisect import bisect_left

TABLE_RULE = re.compile(r"^\|(?:\s*+:?-++:?\s*+\|)++$")
HEADING = re.compile(r"^#{1,6}\s++")
PICTURE = re.compile(r"!\[([^\[\]]*+)\]\((?:[^()\n]++|\([^()\n]*+\))*+\)")
LINK = re.compile(r"\[([^\[\]]++)\]\((?:[^()\n]++|\([^()\n]*+\))*+\)")
EMPHASIS_START = re.compile(r"(?=(\*{1,3}|~~|`))[*~`]")
"""Each place where emphasis may begin, with the longest mark there."""
EMPHASIS_MARKS = ("***", "**", "*", "~~", "`")
FENCE = re.compile(r"^(```|~~~)\w*$")


def plain_text(markdown: str) -> str:
    """Return the text without its marks: cells parted by tabs, links by their words."""
    lines = (_plain_line(line) for line in markdown.split("\n"))
    return "\n".join(line for line in lines if line is not None)


def without_emphasis(line: str) -> str:
    """Return a line without the marks around emphasized words, code and what is struck out.

    A mark stands right before what it marks, and the next one like it right behind. Where each
    may close is known beforehand: to look for it from every mark would be quadratic.
    """
    ends = {mark: _ends(line, mark) for mark in EMPHASIS_MARKS if mark in line}
    if not ends:
        return line
    parts, at = [], 0
    for start in EMPHASIS_START.finditer(line):
        if start.start() >= at and (found := _emphasized(line, start.start(), start[1], ends)):
            mark, end = found
            parts += [line[at : start.start()], line[start.start() + len(mark) : end]]
            at = end + len(mark)
    return "".join([*parts, line[at:]])


def _plain_line(line: str) -> str | None:
    if FENCE.match(line) or (line.startswith("|") and TABLE_RULE.match(line)):
        return None
    line = HEADING.sub("", line)
    if line.startswith("| ") and line.endswith("|"):
        cells = line.strip("|").split(" | ")
        line = "\t".join(cell.strip() for cell in cells)
    return without_emphasis(LINK.sub(r"\1", PICTURE.sub(r"\1", line)))


def _ends(line: str, mark: str) -> list[int]:
    """Return where a mark stands behind something, in order."""
    places = []
    at = line.find(mark, 1)
    while at > 0:
        if not line[at - 1].isspace():
            places.append(at)
        at = line.find(mark, at + 1)
    return places


def _emphasized(
    line: str, start: int, longest: str, ends: dict[str, list[int]]
) -> tuple[str, int] | None:
    """Return the mark that emphasis begins with at a place, and where it closes."""
    for mark in (longest[:size] for size in range(len(longest), 0, -1)):
        inside = start + len(mark)
        places = ends.get(mark, [])
        if inside < len(line) and not line[inside].isspace():
            at = bisect_left(places, inside + 1)
            if at < len(places):
                return mark, places[at]
    return None
