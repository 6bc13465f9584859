"""What a job's configuration means: the work it asks for, its identity, what is not honoured.

Parameter names in answers are spelled as in the contract and not qualified.
"""

import hashlib
import json

from pydantic import BaseModel

from sheaf.contracts.http.classify import ClassifyJob, ClassifyMode
from sheaf.contracts.http.job_config import BatchParseJobRecordCreate
from sheaf.contracts.http.parse_output import DEFAULT_PAGE_SEPARATOR
from sheaf.contracts.http.parse_parameters import (
    WITHHELD_PARAMETERS,
    BatchParseJobConfig,
    JobParameters,
    TransferParameters,
)
from sheaf.contracts.http.parse_vendor import ParsingMode
from sheaf.contracts.states import JobType
from sheaf.rules.parameters.parse_options import MARGIN_PARAMETERS, parse_options
from sheaf.rules.webhooks.events import never_sent

_PAGE_PARAMETERS = frozenset(
    {"lang", "languages", "target_pages", "max_pages", "disable_ocr"}
)  # what ParseOptions carries
_READING_PARAMETERS = frozenset(
    {
        *("high_res_ocr", "strict_mode_image_ocr", "max_pages_enforced", "bounding_box"),
        *("bbox_top", "bbox_right", "bbox_bottom", "bbox_left"),
        *("skip_diagonal_text", "remove_hidden_text"),
        *("images_to_save", "take_screenshot", "save_images", "disable_image_extraction"),
        *("inline_images_in_markdown", "internal_is_screenshot_job"),
        *("precise_bounding_box", "line_level_bounding_box", "extract_layout"),
        *("page_error_tolerance", "replace_failed_page_mode"),
        "replace_failed_page_with_error_message_prefix",
        "replace_failed_page_with_error_message_suffix",
        *("strict_mode_image_extraction", "strict_mode_buggy_font", "strict_mode_reconstruction"),
        *("spreadsheet_include_hidden_sheets", "spreadsheet_extract_sub_tables"),
        *("guess_xlsx_sheet_name", "presentation_out_of_bounds_content", "annotate_revisions"),
        *("html_remove_navigation_elements", "html_remove_fixed_elements"),
        *("html_make_all_elements_visible", *MARGIN_PARAMETERS),
    }
)  # what else ParseOptions carries
_STYLE_PARAMETERS = frozenset(
    {
        *("output_tables_as_HTML", "compact_markdown_table", "disable_reconstruction"),
        *("markdown_table_multiline_header_separator", "annotate_links"),
        "merge_tables_across_pages_in_markdown",
        "keep_page_separator_when_merging_tables",
    }
)  # what MarkdownStyle carries
_RENDER_PARAMETERS = frozenset({"page_separator", "page_prefix", "page_suffix"})

HONOURED_PARAMETERS = (
    _PAGE_PARAMETERS
    | _RENDER_PARAMETERS
    | _READING_PARAMETERS
    | _STYLE_PARAMETERS
    | {
        "type",
        "job_timeout_in_seconds",
        "job_timeout_extra_time_per_page_in_seconds",
        "do_not_cache",
        "invalidate_cache",
        "priority",
        "custom_metadata",
        "resource_info",
        "project_id",
        "pipeline_id",
        "fast_mode",
        "parse_mode",
        "webhook_url",
        "webhook_configurations",
        "output_s3_path_prefix",
        "output_s3_region",
        "outputBucket",
    }
)
"""Parse parameters that this version acts on or records; `parse_mode` in one value only, and
`images_to_save` without `layout`."""

PARTLY_HONOURED = {
    "annotate_links": "markdown has its links in any case; this writes them into the text too",
    "annotate_revisions": "as a list below the text of .docx",
    "extract_layout": "blocks of PDFs and pictures; no labels of a vision model",
    "extract_printed_page_number": "from headers and footers that the engine finds in PDFs",
    "guess_xlsx_sheet_name": "by the first row, where the name says nothing",
    "hide_footers": "those that the engine finds in PDFs; they stand in fields of their own then",
    "hide_headers": "those that the engine finds in PDFs; they stand in fields of their own then",
    "html_make_all_elements_visible": "what an element's own style or `hidden` hides",
    "html_remove_fixed_elements": "what an element's own style fixes",
    "images_to_save": "`screenshot` and `embedded` of PDFs; no `layout`",
    "inline_images_in_markdown": "of PDFs",
    "keep_page_separator_when_merging_tables": "in the markdown of the whole document",
    "line_level_bounding_box": "of PDFs and pictures",
    "merge_tables_across_pages_in_markdown": "in the markdown of the whole document",
    "page_footer_prefix": "round footers that the engine finds in PDFs",
    "page_footer_suffix": "round footers that the engine finds in PDFs",
    "page_header_prefix": "round headers that the engine finds in PDFs",
    "page_header_suffix": "round headers that the engine finds in PDFs",
    "parse_mode": "`parse_page_without_llm` alone",
    "precise_bounding_box": "of PDFs and pictures",
    "presentation_out_of_bounds_content": "of .pptx; what reaches onto the slide is always read",
    "save_images": "embedded pictures of PDFs, where `images_to_save` is not set; false keeps none",
    "strict_mode_buggy_font": "characters of PDFs that have no meaning outside of their font",
    "strict_mode_image_extraction": "pictures of PDFs that cannot be decoded",
    "strict_mode_reconstruction": "pages of PDFs whose markdown lacks most of their words",
    "take_screenshot": "of PDFs, as JPEG",
    "internal_is_screenshot_job": "of PDFs; other files fail as Unsupported",
}
"""Those of `HONOURED_PARAMETERS` that do less than their name says, and what they do."""

_NOT_IN_THE_RESULT = (
    frozenset(JobParameters.model_fields)
    | frozenset(TransferParameters.model_fields)
    | WITHHELD_PARAMETERS
)


def unsupported_parameters(config: BatchParseJobRecordCreate | ClassifyJob) -> list[str]:
    """Names of parameters that the caller set and this version does not honour, sorted.

    A parameter counts as set when it differs from its default and is not empty or false where
    there is no default; one that was withheld counts by its name.
    """
    if isinstance(config, ClassifyJob):
        modes = ["mode"] if config.mode is ClassifyMode.MULTIMODAL else []
        return [*modes, *never_sent(config.webhook_configurations)]
    parameters = config.effective_parameters
    names = {name for name in _set_names(parameters) if name not in HONOURED_PARAMETERS}
    names.update(config.withheld_parameters)
    if parameters.parse_mode not in {None, ParsingMode.PAGE_WITHOUT_LLM}:
        names.add("parse_mode")
    if "layout" in (parameters.images_to_save or ()):
        names.add("images_to_save")
    names.update(never_sent(parameters.webhook_configurations))
    return sorted(names)


def _set_names(parameters: BatchParseJobConfig) -> set[str]:
    fields = BatchParseJobConfig.model_fields
    changed = {
        name: getattr(parameters, name)
        for name, field in fields.items()
        if getattr(parameters, name) != field.default
    }
    return {name for name, value in changed.items() if value or fields[name].default is not None}


def parameters_hash(job_type: JobType, config: BatchParseJobRecordCreate | ClassifyJob) -> str:
    """Identity of the result that a configuration asks for, as SHA-256 in hexadecimal.

    Two configurations share it when they differ only in what leaves the result as it is: order of
    keys, defaults spelled out, another spelling of the same pages, tracking ids, priority,
    time-outs, caching, webhooks and places. Parameters that are not honoured do count, since a
    later version may honour them.

    Raises:
        ValueError: `target_pages` is malformed; see `parse_target_pages`.
    """
    identity: dict[str, object] = {
        "job_type": job_type.value,
        "options": _differences(parse_options(config), frozenset()),
    }
    options = parse_options(config)
    if "screenshot" in options.images:
        # They were PNG before; a result that has those is not the one that is asked for.
        identity["screenshots"] = "jpg"
    if isinstance(config, ClassifyJob):
        identity["mode"] = config.mode.value
        identity["rules"] = [rule.model_dump(mode="json") for rule in config.rules]
    else:
        parameters = config.effective_parameters
        separator = parameters.page_separator
        identity["rendering"] = [
            DEFAULT_PAGE_SEPARATOR if separator is None else separator,
            parameters.page_prefix or "",
            parameters.page_suffix or "",
        ]
        identity["parameters"] = _differences(
            parameters, _NOT_IN_THE_RESULT | _PAGE_PARAMETERS | _RENDER_PARAMETERS
        )
    canonical = json.dumps(identity, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def _differences(model: BaseModel, left_out: frozenset[str]) -> dict[str, object]:
    """Fields that differ from their default, so that a field added later changes no identity."""
    return model.model_dump(mode="json", exclude=set(left_out), exclude_defaults=True)
