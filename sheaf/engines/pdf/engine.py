"""PDF by liteparse, with OCR for pages without a text layer, and xberg for what it refuses.

liteparse stops at 1,000 pages and says nothing; so every call states its bound, and the number
of pages that came back is compared with what was asked for.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sheaf.contracts.documents import ParsedDocument, ParsedPage
from sheaf.contracts.failures import DocumentError, FailureKind
from sheaf.engines import ocr
from sheaf.engines.blank import blanked, pdf_is_blank
from sheaf.engines.pdf.failed_pages import with_failed_pages
from sheaf.engines.pdf.images import Pictures
from sheaf.engines.pdf.liteparse import UNOPENED, as_ranges, page_from, render
from sheaf.engines.pdf.losses import with_nothing_lost
from sheaf.engines.pdf.margins import with_margins
from sheaf.engines.pdf.objects import without_hidden_text
from sheaf.engines.pdf.strictness import check_strictly
from sheaf.engines.source import Source, has_text, package_version
from sheaf.engines.system_faults import raise_if_of_machine, raise_unopened

PAGES_PER_CALL = 500
"""Pages asked for at once: bounds memory, and stays under liteparse's silent 1,000."""


def read(source: Source) -> ParsedDocument:
    """Parse a PDF.

    Raises:
        DocumentError: PasswordRequired, Corrupt, Empty without any of the pages asked for, or
            Unsupported when only OCR could read it and its data is missing.
    """
    if not source.options.remove_hidden_text:
        return _read(source)
    with without_hidden_text(source) as (visible, removed):
        document = _read(visible)
    if not removed:
        return document
    warning = f"{removed} pieces of hidden text were left out"
    return document.changed(warnings=(*document.warnings, warning))


def _read(source: Source) -> ParsedDocument:
    try:
        document = _Reading(source).document()
    except _RefusedError as refusal:
        return _read_with_xberg(source, str(refusal))
    check_strictly(source, document)
    return document


class _RefusedError(Exception):
    """liteparse cannot open the file."""


class _Reading:
    """The pages of one document, call by call."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._pictures = Pictures(source.options, source.image_folder)
        self._reasons: dict[int, str] = {}
        self._password: str | None = None
        self._untried = list(source.passwords)

    def document(self) -> ParsedDocument:
        """Read all the pages wanted."""
        source, options = self._source, self._source.options
        first = (options.target_pages or ())[:PAGES_PER_CALL]
        limit = min(options.max_pages or PAGES_PER_CALL, PAGES_PER_CALL)
        answer = self._render(as_ranges(first) if first else None, limit)
        total = answer.total_pages
        wanted = source.wanted(total)
        found = self._taken(answer) | self._fetch(list(wanted[limit:]))
        kept, warnings = with_failed_pages(found, wanted, self._reasons, options, self._raw_text)
        bare = [page.page for page in kept if not (page.text.strip() or page.error)]
        # Before OCR: a proof takes less time, and no language data.
        is_blank = len(bare) == len(wanted) and pdf_is_blank(source.path, kept)
        if bare and options.ocr and not (is_blank or options.screenshots_only):
            kept, warning = self._with_ocr(kept, bare)
            warnings += warning
        whole = self._fetch([page.page for page in kept], whole=True) if options.margins else {}
        kept, losses = with_nothing_lost(kept, whole, is_strict=options.strict_markdown)
        warnings += losses
        if options.margins:
            kept = with_margins(kept, whole)
        if self._pictures.left_out:
            warnings.append(f"{self._pictures.left_out} pictures over the limit were left out")
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
        self, pages: list[ParsedPage], bare: list[int]
    ) -> tuple[list[ParsedPage], list[str]]:
        languages = self._source.options.languages
        is_optional = len(bare) < len(pages) and not self._source.options.strict_ocr
        if is_optional and not ocr.can_read(languages):
            # The pages that have text are worth more than a failure of the whole document.
            what = (
                "1 page without text was"
                if len(bare) == 1
                else f"{len(bare)} pages without text were"
            )
            return pages, [f"{what} not read: OCR data not found"]
        read = self._fetch(bare, language=ocr.language_argument(languages))
        return [read.get(page.page, page) for page in pages], []

    def _fetch(
        self, numbers: list[int], *, language: str | None = None, whole: bool = False
    ) -> dict[int, ParsedPage]:
        pages: dict[int, ParsedPage] = {}
        for start in range(0, len(numbers), PAGES_PER_CALL):
            part = numbers[start : start + PAGES_PER_CALL]
            answer = self._render(as_ranges(part), len(part), language, whole=whole)
            pages |= self._pages(answer) if whole else self._taken(answer)
        return pages

    def _taken(self, answer: Any) -> dict[int, ParsedPage]:
        for error in answer.page_errors or ():
            raise_if_of_machine(RuntimeError(error.message))
            self._reasons[error.page_num] = error.message
        return self._pictures.put_on(self._pages(answer), answer)

    def _pages(self, answer: Any) -> dict[int, ParsedPage]:
        options = self._source.options
        return {native.page_num: page_from(native, options) for native in answer.pages}

    def _render(
        self, pages: str | None, limit: int, language: str | None = None, *, whole: bool = False
    ) -> Any:
        while True:
            try:
                return render(
                    self._source,
                    ".pdf",
                    pages=pages,
                    limit=limit,
                    language=language,
                    # Told from the text only where a job asks: what repeats may be content.
                    margins=whole or not self._source.options.margins,
                    password=self._password,
                )
            except (DocumentError, MemoryError):
                raise
            except Exception as error:
                raise_if_of_machine(error)
                if UNOPENED in str(error):
                    raise_unopened(self._source.path)
                if "password" not in str(error).lower():
                    raise _RefusedError(str(error)) from error
                if not self._untried:
                    raise _locked(self._source) from error
                self._password = self._untried.pop(0)

    def _raw_text(self) -> Mapping[int, str]:
        """Return the text of all pages by the fallback engine, where it knows pages."""
        from sheaf.engines.office import engine as office

        options = self._source.options.changed(target_pages=None, max_pages=None)
        try:
            document = office.read(replace(self._source, options=options))
        except DocumentError as error:
            raise_if_of_machine(error)
            return {}
        return {page.page: page.text for page in document.pages if document.total_pages > 1}


def _locked(source: Source) -> DocumentError:
    name = source.options.password_ref
    message = "the PDF is encrypted and needs a password"
    if name and source.passwords:
        message = f"the PDF is encrypted, and none of the passwords of {name} opens it"
    elif name:
        message = f"the PDF is encrypted, and the operator keeps no passwords as {name}"
    return DocumentError(FailureKind.PASSWORD_REQUIRED, message)


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
