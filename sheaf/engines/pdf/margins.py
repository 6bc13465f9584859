"""Headers, footers and printed page numbers of a PDF, as the engine tells them from the text.

The engine leaves margins out of the markdown, or keeps them; it does not say which is which. So
the pages are read both ways, and the difference is told.
"""

from collections.abc import Mapping

from sheaf.contracts.documents import ParsedPage
from sheaf.engines.markdown import plain_text
from sheaf.rules.rendering.page_margins import Margins, margins_of, printed_page_numbers


def with_margins(pages: list[ParsedPage], whole: Mapping[int, ParsedPage]) -> list[ParsedPage]:
    """Return pages with what stands in their margins.

    Args:
        pages: as they are kept, without margins.
        whole: the same pages with margins, by number.
    """
    pages = [_with_rows(page, whole.get(page.page, page)) for page in pages]
    margins = [_margins(page, whole.get(page.page, page)) for page in pages]
    printed = printed_page_numbers(
        [(page.page, found) for page, found in zip(pages, margins, strict=True)]
    )
    return [
        page.changed(header=found.header, footer=found.footer, printed_page_number=number)
        for page, found, number in zip(pages, margins, printed, strict=True)
    ]


def _with_rows(page: ParsedPage, whole: ParsedPage) -> ParsedPage:
    """Return the whole page where rows of a table were taken for what repeats over pages."""
    return whole if _in_rows(whole.md) > _in_rows(page.md) else page


def _in_rows(markdown: str) -> int:
    """Return how many words stand in tables."""
    rows = (line.replace("|", " ") for line in markdown.split("\n") if line.startswith("|"))
    return sum(len(row.split()) for row in rows)


def _margins(page: ParsedPage, whole: ParsedPage) -> Margins:
    return margins_of(plain_text(whole.md), plain_text(page.md))
