"""Faults of a PDF that are passed over, unless a job asks that they fail the document."""

import re
import unicodedata

from sheaf.contracts.documents import ParsedDocument, ParsedPage
from sheaf.contracts.failures import DocumentError, FailureKind
from sheaf.engines.markdown import plain_text
from sheaf.engines.pdf.objects import broken_images
from sheaf.engines.source import Source

MIN_MARKDOWN_COVERAGE = 0.5
"""Share of a page's words that its markdown must have. Headers and footers are left out of it."""
MAX_UNMAPPED_SHARE = 0.05
"""Share of a page's characters that may have no meaning outside of their font."""
_WORD = re.compile(r"\w+")


def check_strictly(source: Source, document: ParsedDocument) -> None:
    """Check what the job is strict about.

    Raises:
        DocumentError: Corrupt, naming the parameter and the first page.
    """
    options = source.options
    if options.strict_images and (broken := broken_images(source)):
        _fail("strict_mode_image_extraction", broken[0], "a picture cannot be decoded")
    for page in document.pages:
        if options.strict_fonts and _has_buggy_font(page):
            _fail("strict_mode_buggy_font", page.page, "a font does not tell its characters")
        if options.strict_markdown and not _is_covered(page):
            _fail("strict_mode_reconstruction", page.page, "the markdown lacks most of the text")


def _has_buggy_font(page: ParsedPage) -> bool:
    letters = [letter for letter in page.text if not letter.isspace()]
    unmapped = [one for one in letters if one == "\ufffd" or unicodedata.category(one) == "Co"]
    return len(unmapped) > MAX_UNMAPPED_SHARE * len(letters)


def _is_covered(page: ParsedPage) -> bool:
    words = len(_WORD.findall(page.text))
    return len(_WORD.findall(plain_text(page.md))) >= MIN_MARKDOWN_COVERAGE * words


def _fail(parameter: str, page: int, reason: str) -> None:
    raise DocumentError(FailureKind.CORRUPT, f"page {page}: {reason}, and {parameter} is set")
