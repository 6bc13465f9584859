"""What a job asks of the markdown of its results."""

from sheaf.contracts.http.parse_parameters import BatchParseJobConfig
from sheaf.contracts.temporal.payload import Payload


class MarkdownStyle(Payload):
    """What a job asks of its markdown; the defaults leave it as the engine gave it."""

    tables_as_html: bool = False
    compact_tables: bool = False
    """Pipe tables without padding: `|a|b|` and `|-|-|`."""
    header_separator: str | None = None
    """Stands between the lines of a cell of a table's header, in the place of `<br>`."""
    is_plain: bool = False
    """The text of the page in the place of its markdown."""
    links_in_text: bool = False
    """Plain text has `[words](url)` where the markdown has links."""
    hides_headers: bool = False
    hides_footers: bool = False
    """Whether the plain text is without them, and they are not told apart either."""
    around_header: tuple[str, str] | None = None
    around_footer: tuple[str, str] | None = None
    """What stands before and after them in the markdown, which is without them for None."""
    merges_tables: bool = False
    keeps_separator: bool = False
    """Whether a page that gave rows to a table keeps the separator before it."""

    @classmethod
    def of(cls, parameters: BatchParseJobConfig) -> "MarkdownStyle":
        """Return the style that a parse job asks for."""
        return cls(
            tables_as_html=parameters.output_tables_as_HTML,
            compact_tables=parameters.compact_markdown_table,
            header_separator=parameters.markdown_table_multiline_header_separator,
            is_plain=parameters.disable_reconstruction,
            links_in_text=parameters.annotate_links,
            hides_headers=parameters.hide_headers,
            hides_footers=parameters.hide_footers,
            around_header=_around(parameters.page_header_prefix, parameters.page_header_suffix),
            around_footer=_around(parameters.page_footer_prefix, parameters.page_footer_suffix),
            merges_tables=parameters.merge_tables_across_pages_in_markdown,
            keeps_separator=parameters.keep_page_separator_when_merging_tables,
        )


class Rendering(Payload):
    """How the pages of a document become one markdown, where more is asked than to join them."""

    style: MarkdownStyle = MarkdownStyle()
    separator: str | None = None
    prefix: str | None = None
    suffix: str | None = None


def _around(prefix: str | None, suffix: str | None) -> tuple[str, str] | None:
    return (prefix or "", suffix or "") if prefix or suffix else None
