"""The pages of one PDF as liteparse reads them, call by call.

liteparse stops at 1,000 pages and says nothing; so every call states its bound, and the number
of pages that came back is compared with what was asked for.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

from sheaf.contracts.documents import ParsedPage
from sheaf.contracts.failures import DocumentError, FailureKind
from sheaf.engines.pdf.changes import Changes, Field, changed
from sheaf.engines.pdf.images import Pictures
from sheaf.engines.pdf.liteparse import UNOPENED, as_ranges, page_from, render, scaled
from sheaf.engines.pdf.looks import LONGEST, Look, look_of
from sheaf.engines.source import Source
from sheaf.engines.system_faults import raise_if_of_machine, raise_unopened

PAGES_PER_CALL = 500
"""Pages asked for at once: bounds memory, and stays under liteparse's silent 1,000."""
SHORTENED = 1000.0
"""Points of the longest side of a page that was too long."""
XML_FORMS = frozenset({2, 3})
"""PDFium's kinds of forms that are XML."""


class RefusedError(Exception):
    """liteparse cannot open the file."""


class Pages:
    """Reads pages; a context, since copies lie beside the document while it is read."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._password: str | None = None
        self._untried = list(source.passwords)
        self._looks: dict[int, Look] = {}
        self._shrunk: dict[int, float] = {}
        self._turns: dict[int, int] = {}
        self._folder: TemporaryDirectory[str] | None = None
        self.pictures = Pictures(source.options, source.image_folder)
        self.reasons: dict[int, str] = {}
        """Why pages could not be read, by number."""
        self.fields: list[Field] = []
        """Fields of forms that hold a value, of the pages that are read from a copy."""
        self.warnings: list[str] = []
        self.is_xml_form = False
        self._packets: list[Any] = []

    def __enter__(self) -> Self:
        """Begin to read."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Take the copies away."""
        if self._folder is not None:
            self._folder.cleanup()

    @property
    def source(self) -> Source:
        """The document, or the copy that is read in its place."""
        return self._source

    def look(self, page: ParsedPage) -> Look:
        """Return what was seen of a page when it was read first."""
        return self._looks.get(page.page, Look())

    def first(self, numbers: Iterable[int], limit: int) -> tuple[int, dict[int, ParsedPage]]:
        """Return how many pages there are, and those of the first call."""
        ranges = as_ranges(numbers)
        answer = self._render(ranges or None, limit)
        self.is_xml_form = answer.form_type in XML_FORMS
        return int(answer.total_pages), self._taken(answer)

    def fetch(
        self, numbers: list[int], *, language: str | None = None, whole: bool = False
    ) -> dict[int, ParsedPage]:
        """Read pages; by OCR too with a language, and with their margins where they are whole."""
        pages: dict[int, ParsedPage] = {}
        for start in range(0, len(numbers), PAGES_PER_CALL):
            part = numbers[start : start + PAGES_PER_CALL]
            answer = self._render(as_ranges(part), len(part), language, whole=whole)
            pages |= self._pages(answer) if whole else self._taken(answer)
        return pages

    def natives(self, numbers: list[int], language: str) -> dict[int, tuple[Any, ParsedPage]]:
        """Read some pages by OCR, each also as liteparse gives it."""
        answer = self._render(as_ranges(numbers), len(numbers), language)
        pages = self._taken(answer)
        return {one.page_num: (one, pages[one.page_num]) for one in answer.pages}

    def changed(self, found: Mapping[int, ParsedPage]) -> dict[int, ParsedPage]:
        """Read those pages again that only show all they have in a copy; the copy stays in use."""
        drawn = frozenset(at for at, look in self._looks.items() if look.is_drawn_over)
        turned = {at: look.turn for at, look in self._looks.items() if look.turn}
        shrunk = {
            at: SHORTENED / longest
            for at, page in found.items()
            if (longest := max(page.width or 0, page.height or 0)) > LONGEST
        }
        changes = Changes(drawn, turned, shrunk)
        if not changes.pages:
            return {}
        self._folder = TemporaryDirectory(prefix="drawn-")
        copy = Path(self._folder.name) / "document.pdf"
        passwords = (self._password,) if self._password is not None else ()
        fields = changed(replace(self._source, passwords=passwords), copy, changes)
        if fields is None:
            self.warnings.append("forms and notes of the document may be missing")
            return {}
        self.fields = fields
        self._source = replace(self._source, path=copy)
        self._shrunk = shrunk
        self._turns = turned
        return self.fetch(changes.pages)

    def xml_packets(self) -> list[Any]:
        """Return the parts of a form that is XML."""
        if not self._packets:
            self._taken(self._render("1", 1))
        return self._packets

    def text_by_fallback(self) -> Mapping[int, str]:
        """Return the text of all pages by the fallback engine, where it knows pages."""
        from sheaf.engines.office import engine as office

        options = self._source.options.changed(target_pages=None, max_pages=None)
        try:
            document = office.read(replace(self._source, options=options))
        except DocumentError as error:
            raise_if_of_machine(error)
            return {}
        return {page.page: page.text for page in document.pages if document.total_pages > 1}

    def _taken(self, answer: Any) -> dict[int, ParsedPage]:
        for error in answer.page_errors or ():
            raise_if_of_machine(RuntimeError(error.message))
            self.reasons[error.page_num] = error.message
        self._packets = self._packets or list(answer.xfa_packets or ())
        return self.pictures.put_on(self._pages(answer), answer)

    def _pages(self, answer: Any) -> dict[int, ParsedPage]:
        options = self._source.options
        pages = {}
        for native in answer.pages:
            page = page_from(native, options)
            if native.page_num not in self._looks:
                self._looks[native.page_num] = look_of(native, page)
            if native.page_num in self._shrunk:
                page = scaled(page, 1 / self._shrunk[native.page_num])
            if native.page_num in self._turns:
                page = page.changed(orientation=(360 - self._turns[native.page_num]) % 360)
            pages[native.page_num] = page
        return pages

    def _render(
        self,
        pages: str | None,
        limit: int,
        language: str | None = None,
        *,
        whole: bool = False,
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
                    has_xml=self.is_xml_form and not self._packets,
                )
            except (DocumentError, MemoryError):
                raise
            except Exception as error:
                raise_if_of_machine(error)
                if UNOPENED in str(error):
                    raise_unopened(self._source.path)
                if "password" not in str(error).lower():
                    raise RefusedError(str(error)) from error
                if not self._untried:
                    raise _locked(self._source) from error
                self._password = self._untried.pop(0)


def _locked(source: Source) -> DocumentError:
    name = source.options.password_ref
    message = "the PDF is encrypted and needs a password"
    if name and source.passwords:
        message = f"the PDF is encrypted, and none of the passwords of {name} opens it"
    elif name:
        message = f"the PDF is encrypted, and the operator keeps no passwords as {name}"
    return DocumentError(FailureKind.PASSWORD_REQUIRED, message)
