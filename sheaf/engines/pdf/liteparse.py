"""The call of liteparse, and its pages as ours."""

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Any

from sheaf.contracts.documents import ParsedPage, ParseOptions
from sheaf.contracts.failures import DocumentError, FailureKind
from sheaf.contracts.page_parts import Block, Box, Line, Word, block_key
from sheaf.engines import ocr
from sheaf.engines.source import Source, named

HIGH_DPI = 300.0
"""Twice the 150 that liteparse draws pages at for OCR."""

UNOPENED = "file not found"
"""What liteparse says of a file that it cannot open, for whatever reason."""

PLACEHOLDER_START = "![](img_p"
PLACEHOLDER = re.compile(r"^!\[\]\((img_p\d+_\d+\.\w+)\)\n*", re.MULTILINE)
"""Link to a picture. Turning them off at the source also takes away the paragraph breaks around
them."""


def render(
    source: Source,
    suffix: str,
    *,
    pages: str | None,
    limit: int,
    language: str | None,
    margins: bool = True,
    password: str | None = None,
    has_xml: bool = False,
) -> Any:
    """Call liteparse; with a language, pages are read by OCR where they need it.

    Args:
        source: the file, of any name, and what is wanted of it.
        suffix: the extension of its detected type; liteparse goes by nothing else.
        pages: ascending ranges as in `1-5,10`, or None for all.
        limit: most pages to return, at most 1,000.
        language: Tesseract's, or None to leave OCR out.
        margins: whether headers and footers stay in the markdown.
        password: of the document.
        has_xml: whether the parts of a form that is XML are given.

    Raises:
        DocumentError: Unsupported, when liteparse is not installed.
        RuntimeError: whatever liteparse has against the file.
    """
    options = {
        "output_format": "markdown",
        "ocr_enabled": language is not None,
        "ocr_language": language or "eng",
        "tessdata_path": _tessdata(),
        "ocr_failure_fatal": False,
        "continue_on_page_error": True,
        "extract_blocks": True,
        "keep_headers_footers": margins,
        "max_pages": limit,
        "num_workers": 1,
        "quiet": True,
        **_asked(source.options, is_ocr=language is not None),
    }
    if suffix == ".pdf":
        options |= {"extract_annotations": True, "extract_form_fields": True}
    if has_xml:
        options["extract_xfa_packets"] = True
    if pages is not None:
        options["target_pages"] = pages
    if password is not None:
        options["password"] = password
    # A password stays in the process no longer than its document.
    make = _engine.__wrapped__ if password is not None else _engine
    with named(source.path, suffix) as name:
        return make(**options).parse(name)


@cache
def _tessdata() -> str:
    # Named even with OCR off: without a folder, liteparse may download.
    return str(ocr.data_folder() or "/nonexistent")


@lru_cache(maxsize=8)
def _engine(**options: Any) -> Any:
    """Return the engine with these options; it takes no state from one file to the next.

    Raises:
        DocumentError: Unsupported, when liteparse is not installed.
    """
    try:
        # Not the public wrapper: it copies every text item to a dataclass, which we drop, and
        # takes as long as the parse itself (0.55 s against 0.30 s on 54 PDFs, 2.18.0).
        from liteparse._liteparse import LiteParse
    except ImportError as error:
        raise DocumentError(
            FailureKind.UNSUPPORTED, "PDF and images need the package liteparse"
        ) from error
    return LiteParse(**options)


def _asked(options: ParseOptions, *, is_ocr: bool) -> dict[str, Any]:
    asked: dict[str, Any] = {"skip_diagonal_text": options.skip_diagonal_text}
    if options.crop:
        asked["crop_box"] = options.crop
    if options.high_res_ocr and is_ocr:
        asked["dpi"] = HIGH_DPI
    if "embedded" in options.images or options.inline_images or options.strict_images:
        asked["extract_images"] = True
    if "screenshot" in options.images:
        asked["extract_screenshots"] = True
    return asked


def page_from(native: Any, options: ParseOptions) -> ParsedPage:
    """Return liteparse's page as ours; a page without text has no markdown either."""
    text = native.text.strip("\n")
    markdown = native.markdown
    keeps_pictures = options.inline_images or "embedded" in options.images
    if not keeps_pictures and PLACEHOLDER_START in markdown:
        markdown = PLACEHOLDER.sub("", markdown)
    return ParsedPage(
        page=native.page_num,
        text=text,
        # liteparse renders an empty page as an empty code block.
        md=markdown.strip("\n") if text.strip() else "",
        width=native.width,
        height=native.height,
        blocks=tuple(_blocks(native.blocks or ())),
        lines=tuple(_lines(native, options)),
    )


def scaled(page: ParsedPage, factor: float) -> ParsedPage:
    """Return a page with its size and all its places multiplied."""

    def grown(box: Box) -> Box:
        return Box(*(round(value * factor, 1) for value in box))

    return page.changed(
        width=page.width and page.width * factor,
        height=page.height and page.height * factor,
        blocks=tuple(block._replace(box=grown(block.box)) for block in page.blocks),
        lines=tuple(
            Line(
                line.text,
                grown(line.box),
                tuple(Word(word.text, grown(word.box)) for word in line.words),
            )
            for line in page.lines
        ),
    )


def as_ranges(numbers: Iterable[int]) -> str:
    """Write ascending page numbers as liteparse reads them: `1-5,10`."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)


def box_of(native: Any) -> Box:
    """Return the place of anything that liteparse gives a place to, to a tenth of a point."""
    return Box(
        round(native.x, 1), round(native.y, 1), round(native.width, 1), round(native.height, 1)
    )


def block_text(native: Any) -> str:
    """Return all that a block says: its text, or that of its lines or cells."""
    # In this order, and no further than needed: each look is a copy.
    if text := native.text or " ".join(native.lines or ()):
        return str(text)
    rows = [native.header or (), *(native.rows or ())]
    return " ".join(cell.text for row in rows for cell in row)


def _blocks(natives: Iterable[Any]) -> Iterable[Block]:
    for native in natives:
        if native.bbox is not None:
            yield Block(native.kind, block_key(block_text(native)), box_of(native.bbox))


def _lines(native: Any, options: ParseOptions) -> Iterable[Line]:
    if not (options.line_boxes or options.word_boxes):
        return
    for item in native.text_items:
        words = item.words or () if options.word_boxes else ()
        yield Line(item.text, box_of(item), tuple(Word(word.text, box_of(word)) for word in words))
