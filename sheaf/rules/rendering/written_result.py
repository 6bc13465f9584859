"""A stored result as the job that asks for it wants it written."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from sheaf.contracts.documents import ParsedDocument, ParsedPage
from sheaf.contracts.markdown_style import Rendering
from sheaf.contracts.page_parts import PageImage
from sheaf.rules.rendering.markdown_style import styled, with_styled_text
from sheaf.rules.rendering.rendering import render_text
from sheaf.rules.rendering.written_markdown import written_markdown


@dataclass(frozen=True)
class WrittenResult:
    """A parsed document, and what is known of the job that asks for it."""

    document: ParsedDocument
    rendering: Rendering
    shows_layout: bool = False
    is_reused: bool = False

    @cached_property
    def pages(self) -> tuple[ParsedPage, ...]:
        """The pages, each as the job wants it written."""
        return styled(self.document.pages, self.rendering.style)

    @cached_property
    def texts(self) -> tuple[ParsedPage, ...]:
        """The pages with only their text as the job wants it written."""
        return with_styled_text(self.document.pages, self.rendering.style)

    @cached_property
    def text(self) -> str:
        """The plain text of all pages."""
        asked = self.rendering
        return render_text(self.texts, asked.separator, asked.prefix, asked.suffix)

    @cached_property
    def markdown(self) -> str:
        """The markdown of all pages."""
        return written_markdown(self.document.pages, self.rendering)

    def images(self) -> Iterator[PageImage]:
        """Yield the pictures that are kept, in the order of the pages."""
        for page in self.document.pages:
            yield from page.images
