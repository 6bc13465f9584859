"""What is drawn on the pages of a PDF, object by object: invisible text, broken pictures.

pypdfium2 is loaded where a page or a job asks for this and nowhere else: liteparse brings a PDFium
of its own, and knows neither how text is drawn nor whether a picture could be decoded.
"""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sheaf.engines.source import Source
from sheaf.engines.system_faults import raise_unopened

UNOPENED = "File access error"
"""What PDFium says of a file that it cannot open, for whatever reason."""

INVISIBLE = 3
"""Text rendering mode of PDF (ISO 32000-1, table 106): neither filled nor stroked."""


MAX_OBJECTS = 20_000
"""Objects of a page that are looked at."""
OCR_DPI = 150
"""The resolution that liteparse draws pages at for OCR."""
MAX_SIDE = 5000.0
"""Pixels."""


@contextmanager
def without_hidden_text(source: Source) -> Iterator[tuple[Source, int]]:
    """Give a copy of a PDF whose invisible text is gone, and how many pieces of text that were.

    A PDF without any is given as it is, and so is one that PDFium cannot open: what is wrong with
    it is for the engine to say.
    """
    with TemporaryDirectory(prefix="visible-") as folder:
        copy = Path(folder) / "document.pdf"
        removed = _remove_hidden(source, copy)
        yield (replace(source, path=copy) if removed else source), removed


def broken_images(source: Source) -> list[int]:
    """Return the page of each picture that cannot be decoded, 1-based."""
    import pypdfium2
    from pypdfium2 import raw

    broken = []
    with opened(source) as document:
        for number, page in _pages(document):
            for image in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE]):
                try:
                    image.get_bitmap().close()
                except pypdfium2.PdfiumError:
                    broken.append(number)
    return broken


def picture_share(document: Any, number: int) -> float:
    """Return how much of a page its pictures cover, 0 where invisible text says what they show."""
    from pypdfium2 import raw

    page = document[number - 1]
    try:
        width, height = page.get_size()
        texts = hidden = 0
        covered = 0.0
        kinds = [raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_TEXT]
        for one in islice(page.get_objects(filter=kinds), MAX_OBJECTS):
            if one.type == raw.FPDF_PAGEOBJ_TEXT:
                texts += 1
                hidden += raw.FPDFTextObj_GetTextRenderMode(one) == INVISIBLE
            else:
                left, bottom, right, top = one.get_bounds()
                covered += max(0.0, right - left) * max(0.0, top - bottom)
    finally:
        page.close()
    return 0.0 if hidden > texts / 2 else covered / (width * height or 1)


def drawn_picture(document: Any, number: int) -> Any:
    """Return a picture of a page at the resolution of OCR, as Pillow has it."""
    page = document[number - 1]
    try:
        scale = min(OCR_DPI / 72, MAX_SIDE / max(page.get_size()))
        return page.render(scale=scale).to_pil().copy()
    finally:
        page.close()


def changed_copy(source: Source, copy: Path, change: Callable[[Any], bool]) -> bool:
    """Write a copy of a PDF that was changed, and say whether there is one.

    Args:
        source: the document; a password opens the copy as it opens this.
        copy: where it goes.
        change: changes the document that PDFium has opened, and says whether it did.
    """
    import pypdfium2

    with opened(source) as document:
        if not document:
            return False
        try:
            is_changed = change(document)
        except pypdfium2.PdfiumError:
            return False
        if is_changed:
            # Not by PDFium: it says of a full disk only that it could not save.
            written = io.BytesIO()
            document.save(written)
            copy.write_bytes(written.getbuffer())
    return is_changed


def _remove_hidden(source: Source, copy: Path) -> int:
    from pypdfium2 import raw

    removed = 0

    def change(document: Any) -> bool:
        nonlocal removed
        for _, page in _pages(document):
            hidden = [
                text
                for text in page.get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT])
                if raw.FPDFTextObj_GetTextRenderMode(text) == INVISIBLE
            ]
            for text in hidden:
                (text.container or page).remove_obj(text)
            if hidden:
                page.gen_content()
            removed += len(hidden)
        return removed > 0

    changed_copy(source, copy, change)
    return removed


@contextmanager
def opened(source: Source) -> Iterator[Any]:
    """Give the document; one without pages where it cannot be opened."""
    document = _document(source)
    if document is None:
        yield ()
        return
    try:
        yield document
    finally:
        document.close()


def _document(source: Source) -> Any:
    import pypdfium2

    for password in (None, *source.passwords):
        try:
            return pypdfium2.PdfDocument(source.path, password=password)
        except pypdfium2.PdfiumError as error:
            if UNOPENED in str(error):
                raise_unopened(source.path)
    return None


def _pages(document: Any) -> Iterator[tuple[int, Any]]:
    import pypdfium2

    for at in range(len(document)):
        try:
            page = document[at]
        except pypdfium2.PdfiumError:
            continue  # a page that cannot be loaded is reported by the engine
        try:
            yield at + 1, page
        finally:
            page.close()
