"""What an engine has to know of a job's configuration to read a file."""

import re
from typing import Any, Literal

from sheaf.contracts.documents import ParseOptions
from sheaf.contracts.http.classify import ClassifyJob
from sheaf.contracts.http.job_config import BatchParseJobRecordCreate
from sheaf.contracts.http.parse_parameters import BatchParseJobConfig
from sheaf.rules.parameters.page_ranges import parse_target_pages

_FRACTION = re.compile(r"0?\.[0-9]{1,9}|[01](\.0{0,9})?", re.ASCII)

_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}", re.ASCII)
PASSWORD_REF = "password_ref"  # noqa: S105 - the name of a field
"""Field of `resource_info`; the contract has no parameter for passwords."""

ImageKind = Literal["screenshot", "embedded"]

MARGIN_PARAMETERS = (
    *("hide_headers", "hide_footers", "extract_printed_page_number"),
    *("page_header_prefix", "page_header_suffix", "page_footer_prefix", "page_footer_suffix"),
)
"""Parameters that need headers and footers told from the text."""


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
        password_ref=password_ref(parameters),
        **_of_pdf(parameters),
        **_of_failures(parameters),
        **_of_formats(parameters),
    )


def password_ref(parameters: BatchParseJobConfig) -> str | None:
    """Return the name of the passwords that a job's documents may need: `resource_info` has it.

    Raises:
        ValueError: it is no name.
    """
    name = (parameters.resource_info or {}).get(PASSWORD_REF)
    if name is None:
        return None
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError(
            "resource_info.password_ref is no name of passwords. Use letters, digits, '.', '_' and "
            "'-', and never a password itself"
        )
    return name


def images_of(parameters: BatchParseJobConfig) -> tuple[ImageKind, ...]:
    """Which pictures are kept: those of `images_to_save`, and pages where `take_screenshot` asks.

    Where `images_to_save` is not set, `save_images` keeps the embedded ones. They are not kept
    where it is false, or `disable_image_extraction` is true.
    """
    unset = ("embedded",) if parameters.save_images else ()
    named = unset if parameters.images_to_save is None else parameters.images_to_save
    is_drawn = parameters.take_screenshot or parameters.internal_is_screenshot_job
    kinds: list[ImageKind] = ["screenshot"] if is_drawn or "screenshot" in named else []
    if "embedded" in named and _takes_images(parameters):
        kinds.append("embedded")
    return tuple(kinds)


def _takes_images(parameters: BatchParseJobConfig) -> bool:
    return parameters.save_images is not False and not parameters.disable_image_extraction


def _of_pdf(parameters: BatchParseJobConfig) -> dict[str, Any]:
    return {
        "remove_hidden_text": parameters.remove_hidden_text,
        "images": images_of(parameters),
        "inline_images": (
            parameters.inline_images_in_markdown and not parameters.disable_image_extraction
        ),
        "screenshots_only": parameters.internal_is_screenshot_job,
        "margins": any(getattr(parameters, name) for name in MARGIN_PARAMETERS),
        "line_boxes": parameters.line_level_bounding_box,
        "word_boxes": parameters.precise_bounding_box,
    }


def _of_failures(parameters: BatchParseJobConfig) -> dict[str, Any]:
    return {
        "page_error_tolerance": parameters.page_error_tolerance,
        "failed_page": parameters.replace_failed_page_mode,
        "failed_page_prefix": parameters.replace_failed_page_with_error_message_prefix or "",
        "failed_page_suffix": parameters.replace_failed_page_with_error_message_suffix or "",
        "strict_images": parameters.strict_mode_image_extraction,
        "strict_fonts": parameters.strict_mode_buggy_font,
        "strict_markdown": parameters.strict_mode_reconstruction,
    }


def _of_formats(parameters: BatchParseJobConfig) -> dict[str, Any]:
    return {
        "hidden_sheets": parameters.spreadsheet_include_hidden_sheets,
        "sub_tables": parameters.spreadsheet_extract_sub_tables,
        "guess_sheet_names": parameters.guess_xlsx_sheet_name,
        "off_slide": parameters.presentation_out_of_bounds_content,
        "skip_navigation": parameters.html_remove_navigation_elements,
        "skip_fixed": parameters.html_remove_fixed_elements,
        "all_visible": parameters.html_make_all_elements_visible,
        "revisions": bool(parameters.annotate_revisions),
    }


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
