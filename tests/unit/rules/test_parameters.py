import re
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheaf.contracts.documents import ParseOptions
from sheaf.contracts.http.classify import ClassifyJob
from sheaf.contracts.http.job_config import BatchParseJobRecordCreate
from sheaf.contracts.http.parse_parameters import BatchParseJobConfig
from sheaf.contracts.states import JobType
from sheaf.rules.parameters.page_ranges import MAX_TARGET_PAGES, parse_target_pages
from sheaf.rules.parameters.parameters import (
    HONOURED_PARAMETERS,
    parameters_hash,
    unsupported_parameters,
)
from sheaf.rules.parameters.parse_options import parse_options

RULE = {"type": "invoice", "description": "Has an amount that is due."}
OTHER_RULE = {"type": "letter", "description": "Opens with a salutation."}


def parse(
    record: Mapping[str, object] | None = None, /, **parameters: object
) -> BatchParseJobRecordCreate:
    return BatchParseJobRecordCreate.model_validate({**(record or {}), "parameters": parameters})


def classify(**fields: object) -> ClassifyJob:
    return ClassifyJob.model_validate({"rules": [RULE, OTHER_RULE]} | fields)


def hash_of(config: BatchParseJobRecordCreate | ClassifyJob) -> str:
    kind = JobType.CLASSIFY if isinstance(config, ClassifyJob) else JobType.PARSE
    return parameters_hash(kind, config)


def format_target_pages(pages: Sequence[int]) -> str:
    """The shortest 0-based list of 1-based numbers."""
    runs: list[list[int]] = []
    for page in pages:
        if runs and runs[-1][1] == page - 1:
            runs[-1][1] = page
        else:
            runs.append([page, page])
    return ",".join(f"{a - 1}" if a == b else f"{a - 1}-{b - 1}" for a, b in runs)


page_sets = st.sets(st.integers(1, 2000), min_size=1, max_size=200).map(sorted).map(tuple)


@given(pages=page_sets)
def test_formatted_pages_are_read_back(pages: Sequence[int]) -> None:
    assert parse_target_pages(format_target_pages(pages)) == pages


@given(pages=st.lists(st.integers(0, 5000), min_size=1), blanks=st.sampled_from(["", " ", "\t"]))
def test_pages_come_back_ascending_unique_and_counted_from_one(
    pages: Sequence[int], blanks: str
) -> None:
    text = ",".join(f"{blanks}{page}{blanks}" for page in pages)
    assert parse_target_pages(text) == tuple(sorted({page + 1 for page in pages}))


def test_ranges_include_both_ends() -> None:
    assert parse_target_pages("0-2,7") == (1, 2, 3, 8)


@pytest.mark.parametrize("text", ["", ",", "1,", "a", "-1", "1-", "1-2-3", "1.5", "٣", "9" * 10])
def test_what_is_no_list_of_pages_is_refused_with_field_and_fix(text: str) -> None:
    with pytest.raises(ValueError, match=r"target_pages has .* Write 0-based numbers"):
        parse_target_pages(text)


def test_a_backward_range_is_refused_with_the_fix() -> None:
    with pytest.raises(ValueError, match=r"target_pages has the range 7-3.*Write 3-7"):
        parse_target_pages("1,7-3")


def test_the_number_of_pages_is_bounded_before_any_is_counted_out() -> None:
    assert len(parse_target_pages(f"0-{MAX_TARGET_PAGES - 1}")) == MAX_TARGET_PAGES
    for text in (f"0-{MAX_TARGET_PAGES}", "0-999999999", ",".join(["0-99999"] * 1000)):
        with pytest.raises(ValueError, match="target_pages names more than 100,000 pages"):
            parse_target_pages(text)


LIST_OF_PAGES = re.compile(r"\s*[0-9]{1,9}\s*(,\s*[0-9]{1,9}\s*)*", re.ASCII)


@given(
    text=st.text(st.characters(exclude_characters="-"), max_size=30)
    | st.text("0123456789, ", max_size=9)
)
def test_any_text_is_read_or_refused_by_name(text: str) -> None:
    if LIST_OF_PAGES.fullmatch(text):
        assert parse_target_pages(text)[0] >= 1
    else:
        with pytest.raises(ValueError, match="target_pages"):
            parse_target_pages(text)


def test_the_defaults_ask_for_everything() -> None:
    assert parse_options(BatchParseJobRecordCreate()) == ParseOptions()


def test_options_carry_pages_ocr_and_languages() -> None:
    config = parse(target_pages="0,4", max_pages=3, disable_ocr=True, languages=["de", "fr"])
    assert parse_options(config) == ParseOptions(
        target_pages=(1, 5), max_pages=3, ocr=False, languages=("de", "fr")
    )


def test_the_single_language_counts_where_no_list_is_given() -> None:
    assert parse_options(parse(lang="de")).languages == ("de",)
    assert parse_options(parse(lang="de", languages=["fr"])).languages == ("fr",)


def test_zero_pages_set_no_limit() -> None:
    assert parse_options(parse(max_pages=0)).max_pages is None


def test_options_of_a_classify_job_come_from_its_own_configuration() -> None:
    assert parse_options(classify()) == ParseOptions(max_pages=5)
    reading = {"lang": "de", "max_pages": None, "target_pages": [4, 0, 4]}
    assert parse_options(classify(parsing_configuration=reading)) == ParseOptions(
        target_pages=(1, 5), languages=("de",)
    )


HONOURED = {
    "type": "parse",
    "lang": "de",
    "languages": ["de"],
    "target_pages": "0",
    "max_pages": 2,
    "page_separator": "",
    "page_prefix": "<",
    "page_suffix": ">",
    "disable_ocr": True,
    "job_timeout_in_seconds": 120,
    "job_timeout_extra_time_per_page_in_seconds": 1,
    "do_not_cache": True,
    "invalidate_cache": True,
    "priority": "high",
    "custom_metadata": {"a": 1},
    "resource_info": {"b": [2]},
    "project_id": "p",
    "pipeline_id": "q",
    "fast_mode": True,
    "parse_mode": "parse_page_without_llm",
    "webhook_url": "https://example.com/b",
    "webhook_configurations": [{"webhook_url": "https://example.com/c"}],
    "high_res_ocr": True,
    "strict_mode_image_ocr": True,
    "max_pages_enforced": 9,
    "bounding_box": "0.1,0,0.1,0",
    "bbox_top": 0.1,
    "bbox_right": 0.2,
    "bbox_bottom": 0.3,
    "bbox_left": 0.4,
    "skip_diagonal_text": True,
    "output_tables_as_HTML": True,
    "compact_markdown_table": True,
    "disable_reconstruction": True,
    "markdown_table_multiline_header_separator": " / ",
    "output_s3_path_prefix": "s3://bucket/out/",
    "output_s3_region": "eu-central-1",
    "outputBucket": "bucket",
    "remove_hidden_text": True,
    "images_to_save": ["screenshot", "embedded"],
    "take_screenshot": True,
    "save_images": False,
    "disable_image_extraction": True,
    "inline_images_in_markdown": True,
    "internal_is_screenshot_job": True,
    "precise_bounding_box": True,
    "line_level_bounding_box": True,
    "extract_layout": True,
    "page_error_tolerance": 0.5,
    "replace_failed_page_mode": "blank_page",
    "replace_failed_page_with_error_message_prefix": "<",
    "replace_failed_page_with_error_message_suffix": ">",
    "strict_mode_image_extraction": True,
    "strict_mode_buggy_font": True,
    "strict_mode_reconstruction": True,
    "spreadsheet_include_hidden_sheets": True,
    "spreadsheet_extract_sub_tables": True,
    "guess_xlsx_sheet_name": True,
    "presentation_out_of_bounds_content": True,
    "annotate_revisions": True,
    "html_remove_navigation_elements": True,
    "html_remove_fixed_elements": True,
    "html_make_all_elements_visible": True,
    "hide_headers": True,
    "hide_footers": True,
    "page_header_prefix": "<",
    "page_header_suffix": ">",
    "page_footer_prefix": "<",
    "page_footer_suffix": ">",
    "extract_printed_page_number": True,
    "annotate_links": True,
    "merge_tables_across_pages_in_markdown": True,
    "keep_page_separator_when_merging_tables": True,
}


def test_what_is_honoured_is_not_reported() -> None:
    ids = {"user_id": "u", "partitions": {"file_id_partition": "f"}}
    assert unsupported_parameters(parse(ids, **HONOURED)) == []
    assert set(HONOURED) == HONOURED_PARAMETERS


def test_what_is_not_honoured_is_reported_in_order() -> None:
    config = parse(
        webhook_configurations=[{"webhook_events": ["parse.success", "extract.success"]}],
        input_s3_path="s3://bucket/in",
        extract_charts=True,
        images_to_save=["embedded", "layout"],
        parse_mode="parse_page_with_llm",
        adaptive_long_table=True,
    )
    assert unsupported_parameters(config) == [
        "adaptive_long_table",
        "extract_charts",
        "images_to_save",
        "input_s3_path",
        "parse_mode",
        "webhook_events: extract.success",
    ]


def test_a_dropped_key_is_reported_by_its_name_also_after_it_was_stored() -> None:
    config = parse(gpt4o_api_key="k", azure_openai_key="k", vendor_multimodal_api_key=None)
    stored = BatchParseJobRecordCreate.model_validate_json(config.model_dump_json())
    for record in (config, stored):
        assert unsupported_parameters(record) == ["azure_openai_key", "gpt4o_api_key"]


def test_a_default_spelled_out_and_an_empty_value_are_not_reported() -> None:
    defaults = BatchParseJobConfig().model_dump(mode="json")
    empty = {"webhook_configurations": [], "user_prompt": "", "annotate_revisions": False}
    assert unsupported_parameters(parse(**defaults)) == []
    assert unsupported_parameters(parse(**empty)) == []


@pytest.mark.parametrize(("mode", "names"), [("FAST", []), ("MULTIMODAL", ["mode"])])
def test_a_classify_job_that_wants_pictures_is_reported(mode: str, names: list[str]) -> None:
    assert unsupported_parameters(classify(mode=mode)) == names


parameters = st.fixed_dictionaries(
    {},
    optional={
        "lang": st.sampled_from(["en", "de"]),
        "languages": st.lists(st.sampled_from(["en", "de", "fr"]), min_size=1, max_size=2),
        "target_pages": page_sets.map(format_target_pages),
        "max_pages": st.integers(0, 5),
        "disable_ocr": st.booleans(),
        "page_separator": st.text(max_size=3),
        "page_prefix": st.text(max_size=3),
        "take_screenshot": st.booleans(),
        "page_error_tolerance": st.floats(0, 1),
        "parse_mode": st.sampled_from(["parse_page_without_llm", "parse_page_with_llm"]),
    },
)


@given(sent=parameters, data=st.data())
def test_the_hash_does_not_depend_on_the_order_of_keys(
    sent: dict[str, object], data: st.DataObject
) -> None:
    shuffled = dict(data.draw(st.permutations(list(sent.items()))))
    assert hash_of(parse(**shuffled)) == hash_of(parse(**sent))


@given(sent=parameters)
def test_defaults_spelled_out_leave_the_hash(sent: dict[str, object]) -> None:
    full = BatchParseJobConfig.model_validate(sent).model_dump(mode="json")
    assert hash_of(parse(**full)) == hash_of(parse(**sent))


@given(sent=parameters)
def test_the_hash_survives_storage(sent: dict[str, object]) -> None:
    config = parse(**sent)
    stored = BatchParseJobRecordCreate.model_validate_json(config.model_dump_json())
    assert hash_of(stored) == hash_of(config)


TRACKING = {
    "session_id": "018f3c1e-0000-7000-8000-000000000000",
    "correlation_id": "018f3c1e-0000-7000-8000-000000000001",
    "parent_job_execution_id": "018f3c1e-0000-7000-8000-000000000002",
    "user_id": "u",
    "project_id": "p",
    "partitions": {"file_id_partition": "f"},
    "webhook_url": "https://example.com/a",
}
NOT_IN_THE_RESULT = {
    "webhook_url": "https://example.com/a",
    "webhook_configurations": [{"webhook_url": "https://example.com/a"}],
    "priority": "low",
    "custom_metadata": {"a": 1},
    "resource_info": {"a": 1},
    "job_timeout_in_seconds": 120,
    "job_timeout_extra_time_per_page_in_seconds": 1,
    "do_not_cache": True,
    "invalidate_cache": True,
    "output_s3_path_prefix": "s3://bucket/out",
    "project_id": "p",
    "gpt4o_api_key": "k",
}


@given(
    sent=parameters,
    tracking=st.sets(st.sampled_from(sorted(TRACKING))),
    others=st.sets(st.sampled_from(sorted(NOT_IN_THE_RESULT))),
)
def test_what_leaves_the_result_as_it_is_leaves_the_hash(
    sent: dict[str, object], tracking: set[str], others: set[str]
) -> None:
    record = {name: TRACKING[name] for name in tracking}
    more = {name: NOT_IN_THE_RESULT[name] for name in others}
    assert hash_of(parse(record, **sent, **more)) == hash_of(parse(**sent))


def test_another_spelling_of_the_same_request_has_the_same_hash() -> None:
    assert hash_of(parse(target_pages="0-2")) == hash_of(parse(target_pages="2, 1,0"))
    assert hash_of(parse(lang="de")) == hash_of(parse(languages=["de"]))
    assert hash_of(parse(page_separator="\n\n---\n\n")) == hash_of(parse())
    assert hash_of(parse()) == hash_of(BatchParseJobRecordCreate())


def test_whatever_changes_the_result_changes_the_hash() -> None:
    configs: list[BatchParseJobRecordCreate | ClassifyJob] = [
        parse(),
        parse(lang="de"),
        parse(languages=["de", "en"]),
        parse(target_pages="0"),
        parse(max_pages=1),
        parse(disable_ocr=True),
        parse(page_separator=""),
        parse(page_prefix="x"),
        parse(page_suffix="x"),
        parse(take_screenshot=True),
        classify(),
        classify(mode="MULTIMODAL"),
        classify(rules=[RULE]),
        classify(rules=[OTHER_RULE, RULE]),
        classify(parsing_configuration={"max_pages": 4}),
        classify(parsing_configuration={"target_pages": [0]}),
    ]
    assert len({hash_of(config) for config in configs}) == len(configs)


def test_the_owner_of_a_classify_job_leaves_the_hash() -> None:
    owned = classify(id="x", status="SUCCESS").stamped(id="y", project_id="p", user_id="u")
    assert hash_of(owned) == hash_of(classify())


def test_the_hash_of_the_defaults_never_changes() -> None:
    # Results in ledgers are found by it: a change here parses every file again.
    assert hash_of(parse()) == ("6af922c4cefddfd87ed67d89e52f55c0643447005c6d0bdac8c1bb4ac3fa7e6e")
    assert hash_of(classify(rules=[RULE])) == (
        "4ec1c92f60e7a26e4a6791033192fa799df7e18c81ac3cbad6eb070dbb7e0ac5"
    )


@pytest.mark.parametrize(
    ("given", "crop"),
    [
        ({}, None),
        ({"bounding_box": "0,0,0,0"}, None),
        ({"bounding_box": "0.1, .2,0.3,0"}, (0.1, 0.2, 0.3, 0.0)),
        ({"bounding_box": "0.1,0,0,0", "bbox_top": 0.4}, (0.4, 0.0, 0.0, 0.0)),
        ({"bbox_left": 0.25}, (0.0, 0.0, 0.0, 0.25)),
    ],
)
def test_margins_come_from_either_spelling(
    given: dict[str, Any], crop: tuple[float, ...] | None
) -> None:
    options = parse_options(parse(**given))
    assert options.crop == crop


@pytest.mark.parametrize(
    "given",
    [
        {"bounding_box": "0.1,0.2,0.3"}, {"bounding_box": "a,b,c,d"}, {"bounding_box": "2,0,0,0"},
        {"bounding_box": "0.5,0,0.5,0"}, {"bbox_left": 0.5, "bbox_right": 0.6},
        {"bounding_box": "nan,0,0,0"}, {"bounding_box": "-0.1,0,0,0"},
    ],
)  # fmt: skip
def test_margins_that_are_none_are_refused_with_the_fix(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"bounding_box .*0\.1,0,0\.1,0"):
        parse_options(parse(**given))
