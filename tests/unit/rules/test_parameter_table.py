"""Each of the 127 parameters is honoured, honoured in part, or reported: none is passed over.

`pytest -s` prints the table.
"""

import ast
from pathlib import Path

from sheaf.contracts.http.parse_parameters import BatchParseJobConfig
from sheaf.rules.parameters.parameters import (
    HONOURED_PARAMETERS,
    PARTLY_HONOURED,
    unsupported_parameters,
)
from tests.unit.rules.test_parameters import HONOURED, parse

TESTS = Path(__file__).parents[2]

TESTED = {
    "unit/rules/test_parameters.py": {
        "test_options_carry_pages_ocr_and_languages": "disable_ocr languages",
        "test_the_single_language_counts_where_no_list_is_given": "lang",
        "test_what_is_not_honoured_is_reported_in_order": "parse_mode",
        "test_what_is_honoured_is_not_reported": "fast_mode type",
    },
    "unit/rules/test_rendering.py": {
        "test_the_separator_is_numbered_by_the_page_that_follows": "page_separator",
        "test_prefix_and_suffix_are_numbered_by_their_own_page": "page_prefix page_suffix",
    },
    "unit/rules/test_markdown_style.py": {
        "test_tables_become_html_and_the_rest_stays": "output_tables_as_HTML",
        "test_compact_tables_have_no_padding_and_the_same_cells": "compact_markdown_table",
        "test_the_lines_of_a_header_stand_apart_as_asked": (
            "markdown_table_multiline_header_separator"
        ),
        "test_without_reconstruction_markdown_is_the_text": "disable_reconstruction",
        "test_hidden_headers_and_footers_leave_the_text": "hide_headers hide_footers",
        "test_headers_and_footers_stand_in_the_markdown_between_what_is_put_around_them": (
            "page_header_prefix page_header_suffix page_footer_prefix page_footer_suffix"
        ),
        "test_annotate_links_writes_the_links_into_the_text": "annotate_links",
    },
    "unit/rules/test_table_merging.py": {
        "test_a_table_that_goes_on_is_joined_and_its_repeated_head_dropped": (
            "merge_tables_across_pages_in_markdown keep_page_separator_when_merging_tables"
        ),
    },
    "unit/engines/test_pdf.py": {
        "test_target_pages_keep_their_numbers_and_max_pages_bounds_them": "target_pages max_pages",
    },
    "unit/engines/test_pdf_parameters.py": {
        "test_bounding_box_leaves_out_the_margins": (
            "bounding_box bbox_top bbox_right bbox_bottom bbox_left"
        ),
        "test_skip_diagonal_text_leaves_out_what_stands_askew": "skip_diagonal_text",
        "test_max_pages_enforced_fails_longer_documents_only": "max_pages_enforced",
        "test_strict_mode_image_ocr_fails_what_would_only_be_warned_of": "strict_mode_image_ocr",
        "test_high_res_ocr_reads_what_is_too_small_otherwise": "high_res_ocr",
    },
    "unit/engines/test_page_parameters.py": {
        "test_remove_hidden_text_leaves_out_what_is_drawn_invisibly": "remove_hidden_text",
        "test_line_and_word_boxes_come_when_they_are_asked_for": (
            "line_level_bounding_box precise_bounding_box"
        ),
        "test_headers_and_footers_are_told_from_the_text": "extract_printed_page_number",
        "test_a_failed_page_stays_in_the_document_as_the_job_asks": (
            "replace_failed_page_mode replace_failed_page_with_error_message_prefix "
            "replace_failed_page_with_error_message_suffix"
        ),
        "test_page_error_tolerance_bounds_the_share_of_failed_pages": "page_error_tolerance",
        "test_strict_mode_buggy_font_fails_letters_without_a_meaning": "strict_mode_buggy_font",
        "test_strict_mode_reconstruction_fails_a_page_whose_markdown_lacks_its_text": (
            "strict_mode_reconstruction"
        ),
    },
    "unit/engines/test_pictures.py": {
        "test_take_screenshot_draws_each_page": "take_screenshot",
        "test_embedded_pictures_are_kept_with_their_place": "images_to_save",
        "test_inline_images_stand_in_the_markdown_as_data": "inline_images_in_markdown",
        "test_a_screenshot_job_draws_and_reads_nothing": "internal_is_screenshot_job",
        "test_strict_mode_image_extraction_fails_a_broken_picture": "strict_mode_image_extraction",
    },
    "unit/engines/test_office_parameters.py": {
        "test_hidden_sheets_are_read_when_they_are_asked_for": "spreadsheet_include_hidden_sheets",
        "test_sub_tables_cut_a_sheet_at_its_empty_rows_and_columns": (
            "spreadsheet_extract_sub_tables"
        ),
        "test_guess_xlsx_sheet_name_heads_a_sheet_by_its_first_row": "guess_xlsx_sheet_name",
        "test_what_lies_outside_of_a_slide_is_read_when_it_is_asked_for": (
            "presentation_out_of_bounds_content"
        ),
        "test_elements_of_a_web_page_are_taken_or_left_as_asked": (
            "html_remove_navigation_elements html_remove_fixed_elements "
            "html_make_all_elements_visible"
        ),
        "test_annotate_revisions_tells_what_was_inserted_and_deleted": "annotate_revisions",
    },
    "api/test_page_objects.py": {
        "test_layout_is_shown_where_it_was_asked_for": "extract_layout",
        "test_no_picture_is_kept_that_was_not_asked_for": "save_images disable_image_extraction",
    },
    "api/test_job_parameters.py": {
        "test_a_file_has_the_time_that_its_job_asks_for": (
            "job_timeout_in_seconds job_timeout_extra_time_per_page_in_seconds"
        ),
        "test_an_earlier_result_is_taken_unless_the_job_wants_its_own": (
            "do_not_cache invalidate_cache"
        ),
        "test_an_urgent_job_goes_before_others": "priority",
        "test_what_a_job_carries_is_told_with_each_of_its_files": (
            "custom_metadata resource_info pipeline_id project_id"
        ),
    },
    "unit/rules/test_s3_locations.py": {
        "test_outputs_are_placed_by_any_of_the_parameters": "outputBucket output_s3_region",
    },
    "integration/test_s3.py": {
        "test_a_batch_by_prefix_loses_and_doubles_nothing_on_a_rough_connection": (
            "output_s3_path_prefix"
        ),
    },
    "integration/test_webhooks.py": {
        "test_a_batch_tells_its_receiver_of_each_file_and_of_itself": "webhook_configurations",
        "test_results_are_pushed_to_a_legacy_webhook_url": "webhook_url",
    },
}
"""The test in which a parameter changes what comes out, by its file."""


def by_parameter() -> dict[str, str]:
    """Return the test of each parameter."""
    return {
        parameter: f"{file}::{test}"
        for file, tests in TESTED.items()
        for test, parameters in tests.items()
        for parameter in parameters.split()
    }


def test_every_parameter_is_honoured_in_part_honoured_or_reported() -> None:
    tested, counts = by_parameter(), {"honoured": 0, "partly": 0, "unsupported": 0}
    for name, field in BatchParseJobConfig.model_fields.items():
        if name not in HONOURED_PARAMETERS:
            kind, told = "unsupported", "listed in unsupported_parameters"
            sent = {name: other_than_default(field.default)}
            assert name in unsupported_parameters(parse(**sent)), name
        else:
            kind = "partly" if name in PARTLY_HONOURED else "honoured"
            told = " ".join(filter(None, [PARTLY_HONOURED.get(name), f"({tested[name]})"]))
        counts[kind] += 1
        print(f"| {name} | {kind} | {told} |")
    print(counts)
    assert sum(counts.values()) == len(BatchParseJobConfig.model_fields) == 127
    assert PARTLY_HONOURED.keys() <= HONOURED_PARAMETERS == set(HONOURED)


def other_than_default(default: object) -> object:
    """Return a value that asks for something, of the two types that what is left has."""
    return not default if isinstance(default, bool) else "some text"


def test_the_tests_of_parameters_are_there() -> None:
    for file, tests in TESTED.items():
        tree = ast.parse((TESTS / file).read_text())
        named = {
            node.name
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        assert tests.keys() <= named, file
