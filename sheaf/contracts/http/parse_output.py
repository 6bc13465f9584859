"""Parse parameters that say how a result is written, and what happens to pages that fail."""

from enum import StrEnum

from sheaf.contracts.http.parse_reading import Fraction
from sheaf.contracts.http.requests import RequestModel

DEFAULT_PAGE_SEPARATOR = "\n\n---\n\n"
"""What stands between two pages where a client names no `page_separator`.

The vendor's service writes this; its documentation says `\\n---\\n`. Both read as a rule.
"""


class FailPageMode(StrEnum):
    """What stands in for a page that could not be parsed."""

    RAW_TEXT = "raw_text"
    BLANK_PAGE = "blank_page"
    ERROR_MESSAGE = "error_message"


class PageTextParameters(RequestModel):
    """What stands around and between pages.

    `{pageNumber}` is the number of the page in a prefix or suffix, and of the *next* page in the
    separator.
    """

    page_separator: str | None = None
    """None writes `DEFAULT_PAGE_SEPARATOR`; an empty string joins pages without anything."""
    page_prefix: str | None = None
    page_suffix: str | None = None
    hide_headers: bool = False
    hide_footers: bool = False
    page_header_prefix: str | None = None
    page_header_suffix: str | None = None
    page_footer_prefix: str | None = None
    page_footer_suffix: str | None = None


class MarkdownParameters(RequestModel):
    """How text and links are written."""

    annotate_links: bool = False
    inline_images_in_markdown: bool = False
    disable_reconstruction: bool = False
    preserve_layout_alignment_across_pages: bool = False
    output_pdf_of_document: bool = False


class TableParameters(RequestModel):
    """How tables are found and written."""

    output_tables_as_HTML: bool = False  # noqa: N815 - the wire's spelling
    compact_markdown_table: bool = False
    markdown_table_multiline_header_separator: str | None = None
    merge_tables_across_pages_in_markdown: bool = False
    keep_page_separator_when_merging_tables: bool = False
    outlined_table_extraction: bool = False
    aggressive_table_extraction: bool = False
    adaptive_long_table: bool = False


class FailureParameters(RequestModel):
    """How much of a document may fail before the document does."""

    page_error_tolerance: Fraction = 0.05
    """Share of a document's pages that may fail."""
    replace_failed_page_mode: FailPageMode = FailPageMode.RAW_TEXT
    replace_failed_page_with_error_message_prefix: str | None = None
    replace_failed_page_with_error_message_suffix: str | None = None
    strict_mode_image_extraction: bool = False
    strict_mode_image_ocr: bool = False
    strict_mode_reconstruction: bool = False
    strict_mode_buggy_font: bool = False


class OutputParameters(PageTextParameters, MarkdownParameters, TableParameters, FailureParameters):
    """All parameters of this module."""
