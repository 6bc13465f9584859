"""Documents that are proved to hold nothing, which complete without text.

Silence of an engine proves nothing: a damaged file gives the same. So each format has a proof of
its own, and is wrong in one direction only: what is not understood counts as content.
"""

import math
import re
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

from sheaf.contracts.documents import ParsedDocument, ParsedPage
from sheaf.engines.pdf.content import leaves_pages_bare
from sheaf.engines.source import named
from sheaf.engines.system_faults import is_of_document, raise_if_of_machine

MAX_AREA = 50_000_000
"""Most square points that are rendered, a pixel each: 100 pages of A4, about a second."""
DPI = 72
"""Even here, a grey dot of a tenth of a point changes a pixel (liteparse 2.18.0)."""

MAX_WORD_BYTES = 16 * 1024**2
WORD_BODY = re.compile(rb"<(?:[\w.-]+:)?body[\s/>]")
WORD_CONTENT = re.compile(
    rb"<!DOCTYPE|\x00|"  # entities and UTF-16 would hide the rest
    rb"<(?:[\w.-]+:)?(?:t|delText|instrText|fldSimple|sym|drawing|pict|object|altChunk|subDoc"
    rb"|contentPart|AlternateContent)[\s/>]"
)


def blanked(document: ParsedDocument) -> ParsedDocument:
    """Return a document whose pages were proved blank, marked so and rid of white space."""
    is_whole = len(document.pages) == document.total_pages
    warning = f"{'the document is' if is_whole else 'the pages asked for are'} blank"
    bare = tuple(page.changed(text="", md="") for page in document.pages)
    return document.changed(pages=bare, is_blank=True, warnings=(*document.warnings, warning))


def word_is_blank(path: Path) -> bool:
    """Whether no part of a .docx can show anything; thumbnails of it are not looked at."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [
                entry
                for entry in archive.infolist()
                if not entry.filename.startswith("docProps/")
                and not entry.filename.endswith((".rels", "/"))
            ]
            if sum(entry.file_size for entry in entries) > MAX_WORD_BYTES:
                return False
            if not all(entry.filename.endswith(".xml") for entry in entries):
                return False  # a picture, a font or another document
            parts = [archive.read(entry) for entry in entries]
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError) as error:
        if isinstance(error, OSError) and not is_of_document(error):
            raise
        return False
    return any(map(WORD_BODY.search, parts)) and not any(map(WORD_CONTENT.search, parts))


def pdf_is_blank(path: Path, pages: Sequence[ParsedPage]) -> bool:
    """Whether these pages of a PDF, in which liteparse found no text, show nothing at all.

    Their rendering is not enough: pages with a damaged stream or picture are rendered white.
    """
    area = sum((page.width or math.inf) * (page.height or math.inf) for page in pages)
    if not 0 < area <= MAX_AREA:
        return False
    return leaves_pages_bare(path) and _are_uniform(path, pages)


def _are_uniform(path: Path, pages: Sequence[ParsedPage]) -> bool:
    """Whether each page is of one colour; the first that is not ends the work."""
    from liteparse._liteparse import LiteParse

    # The folder is named even with OCR off: without one, liteparse may download.
    engine = LiteParse(
        dpi=DPI,
        ocr_enabled=False,
        tessdata_path="/nonexistent",
        render_form_fields=True,
        num_workers=1,
        quiet=True,
    )
    try:
        with named(path, ".pdf") as name:
            return all(
                shot.is_solid_fill
                for page in pages
                for shot in engine.screenshot(name, [page.page])
            )
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - what cannot be rendered is not proved
        raise_if_of_machine(error)
        return False
