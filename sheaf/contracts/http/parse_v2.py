"""The parse configuration of the v2 APIs, as saved configurations and single parses carry it.

Unlike the batch contract's, these models refuse fields that they do not know, as the contract
does. What each field means here is decided in `sheaf.rules.parameters.parse_v2`.
"""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from sheaf.contracts.http.languages import ParserLanguages
from sheaf.contracts.http.parse_reading import Fraction
from sheaf.contracts.http.requests import RequestModel
from sheaf.contracts.http.webhooks import WebhookConfiguration
from sheaf.contracts.texts import JsonObject, Text

MAX_WEBHOOKS = 4
"""Saved webhook configurations that one request may name."""

WebhookConfigurationIds = Annotated[
    list[Annotated[Text, Field(max_length=64)]], Field(max_length=MAX_WEBHOOKS)
]
Short = Annotated[Text, Field(min_length=1, max_length=64)]
Prompt = Annotated[Text, Field(max_length=100_000)]
Label = Annotated[Text, Field(max_length=1000)]


class StrictModel(RequestModel):
    """A part of a request in which an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class AgenticOptions(StrictModel):
    """What the vendor's models are told."""

    custom_prompt: Prompt | None = None


class CropBox(StrictModel):
    """The part of each page that is read: shares of its width and height, from the top left."""

    top: Fraction | None = None
    right: Fraction | None = None
    bottom: Fraction | None = None
    left: Fraction | None = None


class HtmlOptions(StrictModel):
    """For web pages."""

    make_all_elements_visible: bool | None = None
    remove_fixed_elements: bool | None = None
    remove_navigation_elements: bool | None = None


class ImageOptions(StrictModel):
    """For pictures."""

    camera_photo_correction: bool | None = None


class PresentationOptions(StrictModel):
    """For presentations."""

    include_hidden_slides: bool | None = None
    out_of_bounds_content: bool | None = None
    skip_embedded_data: bool | None = None


class SpreadsheetOptions(StrictModel):
    """For spreadsheets."""

    detect_sub_tables_in_sheets: bool | None = None
    force_formula_computation_in_sheets: bool | None = None
    include_hidden_sheets: bool | None = None


class InputOptions(StrictModel):
    """What applies to some formats only."""

    html: HtmlOptions | None = None
    image: ImageOptions | None = None
    pdf: JsonObject | None = None
    presentation: PresentationOptions | None = None
    spreadsheet: SpreadsheetOptions | None = None


class TableOptions(StrictModel):
    """How tables are written."""

    compact_markdown_tables: bool | None = None
    markdown_table_multiline_separator: Label | None = None
    merge_continued_tables: bool | None = None
    output_tables_as_markdown: bool | None = None
    """Not given means markdown here; the vendor writes HTML then."""


class MarkdownOptions(StrictModel):
    """How markdown is written."""

    annotate_line_numbers: bool | None = None
    annotate_links: bool | None = None
    annotate_revisions: bool | None = None
    inline_images: bool | None = None
    tables: TableOptions | None = None


class SpatialTextOptions(StrictModel):
    """How plain text is laid out."""

    do_not_unroll_columns: bool | None = None
    preserve_layout_alignment_across_pages: bool | None = None
    preserve_very_small_text: bool | None = None


class SpreadsheetOutput(StrictModel):
    """Tables as a workbook."""

    enable: bool | None = None
    guess_sheet_name: bool | None = None


class OutputOptions(StrictModel):
    """What comes with the result."""

    additional_outputs: Annotated[list[Short], Field(max_length=20)] | None = None
    extract_printed_page_number: bool | None = None
    granular_bboxes: (
        Annotated[list[Literal["cell", "line", "word"]], Field(max_length=20)] | None
    ) = None
    images_to_save: (
        Annotated[list[Literal["screenshot", "embedded", "layout"]], Field(max_length=20)] | None
    ) = None
    markdown: MarkdownOptions | None = None
    save_output_pdf: bool | None = None
    spatial_text: SpatialTextOptions | None = None
    tables_as_spreadsheet: SpreadsheetOutput | None = None
    watermark_handling: Literal["move_to_end", "move_to_start", "remove"] | None = None


class PageRanges(StrictModel):
    """Which pages are read."""

    max_pages: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    """From the first; without effect beside `target_pages`."""
    target_pages: Annotated[Text, Field(max_length=10_000)] | None = None
    """1-based numbers and ranges between commas, such as `1-3,8`; no page twice."""


class FailureConditions(StrictModel):
    """When a document fails as a whole."""

    allowed_page_failure_ratio: Fraction | None = None
    fail_on_buggy_font: bool | None = None
    fail_on_image_extraction_error: bool | None = None
    fail_on_image_ocr_error: bool | None = None
    fail_on_markdown_reconstruction_error: bool | None = None


class Timeouts(StrictModel):
    """Time for one document, in seconds."""

    base_in_seconds: Annotated[int, Field(ge=120, le=7200)] | None = None
    extra_time_per_page_in_seconds: Annotated[int, Field(ge=0, le=300)] | None = None


class ProcessingControl(StrictModel):
    """Bounds of the work on one document."""

    job_failure_conditions: FailureConditions | None = None
    timeouts: Timeouts | None = None


class CostOptimizer(StrictModel):
    """Of the vendor's models."""

    enable: bool | None = None


class IgnoreOptions(StrictModel):
    """Text that is left out."""

    ignore_diagonal_text: bool | None = None
    ignore_hidden_text: bool | None = None
    ignore_text_in_image: bool | None = None
    """True reads no text from images: no OCR."""


class OcrOptions(StrictModel):
    """How text is read from images."""

    languages: Annotated[list[ParserLanguages], Field(min_length=1, max_length=100)] | None = None


class ProcessingOptions(StrictModel):
    """How a document is read."""

    aggressive_table_extraction: bool | None = None
    auto_mode_configuration: Annotated[list[JsonObject], Field(max_length=100)] | None = None
    confidence_score_effort: Literal["high"] | None = None
    cost_optimizer: CostOptimizer | None = None
    disable_heuristics: bool | None = None
    forms: Literal["default", "enrich"] | None = None
    ignore: IgnoreOptions | None = None
    ocr_parameters: OcrOptions | None = None
    specialized_chart_parsing: Literal["agentic", "agentic_plus", "efficient"] | None = None


class ParseConfiguration(StrictModel):
    """How documents are parsed, in the words of v2."""

    tier: Short
    """Of the vendor's models; `fast` uses none, which is how every document is read here."""
    version: Short
    agentic_options: AgenticOptions | None = None
    client_name: Short | None = None
    crop_box: CropBox | None = None
    disable_cache: bool | None = None
    fast_options: JsonObject | None = None
    input_options: InputOptions | None = None
    output_options: OutputOptions | None = None
    page_ranges: PageRanges | None = None
    processing_control: ProcessingControl | None = None
    processing_options: ProcessingOptions | None = None
    webhook_configuration_ids: WebhookConfigurationIds | None = None
    webhook_configurations: (
        Annotated[list[WebhookConfiguration], Field(max_length=MAX_WEBHOOKS)] | None
    ) = None

    def leaves(self) -> dict[str, Any]:
        """Return what was set, by dotted name: `{"page_ranges.max_pages": 3}`.

        Null, and empty lists and objects, count as not set.
        """
        return dict(_leaves(self, ""))


def _leaves(model: StrictModel, prefix: str) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, StrictModel):
            found += _leaves(value, f"{prefix}{name}.")
        elif value not in (None, [], {}):
            found.append((prefix + name, value))
    return found
