"""How the pages of a document become one text.

The engine's result holds pages; what stands around and between them belongs to the request and is
added whenever a result is written, so that one result serves every choice of separators.
"""

from collections.abc import Callable, Sequence

from sheaf.contracts.documents import ParsedPage
from sheaf.contracts.http.parse_output import DEFAULT_PAGE_SEPARATOR

PAGE_NUMBER = "{pageNumber}"
"""Stands for a page's number in the source: the current page's in a prefix or suffix, the next
page's in a separator."""


def render_markdown(
    pages: Sequence[ParsedPage],
    separator: str | None = None,
    prefix: str | None = None,
    suffix: str | None = None,
    joined: frozenset[int] = frozenset(),
) -> str:
    """The pages' markdown as one text, in the order given.

    Args:
        pages: the pages to write; their own text is never searched for `PAGE_NUMBER`.
        separator: stands between two pages; None means `DEFAULT_PAGE_SEPARATOR`.
        prefix: stands before each page, without a line break unless it ends in one.
        suffix: stands after each page, likewise.
        joined: numbers of pages with an empty line before them in the place of the separator.
    """
    return _render(pages, lambda page: page.md, separator, prefix, suffix, joined)


def render_text(
    pages: Sequence[ParsedPage],
    separator: str | None = None,
    prefix: str | None = None,
    suffix: str | None = None,
) -> str:
    """The pages' plain text as one text; otherwise as `render_markdown`."""
    return _render(pages, lambda page: page.text, separator, prefix, suffix)


def _render(
    pages: Sequence[ParsedPage],
    content: Callable[[ParsedPage], str],
    separator: str | None,
    prefix: str | None,
    suffix: str | None,
    joined: frozenset[int] = frozenset(),
) -> str:
    between = DEFAULT_PAGE_SEPARATOR if separator is None else separator
    parts: list[str] = []
    for position, page in enumerate(pages):
        if position > 0:
            parts.append("\n\n" if page.page in joined else _numbered(between, page))
        parts += [_numbered(prefix or "", page), content(page), _numbered(suffix or "", page)]
    return "".join(parts)


def _numbered(template: str, page: ParsedPage) -> str:
    return template.replace(PAGE_NUMBER, str(page.page))
