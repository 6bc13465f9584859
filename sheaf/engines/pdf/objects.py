"""What is drawn on the pages of a PDF, object by object: invisible text, broken pictures.

pypdfium2 is loaded where a job asks for this and nowhere else: liteparse brings a PDFium of its
own, and knows neither how text is drawn nor whether a picture could be decoded.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sheaf.engines.source import Source
from sheaf.engines.system_faults import raise_unopened

UNOPENED = "File access error"
"""What PDFium says of a file that it cannot open, for whatever reason."""

INVISIBLE = 3
"""Text rendering mode of PDF (ISO 32000-1, table 106): neither filled nor stroked."""


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
    with _opened(source) as document:
        for number, page in _pages(document):
            for image in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE]):
                try:
                    image.get_bitmap().close()
                except pypdfium2.PdfiumError:
                    broken.append(number)
    return broken


def _remove_hidden(source: Source, copy: Path) -> int:
    from pypdfium2 import raw

    removed = 0
    with _opened(source) as document:
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
        if removed:
            # Not by PDFium: it says of a full disk only that it could not save.
            written = io.BytesIO()
            document.save(written)
            copy.write_bytes(written.getbuffer())
    return removed


@contextmanager
def _opened(source: Source) -> Iterator[Any]:
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
