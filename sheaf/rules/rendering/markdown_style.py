"""How a page is written: tables, margins, links, or no markdown at all.

Engines give tables as pipe tables of GitHub's markdown, padded or not; the canonical result keeps
them like that, and a job's style is put on whenever a result is written or read.
"""

import re
from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from sheaf.contracts.documents import ParsedPage
from sheaf.contracts.markdown_style import MarkdownStyle
from sheaf.rules.rendering.page_links import annotated
from sheaf.rules.rendering.page_margins import Margins, without_margins

_MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table")
_BREAK = re.compile(r"<br\s*+/?>", re.IGNORECASE)
_CELLS = re.compile(r"(?<!\\)\|")


def styled(pages: Sequence[ParsedPage], style: MarkdownStyle) -> tuple[ParsedPage, ...]:
    """Return pages with their markdown in a style."""
    if style == MarkdownStyle():
        return tuple(pages)
    return tuple(_page(page, style) for page in pages)


def with_styled_text(pages: Sequence[ParsedPage], style: MarkdownStyle) -> tuple[ParsedPage, ...]:
    """Return pages with their text alone in a style, which takes no look at their tables."""
    if style == MarkdownStyle():
        return tuple(pages)
    return tuple(page.changed(text=_text(page, style)) for page in pages)


def restyle_tables(markdown: str, style: MarkdownStyle) -> str:
    """Return markdown with its tables in a style; every other line stays as it is."""
    lines = markdown.split("\n")
    for start, end in reversed(_tables(_MARKDOWN.parse(markdown))):
        lines[start:end] = _table(lines[start:end], style)
    return "\n".join(lines)


def _page(page: ParsedPage, style: MarkdownStyle) -> ParsedPage:
    shown = page.changed(
        header=None if style.hides_headers else page.header,
        footer=None if style.hides_footers else page.footer,
    )
    md = (
        _without_margins(page, style)
        if style.is_plain
        else _with_margins(restyle_tables(page.md, style), shown, style)
    )
    return shown.changed(text=_text(page, style), md=md)


def _text(page: ParsedPage, style: MarkdownStyle) -> str:
    text = _without_margins(page, style)
    return annotated(text, page.md) if style.links_in_text else text


def _without_margins(page: ParsedPage, style: MarkdownStyle) -> str:
    hidden = Margins(
        page.header if style.hides_headers else None, page.footer if style.hides_footers else None
    )
    return page.text if hidden == Margins() else without_margins(page.text, hidden)


def _with_margins(markdown: str, page: ParsedPage, style: MarkdownStyle) -> str:
    parts = [
        _wrapped(page.header, style.around_header),
        markdown,
        _wrapped(page.footer, style.around_footer),
    ]
    return "\n\n".join(part for part in parts if part)


def _wrapped(margin: str | None, around: tuple[str, str] | None) -> str:
    return f"{around[0]}{margin}{around[1]}" if margin and around else ""


def _tables(tokens: Sequence[Token]) -> list[tuple[int, int]]:
    """Return the lines of each table that stands by itself, not in a list or a quotation."""
    return [
        (token.map[0], token.map[1])
        for token in tokens
        if token.type == "table_open" and token.map and token.level == 0
    ]


def _table(lines: list[str], style: MarkdownStyle) -> list[str]:
    if style.header_separator is not None:
        lines = [_joined(_BREAK.split(lines[0]), style.header_separator), *lines[1:]]
    if style.tables_as_html:
        return [*_MARKDOWN.render("\n".join(lines)).rstrip("\n").split("\n"), ""]
    if style.compact_tables:
        return [_compact(line, is_rule=number == 1) for number, line in enumerate(lines)]
    return lines


def _joined(parts: Sequence[str], separator: str) -> str:
    """Put a separator between parts, in the place of the blanks that were there too."""
    first, *rest = parts
    if not rest:
        return first
    *middle, last = rest
    return separator.join([first.rstrip(), *(part.strip() for part in middle), last.lstrip()])


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
