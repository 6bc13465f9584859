"""The plain text of Markdown that an engine wrote, for engines that render only one of the two."""

import re

TABLE_RULE = re.compile(r"^\|(\s*:?-+:?\s*\|)+$")
HEADING = re.compile(r"^#{1,6}\s+")
PICTURE = re.compile(r"!\[([^\]]*)\]\([^)\n]*\)")
LINK = re.compile(r"\[([^\]]+)\]\((?:[^()\n]|\([^()\n]*\))*\)")
EMPHASIS = re.compile(r"(\*{1,3}|~~|`)(?=\S)(.+?)(?<=\S)\1")
FENCE = re.compile(r"^(```|~~~)\w*$")
MAX_INLINE_CHARACTERS = 20_000
"""A longer line is no prose, and not worth the time that patterns would take on it."""


def plain_text(markdown: str) -> str:
    """Return the text without its marks: cells parted by tabs, links by their words."""
    lines = (_plain_line(line) for line in markdown.split("\n"))
    return "\n".join(line for line in lines if line is not None)


def _plain_line(line: str) -> str | None:
    if FENCE.match(line) or (line.startswith("|") and TABLE_RULE.match(line)):
        return None
    line = HEADING.sub("", line)
    if line.startswith("| ") and line.endswith("|"):
        cells = line.strip("|").split(" | ")
        line = "\t".join(cell.strip() for cell in cells)
    if len(line) > MAX_INLINE_CHARACTERS:
        return line
    line = LINK.sub(r"\1", PICTURE.sub(r"\1", line))
    return EMPHASIS.sub(r"\2", line)
