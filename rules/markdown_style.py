"""How a page's markdown is written: tables as HTML or without padding, or no markdown at all.

Engines give tables as pipe tables of GitHub's markdown, padded or not; the canonical result keeps
them like that, and a job's style is put on whenever a result is written or read.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token

from models.documents import ParsedPage
from models.parse_parameters import BatchParseJobConfig

_MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table")
_BREAK = re.compile(r"\s*<br\s*/?>\s*", re.IGNORECASE)
_CELLS = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True)
class MarkdownStyle:
    """What a job asks of its markdown; the defaults leave it as the engine gave it."""

    tables_as_html: bool = False
    compact_tables: bool = False
    """Pipe tables without padding: `|a|b|` and `|-|-|`."""
    header_separator: str | None = None
    """Stands between the lines of a cell of a table's header, in the place of `<br>`."""
    is_plain: bool = False
    """The text of the page in the place of its markdown."""

    @classmethod
    def of(cls, parameters: BatchParseJobConfig) -> "MarkdownStyle":
        """Return the style that a parse job asks for."""
        return cls(
            tables_as_html=parameters.output_tables_as_HTML,
            compact_tables=parameters.compact_markdown_table,
            header_separator=parameters.markdown_table_multiline_header_separator,
            is_plain=parameters.disable_reconstruction,
        )


def styled(pages: Sequence[ParsedPage], style: MarkdownStyle) -> tuple[ParsedPage, ...]:
    """Return pages with their markdown in a style."""
    if style == MarkdownStyle():
        return tuple(pages)
    return tuple(page.model_copy(update={"md": _page(page, style)}) for page in pages)


def restyle_tables(markdown: str, style: MarkdownStyle) -> str:
    """Return markdown with its tables in a style; every other line stays as it is."""
    lines = markdown.split("\n")
    for start, end in reversed(_tables(_MARKDOWN.parse(markdown))):
        lines[start:end] = _table(lines[start:end], style)
    return "\n".join(lines)


def _page(page: ParsedPage, style: MarkdownStyle) -> str:
    return page.text if style.is_plain else restyle_tables(page.md, style)


def _tables(tokens: Sequence[Token]) -> list[tuple[int, int]]:
    """Return the lines of each table that stands by itself, not in a list or a quotation."""
    return [
        (token.map[0], token.map[1])
        for token in tokens
        if token.type == "table_open" and token.map and token.level == 0
    ]


def _table(lines: list[str], style: MarkdownStyle) -> list[str]:
    if style.header_separator is not None:
        lines = [_BREAK.sub(lambda _: style.header_separator or "", lines[0]), *lines[1:]]
    if style.tables_as_html:
        return [*_MARKDOWN.render("\n".join(lines)).rstrip("\n").split("\n"), ""]
    if style.compact_tables:
        return [_compact(line, is_rule=number == 1) for number, line in enumerate(lines)]
    return lines


def _compact(line: str, *, is_rule: bool) -> str:
    if not line.strip():
        return line
    text = line.strip().removeprefix("|")
    cells = [cell.strip() for cell in _CELLS.split(text)]
    if cells[-1] == "":
        cells.pop()
    if is_rule:
        cells = [re.sub("-+", "-", cell) for cell in cells]
    return "|" + "|".join(cells) + "|"
