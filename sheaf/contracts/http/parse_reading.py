"""Parse parameters that say what is read from a document: pages, region, OCR, images, formats."""

from typing import Annotated, Literal

from pydantic import Field

from sheaf.contracts.http.languages import ParserLanguages
from sheaf.contracts.http.requests import RequestModel

Fraction = Annotated[float, Field(ge=0, le=1)]
"""A share of a page's width or height, or of a count."""


class PageParameters(RequestModel):
    """Which pages are read, and which part of each."""

    target_pages: str | None = None
    """0-based page numbers and ranges between commas, such as `0-2,7`; None reads all."""
    max_pages: Annotated[int, Field(ge=0)] | None = None
    """Read at most this many pages, from the first; None and 0 set no limit."""
    max_pages_enforced: Annotated[int, Field(ge=0)] | None = None
    """Fail documents with more pages than this."""
    bounding_box: str | None = None
    """Margins to leave out, as fractions `top,right,bottom,left`."""
    bbox_top: Fraction | None = None
    bbox_right: Fraction | None = None
    bbox_bottom: Fraction | None = None
    bbox_left: Fraction | None = None


class OcrParameters(RequestModel):
    """How text is read from images of text."""

    lang: ParserLanguages = ParserLanguages.EN
    """The OCR language where `languages` is not given."""
    languages: Annotated[tuple[ParserLanguages, ...], Field(min_length=1)] | None = None
    disable_ocr: bool = False
    high_res_ocr: bool = False


class TextParameters(RequestModel):
    """Which text of a page counts, and how it is put in order."""

    skip_diagonal_text: bool = False
    remove_hidden_text: bool = False
    preserve_very_small_text: bool = False
    do_not_unroll_columns: bool = False
    precise_bounding_box: bool = False
    line_level_bounding_box: bool = False
    extract_layout: bool = False
    ignore_document_elements_for_layout_detection: bool = False
    extract_printed_page_number: bool = False


class ImageParameters(RequestModel):
    """Which images come with the result."""

    disable_image_extraction: bool = False
    save_images: bool | None = None
    """True keeps embedded pictures also where `images_to_save` does not say which are kept, and
    false keeps none; None leaves it to `images_to_save`."""
    images_to_save: tuple[Literal["screenshot", "embedded", "layout"], ...] | None = None
    take_screenshot: bool = False
    internal_is_screenshot_job: bool = False


class FormatParameters(RequestModel):
    """What applies to spreadsheets, presentations and web pages only."""

    spreadsheet_extract_sub_tables: bool = False
    spreadsheet_force_formula_computation: bool = False
    spreadsheet_include_hidden_sheets: bool = False
    guess_xlsx_sheet_name: bool = False
    presentation_out_of_bounds_content: bool = False
    presentation_skip_embedded_data: bool = False
    html_make_all_elements_visible: bool = False
    html_remove_fixed_elements: bool = False
    html_remove_navigation_elements: bool = False
    annotate_revisions: bool | None = None
    """Whether tracked changes and comments of a text document are shown."""


class ReadingParameters(
    PageParameters, OcrParameters, TextParameters, ImageParameters, FormatParameters
):
    """All parameters of this module."""
