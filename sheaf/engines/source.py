"""The file in the hands of an engine, and the page numbers it is asked for."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path

from sheaf.contracts.documents import ParsedDocument, ParsedPage, ParseOptions
from sheaf.contracts.failures import DocumentError, FailureKind

MAX_PAGES = 100_000
"""Most pages that any document may have; beyond it, a page tree is a trap."""


@dataclass(frozen=True)
class Source:
    """One file, its detected type, and what the caller wants of it."""

    path: Path
    name: str
    media_type: str
    options: ParseOptions = field(default_factory=ParseOptions)
    image_folder: Path | None = None
    """Where pictures go that are asked for."""
    passwords: tuple[str, ...] = field(default=(), repr=False)
    """To try on a document that needs one."""

    def wanted(self, total_pages: int) -> tuple[int, ...]:
        """Return the pages to keep, 1-based and ascending; those past the end are left out.

        Raises:
            DocumentError: TooManyPages, or Empty when pages are asked for and there are none of
                them.
        """
        if total_pages > MAX_PAGES:
            raise DocumentError(
                FailureKind.TOO_MANY_PAGES, f"{total_pages} pages, over the limit of {MAX_PAGES}"
            )
        most = self.options.max_total_pages
        if most is not None and total_pages > most:
            raise DocumentError(
                FailureKind.TOO_MANY_PAGES, f"{total_pages} pages, over max_pages_enforced: {most}"
            )
        pages: tuple[int, ...] = tuple(range(1, total_pages + 1))
        if self.options.target_pages is not None:
            asked = set(self.options.target_pages)
            pages = tuple(page for page in pages if page in asked)
            if not pages:
                message = (
                    "target_pages: none of the pages asked for is in the document, "
                    f"of {_counted(total_pages)}"
                )
                raise DocumentError(FailureKind.EMPTY, message)
        return pages[: self.options.max_pages]

    def select(self, pages: list[ParsedPage]) -> tuple[ParsedPage, ...]:
        """Keep the wanted ones of all the pages of a document."""
        wanted = set(self.wanted(max((page.page for page in pages), default=0)))
        return tuple(page for page in pages if page.page in wanted)


def past_the_end(options: ParseOptions, total_pages: int) -> str | None:
    """Return a warning that pages were asked for which a document does not have."""
    asked = set(options.target_pages or ())
    missing = sum(page > total_pages for page in asked)
    if not missing:
        return None
    return (
        f"target_pages: {missing} of the {len(asked)} pages asked for are past the end of the "
        f"document, which has {_counted(total_pages)}"
    )


def _counted(pages: int) -> str:
    return "1 page" if pages == 1 else f"{pages} pages"


@contextmanager
def named(path: Path, suffix: str) -> Iterator[str]:
    """Give a file a name that ends as its type asks for."""
    if path.suffix.lower() == suffix:
        yield str(path)
        return
    with tempfile.TemporaryDirectory(prefix="named-") as folder:
        link = Path(folder) / f"document{suffix}"
        link.symlink_to(path.absolute())
        yield str(link)


@cache
def package_version(package: str) -> str:
    """Return the version of an installed package; reading it takes as long as a small file does.

    Raises:
        PackageNotFoundError: it is not installed.
    """
    return version(package)


def has_text(document: ParsedDocument) -> bool:
    """Whether any page holds more than white space."""
    return any(page.text.strip() or page.md.strip() for page in document.pages)


def page_of(text: str, number: int = 1) -> ParsedPage:
    """Return a page of a format that has no rendering apart from its text."""
    return ParsedPage(page=number, text=text, md=text)
