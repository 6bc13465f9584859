"""Pictures, read by OCR."""

from dataclasses import replace

from sheaf.contracts.documents import ParsedDocument
from sheaf.contracts.failures import DocumentError, FailureKind
from sheaf.engines import ocr
from sheaf.engines.detection.image_size import size_of
from sheaf.engines.pdf.liteparse import UNOPENED, page_from, render
from sheaf.engines.source import Source, package_version
from sheaf.engines.system_faults import raise_unopened

MAX_PIXELS = 100_000_000
"""A4 at 1,000 dpi; liteparse holds a picture in memory several times over."""
HEAD_BYTES = 4 * 1024**2
"""Enough to find the size behind the thumbnails and colour profiles of a JPEG."""
MAX_FRAMES = 1000

SUFFIXES = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/gif": ".gif",
    "image/tiff": ".tiff",
    "image/webp": ".webp",
    "image/bmp": ".bmp",
}


def read(source: Source) -> ParsedDocument:
    """Read the text in a picture.

    Raises:
        DocumentError: TooLarge, Corrupt, Empty when OCR is off, or Unsupported when the data of
            a language is missing.
    """
    _check_pixels(source)
    if not source.options.ocr:
        raise DocumentError(
            FailureKind.EMPTY, "a picture has no text without OCR, which is turned off"
        )
    language = ocr.language_argument(source.options.languages)
    suffix = SUFFIXES[source.media_type]
    # The picture is the document: there are none in it to keep.
    options = source.options.changed(images=(), inline_images=False)
    try:
        answer = render(
            replace(source, options=options),
            suffix,
            pages=None,
            limit=MAX_FRAMES,
            language=language,
        )
    except (DocumentError, MemoryError):
        raise
    except Exception as error:
        if UNOPENED in str(error):
            raise_unopened(source.path)
        raise DocumentError(FailureKind.CORRUPT, f"the picture cannot be read: {error}") from error
    return ParsedDocument(
        pages=source.select([page_from(page, options) for page in answer.pages]),
        media_type=source.media_type,
        engine="liteparse",
        engine_version=package_version("liteparse"),
        total_pages=answer.total_pages,
    )


def _check_pixels(source: Source) -> None:
    with source.path.open("rb") as file:
        size = size_of(file.read(HEAD_BYTES), source.media_type)
    if size is None:
        return
    width, height = size
    if width * height > MAX_PIXELS:
        message = f"picture of {width} x {height}, over the limit of {MAX_PIXELS} pixels"
        raise DocumentError(FailureKind.TOO_LARGE, message)
