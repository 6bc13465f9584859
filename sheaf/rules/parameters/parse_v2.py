"""From the parse configuration of v2 to the parameters of the batch contract.

The batch contract's parameters are what this service acts on; v2 says most of the same things in
other words.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sheaf.contracts.http.parse_parameters import BatchParseJobConfig
from sheaf.contracts.http.parse_v2 import ParseConfiguration
from sheaf.rules.parameters.page_ranges import page_ranges
from sheaf.rules.parameters.parameters import HONOURED_PARAMETERS
from sheaf.rules.webhooks.events import never_sent

Translation = Callable[[Any], dict[str, Any]]


@dataclass(frozen=True)
class Translated:
    """A configuration as parameters, and what of it has no effect."""

    parameters: BatchParseJobConfig
    unsupported: tuple[str, ...]
    """Dotted names of what was set and is not honoured, sorted."""


def translate(configuration: ParseConfiguration) -> Translated:
    """Return a v2 configuration as parameters.

    What is not honoured is translated too where the batch contract has it, since it tells results
    apart; a later version may honour it.

    Raises:
        ValueError: `page_ranges.target_pages` is malformed; the message says how to write it.
    """
    values: dict[str, Any] = {}
    unsupported = set(never_sent(configuration.webhook_configurations))
    for name, value in _effective(configuration.leaves()).items():
        if name in _RECORDED or _is_default(name, value):
            continue
        said = _said(name, value)
        values |= said
        if not said or not said.keys() <= HONOURED_PARAMETERS:
            unsupported.add(name)
    parameters = BatchParseJobConfig.model_validate(values)
    return Translated(parameters, tuple(sorted(unsupported)))


def _effective(leaves: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out the number of pages beside a list of pages, which goes before it."""
    is_listed = "page_ranges.target_pages" in leaves
    return {
        name: value
        for name, value in leaves.items()
        if not (is_listed and name == "page_ranges.max_pages")
    }


def _is_default(name: str, value: Any) -> bool:
    """Whether a value asks for what happens anyway."""
    if name == "output_options.markdown.tables.output_tables_as_markdown":
        return value is True
    if name == "tier":
        return bool(value == "fast")
    return value is False or (name, value) == ("processing_options.forms", "default")


def _said(name: str, value: Any) -> dict[str, Any]:
    if name in _SAME:
        return {_SAME[name]: value}
    return _OTHERWISE[name](value) if name in _OTHERWISE else {}


def _target_pages(text: str) -> dict[str, Any]:
    """Count from 0, as the batch contract does."""
    ranges = page_ranges(text, first=1)
    if len({page for pages in ranges for page in pages}) < sum(map(len, ranges)):
        raise ValueError("target_pages names a page twice. Name each page once.")
    return {"target_pages": ",".join(f"{pages[0] - 1}-{pages[-1] - 1}" for pages in ranges)}


def _charts(kind: str) -> dict[str, Any]:
    suffix = {"agentic_plus": "plus"}.get(kind, kind)
    return {f"specialized_chart_parsing_{suffix}": True}


def _boxes(levels: list[str]) -> dict[str, Any]:
    names = {"line": "line_level_bounding_box", "word": "precise_bounding_box"}
    return {names[level]: True for level in levels if level in names}


_RECORDED = frozenset(
    {"version", "client_name", "webhook_configurations", "webhook_configuration_ids"}
)
"""Kept with the job and shown; there is nothing to honour in the parsing."""

_SAME = {
    "tier": "tier",
    "agentic_options.custom_prompt": "user_prompt",
    "crop_box.left": "bbox_left",
    "crop_box.top": "bbox_top",
    "disable_cache": "do_not_cache",
    "input_options.html.make_all_elements_visible": "html_make_all_elements_visible",
    "input_options.html.remove_fixed_elements": "html_remove_fixed_elements",
    "input_options.html.remove_navigation_elements": "html_remove_navigation_elements",
    "input_options.presentation.out_of_bounds_content": "presentation_out_of_bounds_content",
    "input_options.presentation.skip_embedded_data": "presentation_skip_embedded_data",
    "input_options.spreadsheet.detect_sub_tables_in_sheets": "spreadsheet_extract_sub_tables",
    "input_options.spreadsheet.force_formula_computation_in_sheets": (
        "spreadsheet_force_formula_computation"
    ),
    "input_options.spreadsheet.include_hidden_sheets": "spreadsheet_include_hidden_sheets",
    "output_options.extract_printed_page_number": "extract_printed_page_number",
    "output_options.images_to_save": "images_to_save",
    "output_options.markdown.annotate_links": "annotate_links",
    "output_options.markdown.annotate_revisions": "annotate_revisions",
    "output_options.markdown.inline_images": "inline_images_in_markdown",
    "output_options.markdown.tables.compact_markdown_tables": "compact_markdown_table",
    "output_options.markdown.tables.markdown_table_multiline_separator": (
        "markdown_table_multiline_header_separator"
    ),
    "output_options.markdown.tables.merge_continued_tables": (
        "merge_tables_across_pages_in_markdown"
    ),
    "output_options.save_output_pdf": "output_pdf_of_document",
    "output_options.spatial_text.do_not_unroll_columns": "do_not_unroll_columns",
    "output_options.spatial_text.preserve_layout_alignment_across_pages": (
        "preserve_layout_alignment_across_pages"
    ),
    "output_options.spatial_text.preserve_very_small_text": "preserve_very_small_text",
    "output_options.tables_as_spreadsheet.guess_sheet_name": "guess_xlsx_sheet_name",
    "page_ranges.max_pages": "max_pages",
    "processing_control.job_failure_conditions.allowed_page_failure_ratio": "page_error_tolerance",
    "processing_control.job_failure_conditions.fail_on_buggy_font": "strict_mode_buggy_font",
    "processing_control.job_failure_conditions.fail_on_image_extraction_error": (
        "strict_mode_image_extraction"
    ),
    "processing_control.job_failure_conditions.fail_on_image_ocr_error": "strict_mode_image_ocr",
    "processing_control.job_failure_conditions.fail_on_markdown_reconstruction_error": (
        "strict_mode_reconstruction"
    ),
    "processing_control.timeouts.base_in_seconds": "job_timeout_in_seconds",
    "processing_control.timeouts.extra_time_per_page_in_seconds": (
        "job_timeout_extra_time_per_page_in_seconds"
    ),
    "processing_options.aggressive_table_extraction": "aggressive_table_extraction",
    "processing_options.confidence_score_effort": "confidence_score_effort",
    "processing_options.cost_optimizer.enable": "enable_cost_optimizer",
    "processing_options.ignore.ignore_diagonal_text": "skip_diagonal_text",
    "processing_options.ignore.ignore_hidden_text": "remove_hidden_text",
    "processing_options.ignore.ignore_text_in_image": "disable_ocr",
    "processing_options.ocr_parameters.languages": "languages",
}
"""Where v2 and the batch contract mean the same by a value."""

_OTHERWISE: dict[str, Translation] = {
    "crop_box.bottom": lambda share: {"bbox_bottom": 1 - share},
    "crop_box.right": lambda share: {"bbox_right": 1 - share},
    "output_options.granular_bboxes": _boxes,
    "output_options.markdown.tables.output_tables_as_markdown": lambda _: {
        "output_tables_as_HTML": True
    },
    "page_ranges.target_pages": _target_pages,
    "processing_options.auto_mode_configuration": lambda rules: {
        "auto_mode_configuration_json": json.dumps(rules)
    },
    "processing_options.specialized_chart_parsing": _charts,
}
"""Where a value has to be said in another way."""
