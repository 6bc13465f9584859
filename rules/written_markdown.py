"""The markdown of a whole document, as a job wants it written."""

from collections.abc import Sequence

from models.documents import ParsedPage
from models.markdown_style import Rendering
from rules.markdown_style import styled
from rules.rendering import render_markdown
from rules.table_merging import merge_tables


def written_markdown(pages: Sequence[ParsedPage], asked: Rendering) -> str:
    """Return the markdown of all pages of a canonical result."""
    joined: frozenset[int] = frozenset()
    if asked.style.merges_tables:
        pages, joined = merge_tables(pages)
    if asked.style.keeps_separator:
        joined = frozenset()
    shown = styled(pages, asked.style)
    return render_markdown(shown, asked.separator, asked.prefix, asked.suffix, joined)
