"""The markdown of a whole document, as a job wants it written."""

from collections.abc import Sequence

from sheaf.contracts.documents import ParsedPage
from sheaf.contracts.markdown_style import Rendering
from sheaf.rules.rendering.markdown_style import styled
from sheaf.rules.rendering.rendering import render_markdown
from sheaf.rules.rendering.table_merging import merge_tables


def written_markdown(pages: Sequence[ParsedPage], asked: Rendering) -> str:
    """Return the markdown of all pages of a canonical result."""
    joined: frozenset[int] = frozenset()
    if asked.style.merges_tables:
        pages, joined = merge_tables(pages)
    if asked.style.keeps_separator:
        joined = frozenset()
    shown = styled(pages, asked.style)
    return render_markdown(shown, asked.separator, asked.prefix, asked.suffix, joined)
