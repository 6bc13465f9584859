"""Which of what a job asks of its documents means something for a type of document."""

from sheaf.contracts.documents import ParseOptions
from sheaf.engines.detection.containers import DOCX, PPTX
from sheaf.engines.office.sheets import is_workbook

Asked = tuple[tuple[str, bool], ...]
"""Names as the contract spells them, and whether the job asks for them."""


def unheeded(options: ParseOptions, media_type: str, engine: str) -> tuple[str, ...]:
    """Return the names of what was asked for and has no effect on this document.

    Args:
        options: what was asked for.
        media_type: the document's type.
        engine: who read it: places are known to liteparse alone.
    """
    has_places = engine == "liteparse"
    is_pdf = has_places and media_type == "application/pdf"
    meant = (
        (has_places, _places(options)),
        (is_pdf, _pdf(options)),
        (is_workbook(media_type), _workbook(options)),
        (media_type == PPTX, (("presentation_out_of_bounds_content", options.off_slide),)),
        (media_type == "text/html", _web(options)),
        (media_type == DOCX, (("annotate_revisions", options.revisions),)),
    )
    return tuple(name for has, asked in meant if not has for name, is_asked in asked if is_asked)


def _places(options: ParseOptions) -> Asked:
    return (
        ("bounding_box", options.crop is not None),
        ("skip_diagonal_text", options.skip_diagonal_text),
        ("line_level_bounding_box", options.line_boxes),
        ("precise_bounding_box", options.word_boxes),
    )


def _pdf(options: ParseOptions) -> Asked:
    return (
        ("pictures to keep", bool(options.images)),
        ("inline_images_in_markdown", options.inline_images),
        ("remove_hidden_text", options.remove_hidden_text),
        ("page headers and footers", options.margins),
        ("strict_mode_image_extraction", options.strict_images),
        ("strict_mode_buggy_font", options.strict_fonts),
        ("strict_mode_reconstruction", options.strict_markdown),
    )


def _workbook(options: ParseOptions) -> Asked:
    return (
        ("spreadsheet_include_hidden_sheets", options.hidden_sheets),
        ("spreadsheet_extract_sub_tables", options.sub_tables),
        ("guess_xlsx_sheet_name", options.guess_sheet_names),
    )


def _web(options: ParseOptions) -> Asked:
    return (
        ("html_remove_navigation_elements", options.skip_navigation),
        ("html_remove_fixed_elements", options.skip_fixed),
        ("html_make_all_elements_visible", options.all_visible),
    )
