"""Pages that show their text as a picture: which they are, and what OCR reads on them.

A page is read by OCR when it has no text; when pictures cover it and far more of it than its text
does; when it has little text over a picture of the whole page, which no invisible text repeats;
and when the letters of its font mean nothing. What liteparse has read of the page stays.
"""

from collections.abc import Sequence
from typing import Any

from sheaf.contracts.documents import ParsedPage
from sheaf.contracts.page_parts import letters
from sheaf.engines import ocr
from sheaf.engines.orientation import legibility
from sheaf.engines.pdf.enclosed import may_have_pictures
from sheaf.engines.pdf.liteparse import page_from, scaled
from sheaf.engines.pdf.looks import SPARSE, is_doubtful, is_unreadable
from sheaf.engines.pdf.losses import lost_lines
from sheaf.engines.pdf.objects import drawn_picture, opened, picture_share
from sheaf.engines.pdf.pages import Pages
from sheaf.engines.pdf.vertical import vertical_texts
from sheaf.engines.pictures import plain, read_picture
from sheaf.engines.source import Source

COVERED = 0.5
"""Share of a page that pictures cover, from which on a page of little text is a scan."""
PAGES_PER_CALL = 20
"""Pages of OCR asked for at once: each takes a second."""
SHOWN_SHARE = 0.1
"""Pictures beside text that cover this much of a page and are not read are told."""


class Scans:
    """Finds and reads them."""

    def __init__(self, source: Source, pages: Pages) -> None:
        self._options = source.options
        self._pages = pages
        self._warn = pages.warnings.append

    def read(self, kept: list[ParsedPage], bare: list[int]) -> list[ParsedPage]:
        """Return pages with what OCR reads on them.

        Args:
            kept: all of them.
            bare: the numbers of those without text.

        Raises:
            DocumentError: Unsupported, when the data of a language is missing and no page has
                text, or the job is strict.
        """
        if bare and (vertical := vertical_texts(self._pages.source, bare)):
            kept = [
                page.changed(text=text, md=text) if (text := vertical.get(page.page)) else page
                for page in kept
            ]
            bare = [number for number in bare if number not in vertical]
        unreadable = [page.page for page in kept if is_unreadable(page.text)]
        doubtful = [page.page for page in kept if not page.error and is_doubtful(page.text)]
        pictured = self._pictured(kept, {*bare, *unreadable, *doubtful})
        asked = [*bare, *unreadable, *doubtful, *pictured]
        if not asked:
            return kept
        if not self._options.ocr:
            self._tell_unread(kept, unreadable, pictured)
            return kept
        if not self._may_read(kept, bare, asked, doubtful):
            return kept
        language = ocr.language_argument(self._options.languages)
        by_number = {page.page: page for page in kept}
        by_number |= self._read(by_number, sorted([*bare, *pictured]), language)
        for number in sorted([*unreadable, *doubtful]):
            by_number[number] = self._instead(by_number[number], language)
        return [by_number[page.page] for page in kept]

    def _pictured(self, kept: Sequence[ParsedPage], others: set[int]) -> list[int]:
        """Return the pages whose pictures are worth more than their text."""
        found, sparse, unread = [], [], []
        for page in kept:
            look = self._pages.look(page)
            if page.page in others or page.error:
                continue
            if look.is_pictured:
                found.append(page.page)
            elif look.pictures >= SHOWN_SHARE:
                unread.append(page.page)
            elif len(page.text) < SPARSE:
                sparse.append(page.page)
        if sparse and may_have_pictures(self._pages.source.path):
            with opened(self._pages.source) as document:
                found += [at for at in sparse if document and picture_share(document, at) > COVERED]
        if unread:
            self._warn(f"pictures beside the text were not read by OCR: {_pages(unread)}")
        return found

    def _may_read(
        self, kept: Sequence[ParsedPage], bare: list[int], asked: list[int], doubtful: list[int]
    ) -> bool:
        """Whether OCR is to be tried; where it only adds to text, missing data is a warning."""
        is_optional = len(bare) < len(kept) and not self._options.strict_ocr
        if not is_optional or ocr.can_read(self._options.languages):
            return True
        # The pages that have text are worth more than a failure of the whole document.
        if bare:
            what = "page without text was" if len(bare) == 1 else "pages without text were"
            self._warn(f"{len(bare)} {what} not read: OCR data not found")
        if more := sorted({*asked} - {*bare, *doubtful}):
            self._warn(f"pictures were not read, for OCR data was not found: {_pages(more)}")
        return False

    def _tell_unread(
        self, kept: Sequence[ParsedPage], unreadable: list[int], pictured: list[int]
    ) -> None:
        if unreadable:
            self._warn(f"fonts do not tell their letters: {_pages(unreadable)}")
        if pictured and len(pictured) <= len(kept):
            self._warn(f"pictures were not read, since OCR is off: {_pages(pictured)}")

    def _read(
        self, pages: dict[int, ParsedPage], numbers: list[int], language: str
    ) -> dict[int, ParsedPage]:
        read: dict[int, ParsedPage] = {}
        for start in range(0, len(numbers), PAGES_PER_CALL):
            part = numbers[start : start + PAGES_PER_CALL]
            for number, (native, page) in self._pages.natives(part, language).items():
                read[number] = page
                if not legibility(native.text_items).is_good:
                    read[number] = self._upright(pages[number], native, page, language)
        return read

    def _upright(
        self, before: ParsedPage, native: Any, page: ParsedPage, language: str
    ) -> ParsedPage:
        """Return a page read as it stands upright."""
        with opened(self._pages.source) as document:
            if not document:
                return page
            image = plain(drawn_picture(document, page.page))
        best, turn = read_picture(lambda: image, self._pages.source, language, first=native)
        if not turn:
            return page
        return _with_own_text(self._as_page(best, page, turn), before)

    def _instead(self, page: ParsedPage, language: str) -> ParsedPage:
        """Return a page as its picture reads, where that reads well and otherwise than its text."""
        with opened(self._pages.source) as document:
            if not document:
                return page
            image = plain(drawn_picture(document, page.page))
        best, turn = read_picture(lambda: image, self._pages.source, language)
        found = legibility(best.text_items)
        if not found.is_good or found.letters < len(letters(page.text)) / 4:
            self._warn(f"fonts may not tell their letters: {_pages([page.page])}")
            return page
        read = self._as_page(best, page, turn)
        _, share = lost_lines(page.text, read.text)
        if share < COVERED and not is_unreadable(page.text):
            return page  # it is what the page shows
        self._warn(f"read by OCR, since fonts do not tell their letters: {_pages([page.page])}")
        return read

    def _as_page(self, native: Any, page: ParsedPage, turn: int) -> ParsedPage:
        read = page_from(native, self._options.changed(images=(), inline_images=False))
        is_across = turn in {90, 270}
        width = page.height if is_across else page.width
        height = page.width if is_across else page.height
        factor = (width or 0) / read.width if read.width else 1
        return scaled(read, factor).changed(
            page=page.page,
            width=width,
            height=height,
            images=page.images,
            orientation=turn or None,
        )


def _with_own_text(read: ParsedPage, before: ParsedPage) -> ParsedPage:
    """Return what was read, with the page's own text where OCR has not read that too."""
    lost, _ = lost_lines(before.text, read.text)
    if not lost:
        return read
    own = "\n".join(lost)
    return read.changed(text=f"{own}\n\n{read.text}", md=f"{own}\n\n{read.md}")


def _pages(numbers: Sequence[int]) -> str:
    shown = ", ".join(map(str, sorted(numbers)[:10]))
    if len(numbers) == 1:
        return f"page {shown}"
    return f"pages {shown}" + (f" and {len(numbers) - 10} more" if len(numbers) > 10 else "")
