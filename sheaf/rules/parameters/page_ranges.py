"""Lists of pages as clients write them: `0-2,7`."""

import re

MAX_TARGET_PAGES = 100_000
"""Most page numbers that `target_pages` may name; far over any document, small in memory."""

_PAGES = re.compile(r"\s*([0-9]{1,9})\s*(?:-\s*([0-9]{1,9})\s*)?", re.ASCII)


def parse_target_pages(text: str) -> tuple[int, ...]:
    """Page numbers, 1-based, ascending and unique, of a 0-based list such as `0-2,7`.

    Raises:
        ValueError: see `page_ranges`.
    """
    return tuple(sorted({page + 1 for pages in page_ranges(text) for page in pages}))


def page_ranges(text: str, first: int = 0) -> list[range]:
    """The ranges of a list of pages between commas, in the order and numbers of the text.

    Args:
        text: such as `0-2,7`.
        first: number of the first page, which the list counts from.

    Raises:
        ValueError: the text is no such list, or names more than `MAX_TARGET_PAGES` pages, repeats
            included. The message names the field and the fix.
    """
    ranges = [_page_range(part, first) for part in text.split(",")]
    if sum(map(len, ranges)) > MAX_TARGET_PAGES:
        raise ValueError(
            f"target_pages names more than {MAX_TARGET_PAGES:,} pages. "
            "Name fewer, or leave target_pages out to read all pages."
        )
    return ranges


def _page_range(part: str, first_page: int) -> range:
    match = _PAGES.fullmatch(part)
    if match is None or int(match[1]) < first_page:
        raise ValueError(
            f"target_pages has {part.strip()[:40]!r}, which is no page number or range. "
            f"Write {first_page}-based numbers and ranges between commas, such as "
            f"{first_page}-{first_page + 2},{first_page + 7}."
        )
    first = int(match[1])
    last = first if match[2] is None else int(match[2])
    if last < first:
        raise ValueError(
            f"target_pages has the range {first}-{last}, which runs backwards. "
            f"Write {last}-{first}."
        )
    return range(first, last + 1)
