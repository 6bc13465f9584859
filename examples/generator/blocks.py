"""The few kinds of block that every sample document is made of.

Texts are written once, in a small part of Markdown, and each writer (PDF, DOCX, ODT, RTF, HTML,
EPUB) draws the same blocks in its own format:

    # Title                 a heading, one to three levels
    - point                 a list item
    | a | b |               a table row; the first row is the header
    ===                     a new page, where the format has pages
    anything else           a paragraph, up to the next empty line
"""

import re
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True)
class Block:
    """One heading, paragraph, list item, table or page break."""

    kind: str
    text: str = ""
    level: int = 0
    rows: tuple[tuple[str, ...], ...] = ()


def parse(source: str) -> list[Block]:
    """Read the blocks of a text."""
    blocks: list[Block] = []
    for chunk in re.split(r"\n\s*\n", source.strip()):
        blocks.extend(_chunk(chunk.splitlines()))
    return blocks


def _chunk(lines: list[str]) -> list[Block]:
    if lines[0].startswith("|"):
        return [Block("table", rows=tuple(_cells(line) for line in lines))]
    if lines[0].startswith("#"):
        marks, _, text = lines[0].partition(" ")
        rest = _chunk(lines[1:]) if lines[1:] else []
        return [Block("heading", text, level=len(marks)), *rest]
    if lines[0] == "===":
        return [Block("break")]
    if lines[0].startswith("- "):
        items = re.split(r"^- ", "\n".join(lines), flags=re.MULTILINE)[1:]
        return [Block("bullet", " ".join(item.split())) for item in items]
    return [Block("paragraph", " ".join(line.strip() for line in lines))]


def _cells(line: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in line.strip("|").split("|"))


def html_body(blocks: list[Block]) -> str:
    """Draw blocks as the inside of an HTML or XHTML body."""
    lines: list[str] = []
    for index, block in enumerate(blocks):
        text = escape(block.text, quote=False)
        if block.kind == "table":
            lines += _html_table(block)
        elif block.kind == "heading":
            lines.append(f"<h{block.level}>{text}</h{block.level}>")
        elif block.kind == "bullet":
            lines += _html_item(text, _kind_at(blocks, index - 1), _kind_at(blocks, index + 1))
        else:
            lines.append(f"<p>{text}</p>")
    return "\n".join(lines)


def _kind_at(blocks: list[Block], index: int) -> str:
    return blocks[index].kind if 0 <= index < len(blocks) else ""


def _html_item(text: str, before: str, after: str) -> list[str]:
    lines = [] if before == "bullet" else ["<ul>"]
    lines.append(f"<li>{text}</li>")
    return lines if after == "bullet" else [*lines, "</ul>"]


def _html_table(table: Block) -> list[str]:
    lines = ["<table>"]
    for number, row in enumerate(table.rows):
        tag = "td" if number else "th"
        cells = "".join(f"<{tag}>{escape(cell, quote=False)}</{tag}>" for cell in row)
        lines.append(f"<tr>{cells}</tr>")
    return [*lines, "</table>"]
