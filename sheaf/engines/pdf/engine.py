"""PDF by liteparse, with OCR for what pages show as pictures, and xberg for what it refuses.

A page is read once, and again where that reading says so: from a copy, when a viewer draws over it
or it lies on its side; by OCR, when it shows pictures and next to no text.
"""

from contextlib import ExitStack

from sheaf.contracts.documents import ParsedDocument, ParsedPage
from sheaf.contracts.failures import DocumentError, FailureKind
from sheaf.engines.blank import blanked, pdf_is_blank
from sheaf.engines.pdf.additions import with_additions
from sheaf.engines.pdf.changes import Field
from sheaf.engines.pdf.enclosed import (
    attached_files,
    files_told,
    signs_of,
    values_of_xml,
)
from sheaf.engines.pdf.failed_pages import with_failed_pages
from sheaf.engines.pdf.layers import without_hidden_layers
from sheaf.engines.pdf.losses import with_nothing_lost
from sheaf.engines.pdf.margins import with_margins
from sheaf.engines.pdf.objects import without_hidden_text
from sheaf.engines.pdf.pages import PAGES_PER_CALL, Pages, RefusedError
from sheaf.engines.pdf.scans import Scans
from sheaf.engines.pdf.strictness import check_strictly
from sheaf.engines.source import Source, has_text, package_version


def read(source: Source) -> ParsedDocument:
    """Parse a PDF.

    Raises:
        DocumentError: PasswordRequired, Corrupt, Empty without any of the pages asked for, or
            Unsupported when only OCR could read it and its data is missing.
    """
    signs = signs_of(source.path)
    warnings: list[str] = []
    with ExitStack() as stack:
        shown = source
        if signs.has_layers:
            shown, told = stack.enter_context(without_hidden_layers(source))
            warnings += told
        if source.options.remove_hidden_text:
            shown, removed = stack.enter_context(without_hidden_text(shown))
            if removed:
                warnings.append(f"{removed} pieces of hidden text were left out")
        try:
            with Pages(shown) as pages:
                document = _document(shown, pages)
        except RefusedError as refusal:
            document = _read_with_xberg(source, str(refusal))
        else:
            check_strictly(shown, document)
    if signs.has_files:
        warnings += files_told(attached_files(source))
    if not warnings:
        return document
    return document.changed(warnings=(*document.warnings, *warnings))


def _document(source: Source, pages: Pages) -> ParsedDocument:
    """Read all the pages wanted."""
    options = source.options
    first = (options.target_pages or ())[:PAGES_PER_CALL]
    limit = min(options.max_pages or PAGES_PER_CALL, PAGES_PER_CALL)
    total, found = pages.first(first, limit)
    wanted = source.wanted(total)
    found |= pages.fetch(list(wanted[limit:]))
    found |= pages.changed(found)
    kept, warnings = with_failed_pages(
        found, wanted, pages.reasons, options, pages.text_by_fallback
    )
    kept, is_blank = _with_ocr(source, pages, kept, is_all=len(kept) == len(wanted))
    warnings += pages.warnings
    whole = pages.fetch([page.page for page in kept], whole=True) if options.margins else {}
    kept, losses = with_nothing_lost(kept, whole, is_strict=options.strict_markdown)
    warnings += losses
    if options.margins:
        kept = with_margins(kept, whole)
    kept, told = _with_additions(pages, kept)
    warnings += told
    if pages.pictures.left_out:
        warnings.append(f"{pages.pictures.left_out} pictures over the limit were left out")
    document = ParsedDocument(
        pages=tuple(map(_without_text, kept) if options.screenshots_only else kept),
        media_type=source.media_type,
        engine="liteparse",
        engine_version=package_version("liteparse"),
        total_pages=total,
        is_truncated=any(page.error for page in kept),
        warnings=tuple(warnings),
    )
    return blanked(document) if is_blank and not options.screenshots_only else document


def _with_ocr(
    source: Source, pages: Pages, kept: list[ParsedPage], *, is_all: bool
) -> tuple[list[ParsedPage], bool]:
    """Return pages with what only OCR can read, and whether they are proved to be blank."""
    bare = [page.page for page in kept if not (page.text.strip() or page.error)]
    # Before OCR: a proof takes less time, and no language data.
    if is_all and len(bare) == len(kept) and pdf_is_blank(source.path, kept):
        return kept, True
    if source.options.screenshots_only:
        return kept, False
    return Scans(source, pages).read(kept, bare), False


def _with_additions(pages: Pages, kept: list[ParsedPage]) -> tuple[list[ParsedPage], list[str]]:
    """Return pages with the values and notes that they do not show, and what is not read."""
    fields: list[Field] = pages.fields
    values: dict[str, str] = {}
    warnings = []
    if pages.is_xml_form:
        values = values_of_xml(pages.xml_packets())
        warnings.append(
            "an XFA form: its values are read, but not what only its XML lays out; print it to "
            "PDF to have all of it"
        )
    added = []
    for at, page in enumerate(kept):
        own = values if at == 0 else {}
        added.append(page if page.error else with_additions(page, pages.look(page), fields, own))
    if any(pages.look(page).has_files for page in kept):
        warnings.append("attachments at places of the pages were not read")
    return added, warnings


def _without_text(page: ParsedPage) -> ParsedPage:
    return page.changed(text="", md="", blocks=(), lines=())


def _read_with_xberg(source: Source, refusal: str) -> ParsedDocument:
    from sheaf.engines.office import engine as office

    try:
        document = office.read(source)
    except DocumentError as error:
        if error.kind is FailureKind.CORRUPT:
            raise DocumentError(FailureKind.CORRUPT, refusal) from error
        raise
    if not has_text(document):
        raise DocumentError(FailureKind.CORRUPT, refusal)
    warning = f"read by the fallback engine, since liteparse refused it: {refusal}"
    return document.changed(warnings=(*document.warnings, warning))
