import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sheaf.contracts.http.languages import ParserLanguages
from sheaf.contracts.http.parse_output import FailPageMode
from sheaf.contracts.http.parse_parameters import (
    WITHHELD_PARAMETERS,
    BatchParseJobConfig,
    JobPriority,
    withheld_names,
)
from sheaf.contracts.http.parse_vendor import ParsingMode
from sheaf.contracts.http.secrets import HIDDEN, REVEALED
from sheaf.contracts.http.webhooks import WEBHOOK_EVENTS, WebhookConfiguration

DEFAULTS_OTHER_THAN_NULL_AND_FALSE = {
    # Without `save_images`, which is true in the contract: only where a client says so are pictures
    # kept that no other parameter asks for.
    "type": "parse",
    "lang": "en",
    "page_error_tolerance": 0.05,
    "replace_failed_page_mode": "raw_text",
    "parsing_instruction": "",
    "is_formatting_instruction": True,
}


def test_the_configuration_has_exactly_the_127_fields_of_the_contract() -> None:
    assert len(BatchParseJobConfig.model_fields) == 127


def test_every_field_has_the_default_of_the_contract() -> None:
    others = {
        name: value
        for name, value in BatchParseJobConfig().model_dump(mode="json").items()
        if value is not None and value is not False
    }
    assert others == DEFAULTS_OTHER_THAN_NULL_AND_FALSE


@pytest.mark.parametrize("name", sorted(BatchParseJobConfig.model_fields))
def test_a_null_means_that_the_field_was_left_out(name: str) -> None:
    assert BatchParseJobConfig.model_validate({name: None}) == BatchParseJobConfig()


def test_names_of_odd_case_are_written_as_they_are_read() -> None:
    sent = {"output_tables_as_HTML": True, "outputBucket": "results"}
    dumped = BatchParseJobConfig.model_validate(sent).model_dump(exclude_defaults=True)
    assert dumped == sent


def test_unknown_fields_are_ignored() -> None:
    assert BatchParseJobConfig.model_validate({"from_next_year": 1}) == BatchParseJobConfig()


@pytest.mark.parametrize("name", sorted(WITHHELD_PARAMETERS))
def test_a_parameter_that_can_carry_a_secret_is_never_kept(name: str) -> None:
    config = BatchParseJobConfig.model_validate({name: "s3cr3t"})
    assert getattr(config, name) is None
    assert "s3cr3t" not in config.model_dump_json()


def test_only_withheld_parameters_that_were_given_are_named() -> None:
    raw = {"gpt4o_api_key": "k", "azure_openai_key": None, "input_url": "", "lang": "de"}
    assert withheld_names(raw) == {"gpt4o_api_key"}
    assert withheld_names(None) == frozenset()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("type", "classify"),
        ("lang", "klingon"),
        ("languages", []),
        ("languages", ["en", "klingon"]),
        ("max_pages", -1),
        ("bbox_top", 1.01),
        ("page_error_tolerance", -0.01),
        ("job_timeout_in_seconds", 119.9),
        ("job_timeout_in_seconds", float("inf")),
        ("job_timeout_extra_time_per_page_in_seconds", -1),
        ("priority", "urgent"),
        ("parse_mode", "guess"),
        ("images_to_save", ["photo"]),
        ("replace_failed_page_mode", "skip"),
    ],
)
def test_a_value_out_of_bounds_is_refused_by_the_name_of_its_field(
    name: str, value: object
) -> None:
    with pytest.raises(ValidationError) as caught:
        BatchParseJobConfig.model_validate({name: value})
    assert caught.value.errors()[0]["loc"][0] == name


def test_the_shortest_time_out_of_the_contract_is_accepted() -> None:
    assert BatchParseJobConfig(job_timeout_in_seconds=120).job_timeout_in_seconds == 120


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(
    config=st.builds(
        BatchParseJobConfig,
        lang=st.sampled_from(ParserLanguages),
        languages=st.none() | st.lists(st.sampled_from(ParserLanguages), min_size=1).map(tuple),
        priority=st.none() | st.sampled_from(JobPriority),
        parse_mode=st.none() | st.sampled_from(ParsingMode),
        replace_failed_page_mode=st.sampled_from(FailPageMode),
        page_separator=st.none() | st.text(),
        bbox_left=st.none() | st.floats(0, 1),
        custom_metadata=st.none() | st.dictionaries(st.text(), json_values),
        output_tables_as_HTML=st.booleans(),
    )
)
def test_a_configuration_survives_json(config: BatchParseJobConfig) -> None:
    assert BatchParseJobConfig.model_validate_json(config.model_dump_json()) == config
    assert BatchParseJobConfig.model_validate(json.loads(config.model_dump_json())) == config


def test_a_webhook_shows_neither_its_secrets_nor_the_token_in_its_url() -> None:
    given = {
        "webhook_url": "https://example.com/hook/s3cr3t-s3cr3t-s3cr3t?token=s3cr3t",
        "webhook_headers": {"Authorization": "Bearer s3cr3t"},
        "webhook_signing_secret": "s3cr3t",
        "webhook_events": ["parse.success"],
        "webhook_output_format": "string",
    }
    webhook = WebhookConfiguration.model_validate(given)
    written = webhook.model_dump(mode="json")
    assert written["webhook_url"] == "https://example.com/hook/s3cr***?token=***"
    assert written["webhook_headers"] == {"Authorization": HIDDEN}
    assert "s3cr3t" not in webhook.model_dump_json().replace("s3cr***", "") + repr(webhook)
    again = WebhookConfiguration.model_validate(written)
    assert again.model_dump(mode="json") == written
    assert webhook.model_dump(mode="json", context=REVEALED) == given


@pytest.mark.parametrize(
    "name", ["Host", "Content-Length", "webhook-id", "X-Webhook-Event-ID", "X-Forwarded-For", "a"]
)
def test_headers_that_are_not_the_callers_are_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="is not sent"):
        WebhookConfiguration.model_validate({"webhook_headers": {name: "x"}})


def test_an_unknown_webhook_event_is_refused_with_the_fix() -> None:
    with pytest.raises(ValidationError, match=r"unknown names: parse\.done\. Use names such as"):
        WebhookConfiguration.model_validate({"webhook_events": ["parse.done"]})


def test_every_family_of_webhook_events_is_known() -> None:
    assert {event.partition(".")[0] for event in WEBHOOK_EVENTS} == {
        "parse",
        "classify",
        "extract",
        "sheets",
        "split",
        "batch",
        "verify",
        "unmapped_event",
    }
    assert {"parse.running", "split.processing", "batch.cancelled"} <= WEBHOOK_EVENTS
    assert "extract.running" not in WEBHOOK_EVENTS
