"""What a job's configuration means: the work it asks for, its identity, what is not honoured.

Parameter names in answers are spelled as in the contract and not qualified.
"""

import hashlib
import json
import re

from pydantic import BaseModel

from models.classify import ClassifyJob, ClassifyMode
from models.documents import ParseOptions
from models.job_config import BatchParseJobRecordCreate, JobType
from models.parse_output import DEFAULT_PAGE_SEPARATOR
from models.parse_parameters import (
    WITHHELD_PARAMETERS,
    BatchParseJobConfig,
    JobParameters,
    TransferParameters,
)
from models.parse_vendor import ParsingMode
from rules.webhook_events import never_sent

MAX_TARGET_PAGES = 100_000
"""Most page numbers that `target_pages` may name; far over any document, small in memory."""

_PAGE_PARAMETERS = frozenset(
    {"lang", "languages", "target_pages", "max_pages", "disable_ocr"}
)  # what ParseOptions carries
_READING_PARAMETERS = frozenset(
    {
        *("high_res_ocr", "strict_mode_image_ocr", "max_pages_enforced", "bounding_box"),
        *("bbox_top", "bbox_right", "bbox_bottom", "bbox_left"),
        "skip_diagonal_text",
    }
)  # what else ParseOptions carries
_STYLE_PARAMETERS = frozenset(
    {
        *("output_tables_as_HTML", "compact_markdown_table", "disable_reconstruction"),
        "markdown_table_multiline_header_separator",
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
    }
)
"""Parse parameters that this version acts on or records; `parse_mode` in one value only."""

_NOT_IN_THE_RESULT = (
    frozenset(JobParameters.model_fields)
    | frozenset(TransferParameters.model_fields)
    | WITHHELD_PARAMETERS
)

_FRACTION = re.compile(r"0?\.[0-9]{1,9}|[01](\.0{0,9})?", re.ASCII)
_PAGES = re.compile(r"\s*([0-9]{1,9})\s*(?:-\s*([0-9]{1,9})\s*)?", re.ASCII)


def parse_target_pages(text: str) -> tuple[int, ...]:
    """Page numbers, 1-based, ascending and unique, of a 0-based list such as `0-2,7`.

    Raises:
        ValueError: see `page_ranges`.
    """
    return tuple(sorted({page + 1 for pages in page_ranges(text) for page in pages}))


def page_ranges(text: str, first: int = 0) -> list[range]:
    """The ranges of a list of pages between commas, in the order and numbers of the text.

    Args:
        text: such as `0-2,7`.
        first: number of the first page, which the list counts from.

    Raises:
        ValueError: the text is no such list, or names more than `MAX_TARGET_PAGES` pages, repeats
            included. The message names the field and the fix.
    """
    ranges = [_page_range(part, first) for part in text.split(",")]
    if sum(map(len, ranges)) > MAX_TARGET_PAGES:
        raise ValueError(
            f"target_pages names more than {MAX_TARGET_PAGES:,} pages. "
            "Name fewer, or leave target_pages out to read all pages."
        )
    return ranges


def _page_range(part: str, first_page: int) -> range:
    match = _PAGES.fullmatch(part)
    if match is None or int(match[1]) < first_page:
        raise ValueError(
            f"target_pages has {part.strip()[:40]!r}, which is no page number or range. "
            f"Write {first_page}-based numbers and ranges between commas, such as "
            f"{first_page}-{first_page + 2},{first_page + 7}."
        )
    first = int(match[1])
    last = first if match[2] is None else int(match[2])
    if last < first:
        raise ValueError(
            f"target_pages has the range {first}-{last}, which runs backwards. "
            f"Write {last}-{first}."
        )
    return range(first, last + 1)


def parse_options(config: BatchParseJobRecordCreate | ClassifyJob) -> ParseOptions:
    """What an engine has to know of the configuration to read a file.

    Raises:
        ValueError: `target_pages` is malformed; see `parse_target_pages`.
    """
    if isinstance(config, ClassifyJob):
        reading = config.parsing_configuration
        pages = reading.target_pages
        return ParseOptions(
            target_pages=None if pages is None else tuple(sorted({page + 1 for page in pages})),
            max_pages=reading.max_pages,
            languages=(reading.lang.value,),
        )
    parameters = config.effective_parameters
    return ParseOptions(
        target_pages=(
            None if parameters.target_pages is None else parse_target_pages(parameters.target_pages)
        ),
        max_pages=parameters.max_pages or None,  # 0 sets no limit
        ocr=not parameters.disable_ocr,
        high_res_ocr=parameters.high_res_ocr,
        strict_ocr=parameters.strict_mode_image_ocr,
        max_total_pages=parameters.max_pages_enforced or None,
        crop=crop_of(parameters),
        skip_diagonal_text=parameters.skip_diagonal_text,
        languages=tuple(code.value for code in parameters.languages or (parameters.lang,)),
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
    names.update(never_sent(parameters.webhook_configurations))
    return sorted(names)


def crop_of(parameters: BatchParseJobConfig) -> tuple[float, float, float, float] | None:
    """Margins to leave out: top, right, bottom, left; `bbox_*` goes before `bounding_box`.

    Raises:
        ValueError: `bounding_box` is no four fractions, or the margins leave nothing of a page.
    """
    margins = [0.0, 0.0, 0.0, 0.0]
    if parameters.bounding_box:
        margins = _fractions(parameters.bounding_box)
    sides = ("bbox_top", "bbox_right", "bbox_bottom", "bbox_left")
    for position, name in enumerate(sides):
        given = getattr(parameters, name)
        margins[position] = margins[position] if given is None else given
    top, right, bottom, left = margins
    if top + bottom >= 1 or left + right >= 1:
        raise ValueError(
            "bounding_box leaves nothing of a page. Give margins as fractions, such as 0.1,0,0.1,0 "
            "to leave out a tenth at the top and at the bottom."
        )
    return (top, right, bottom, left) if any(margins) else None


def _fractions(text: str) -> list[float]:
    parts = text.split(",")
    if len(parts) != 4 or not all(_FRACTION.fullmatch(part.strip()) for part in parts):
        raise ValueError(
            f"bounding_box is {text[:40]!r}. Write the margins top,right,bottom,left as fractions "
            "from 0 to 1, such as 0.1,0,0.1,0."
        )
    return [float(part) for part in parts]


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
