"""The translation of v2's parse configuration, as a rule."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sheaf.contracts.http.parse_parameters import BatchParseJobConfig
from sheaf.contracts.http.parse_v2 import ParseConfiguration, StrictModel
from sheaf.rules.parameters.page_ranges import parse_target_pages
from sheaf.rules.parameters.parse_v2 import _OTHERWISE, _RECORDED, _SAME, translate


def configured(**fields: Any) -> ParseConfiguration:
    return ParseConfiguration.model_validate({"tier": "fast", "version": "latest", **fields})


def leaf_names(model: type[StrictModel], prefix: str = "") -> set[str]:
    found = set()
    for name, field in model.model_fields.items():
        parts = [part for part in getattr(field.annotation, "__args__", ()) if part is not None]
        nested = [
            part for part in parts if isinstance(part, type) and issubclass(part, StrictModel)
        ]
        if nested:
            found |= leaf_names(nested[0], f"{prefix}{name}.")
        else:
            found.add(prefix + name)
    return found


def test_every_name_of_the_tables_is_a_field_on_both_sides() -> None:
    names = leaf_names(ParseConfiguration)
    assert {*_SAME, *_OTHERWISE, *_RECORDED} <= names
    assert set(_SAME.values()) <= set(BatchParseJobConfig.model_fields)


def test_what_parsing_here_does_anyway_is_nothing_to_report() -> None:
    done = translate(
        configured(
            output_options={"markdown": {"tables": {"output_tables_as_markdown": True}}},
            processing_options={"forms": "default", "cost_optimizer": {"enable": False}},
            client_name="test",
        )
    )
    assert done.unsupported == ()
    assert done.parameters == BatchParseJobConfig()


def test_pages_are_counted_from_one() -> None:
    done = translate(configured(page_ranges={"target_pages": "1-3, 8", "max_pages": 2}))
    assert parse_target_pages(done.parameters.target_pages or "") == (1, 2, 3, 8)
    assert done.parameters.max_pages is None
    assert done.unsupported == ()


@given(st.sets(st.integers(1, 500), min_size=1))
def test_any_set_of_pages_stays_the_same_set(pages: set[int]) -> None:
    done = translate(configured(page_ranges={"target_pages": ",".join(map(str, pages))}))
    assert parse_target_pages(done.parameters.target_pages or "") == tuple(sorted(pages))


@pytest.mark.parametrize("text", ["0", "0-2", "1,1", "1-3,2", "a", "", "3-1"])
def test_pages_that_are_malformed_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="target_pages"):
        translate(configured(page_ranges={"target_pages": text}))


def test_what_is_honoured_becomes_parameters() -> None:
    done = translate(
        configured(
            disable_cache=True,
            page_ranges={"max_pages": 3},
            processing_control={"timeouts": {"base_in_seconds": 300}},
            processing_options={
                "ignore": {"ignore_text_in_image": True},
                "ocr_parameters": {"languages": ["de", "en"]},
            },
        )
    )
    told = done.parameters.model_dump(mode="json", exclude_defaults=True)
    assert told == {
        "do_not_cache": True,
        "max_pages": 3,
        "job_timeout_in_seconds": 300,
        "disable_ocr": True,
        "languages": ["de", "en"],
    }
    assert done.unsupported == ()


def test_what_is_not_honoured_is_named_as_v2_names_it() -> None:
    done = translate(
        configured(
            tier="agentic",
            agentic_options={"custom_prompt": "read well"},
            crop_box={"bottom": 0.75},
            output_options={"granular_bboxes": ["cell"], "watermark_handling": "remove"},
            processing_options={"specialized_chart_parsing": "agentic_plus"},
        )
    )
    assert done.unsupported == (
        "agentic_options.custom_prompt",
        "output_options.granular_bboxes",
        "output_options.watermark_handling",
        "processing_options.specialized_chart_parsing",
        "tier",
    )
    assert done.parameters.bbox_bottom == 0.25
    assert done.parameters.specialized_chart_parsing_plus


def test_a_field_that_is_unknown_is_refused() -> None:
    with pytest.raises(ValidationError, match="take_screenshot"):
        configured(output_options={"take_screenshot": True})
