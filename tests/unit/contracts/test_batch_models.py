from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from sheaf.contracts.documents import ClassifierRule
from sheaf.contracts.http.batch import BatchJob, BatchJobCreate, JobCounts
from sheaf.contracts.http.batch_items import BatchItem
from sheaf.contracts.http.classify import ClassifyJob, ClassifyMode, ClassifyStatus
from sheaf.contracts.http.job_config import BatchParseJobRecordCreate
from sheaf.contracts.states import ItemStatus, JobStatus, JobType

NOW = datetime(2026, 11, 24, tzinfo=UTC)
RULE = {"type": "invoice", "description": "Has an amount that is due."}
OTHER_RULE = {"type": "letter", "description": "Opens with a salutation."}


def create(**fields: object) -> BatchJobCreate:
    return BatchJobCreate.model_validate({"job_config": {}, "directory_id": "dir-1"} | fields)


def error_of(**fields: object) -> ErrorDetails:
    with pytest.raises(ValidationError) as caught:
        create(**fields)
    assert caught.value.error_count() == 1, caught.value.errors()
    return caught.value.errors()[0]


def test_an_empty_configuration_parses_with_the_defaults() -> None:
    request = create()
    assert request.job_type is JobType.PARSE
    assert isinstance(request.job_config, BatchParseJobRecordCreate)
    assert request.job_config == BatchParseJobRecordCreate()
    assert request.job_config.effective_parameters.lang == "en"
    assert (request.page_size, request.threshold) == (100, 100)


def test_rules_make_a_classify_job() -> None:
    request = create(job_config={"rules": [RULE]})
    assert request.job_type is JobType.CLASSIFY
    assert isinstance(request.job_config, ClassifyJob)
    assert request.job_config.parsing_configuration.max_pages == 5


@pytest.mark.parametrize(
    ("config", "job_type"),
    [
        ({"rules": None, "parameters": {}}, JobType.PARSE),
        ({"rules": [RULE], "parameters": None}, JobType.CLASSIFY),
    ],
)
def test_a_null_does_not_decide_the_kind(config: object, job_type: JobType) -> None:
    assert create(job_config=config).job_type is job_type


def test_rules_and_parameters_together_are_refused_with_the_fix() -> None:
    error = error_of(job_config={"rules": [RULE], "parameters": {}})
    assert error["loc"] == ("job_config",)
    assert "both rules and parameters. Send rules alone" in error["msg"]


@pytest.mark.parametrize("config", ["parse", 1, []])
def test_a_configuration_that_is_no_object_is_refused_with_the_fix(config: object) -> None:
    error = error_of(job_config=config)
    assert error["loc"] == ("job_config",)
    assert "job_config must be an object" in error["msg"]


def test_a_missing_configuration_is_named() -> None:
    assert error_of(job_config=None)["loc"] == ("job_config",)


def test_an_error_inside_a_configuration_says_where_it_is() -> None:
    error = error_of(job_config={"rules": [RULE, {"type": "a/b", "description": "x" * 10}]})
    assert error["loc"] == ("job_config", "classify", "rules", 1, "type")


def test_a_configuration_that_was_built_already_is_taken_as_it_is() -> None:
    config = ClassifyJob.model_validate({"rules": [RULE]})
    assert BatchJobCreate(job_config=config, directory_id="dir-1").job_config == config


def test_a_directory_and_items_together_are_refused() -> None:
    error = error_of(item_ids=["dfl-1"])
    assert "directory_id and item_ids are both given. Send" in error["msg"]


def test_neither_directory_nor_items_is_refused() -> None:
    error = error_of(directory_id=None)
    assert "directory_id and item_ids are both missing. Send" in error["msg"]


def test_null_fields_take_their_defaults() -> None:
    request = create(item_ids=None, page_size=None, continue_as_new_threshold=None)
    assert request == create()


def test_items_keep_their_order() -> None:
    assert create(directory_id=None, item_ids=["b", "a"]).item_ids == ("b", "a")


@pytest.mark.parametrize(
    ("item_ids", "message"),
    [([], "item_ids is empty"), (["a", "b", "a"], "more than once: a. Send each id once")],
)
def test_items_must_be_named_once_and_at_all(item_ids: list[str], message: str) -> None:
    assert message in error_of(directory_id=None, item_ids=item_ids)["msg"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("page_size", 0),
        ("page_size", 1001),
        ("continue_as_new_threshold", 0),
        ("directory_id", ""),
    ],
)
def test_a_number_or_id_out_of_bounds_is_named(name: str, value: object) -> None:
    assert error_of(**{name: value})["loc"] == (name,)


def test_a_threshold_below_the_page_size_is_accepted() -> None:
    assert create(page_size=100, continue_as_new_threshold=10).threshold == 10


def test_the_threshold_defaults_to_the_page_size() -> None:
    assert create(page_size=250).threshold == 250


@pytest.mark.parametrize(
    "config",
    [
        {"job_name": "another_job"},
        {"partitions": {"unheard_of_partition": "x"}},
        {"session_id": "not-a-uuid"},
    ],
)
def test_a_parse_record_keeps_to_the_contract(config: object) -> None:
    with pytest.raises(ValidationError):
        BatchParseJobRecordCreate.model_validate(config)


def test_a_parse_record_remembers_the_names_of_what_it_dropped() -> None:
    sent = {"parameters": {"gpt4o_api_key": "s3cr3t", "lang": "de"}}
    record = BatchParseJobRecordCreate.model_validate(sent)
    stored = record.model_dump_json()
    assert record.withheld_parameters == ("gpt4o_api_key",)
    assert "s3cr3t" not in stored
    assert BatchParseJobRecordCreate.model_validate_json(stored) == record


@pytest.mark.parametrize("claim", ["gpt4o_api_key", [{"a": 1}, ["b"], "lang"], 7])
def test_a_client_cannot_claim_that_other_names_were_dropped(claim: object) -> None:
    record = BatchParseJobRecordCreate.model_validate({"withheld_parameters": claim})
    assert record.withheld_parameters == ()


@pytest.mark.parametrize(
    "rule",
    [
        {"type": "", "description": "x" * 10},
        {"type": "x" * 51, "description": "x" * 10},
        {"type": "é", "description": "x" * 10},
        {"type": "a\n", "description": "x" * 10},
        {"type": "a", "description": "x" * 9},
        {"type": "a", "description": "x" * 2001},
    ],
)
def test_a_rule_out_of_its_limits_is_refused(rule: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        ClassifyJob.model_validate({"rules": [rule]})


def test_rules_at_their_limits_are_accepted_and_converted() -> None:
    job = ClassifyJob.model_validate(
        {
            "rules": [
                {"type": "a", "description": "x" * 10},
                {"type": "B_-9 " * 10, "description": "x" * 2000},
            ]
        }
    )
    assert job.engine_rules() == (
        ClassifierRule(type="a", description="x" * 10),
        ClassifierRule(type="B_-9 " * 10, description="x" * 2000),
    )


@pytest.mark.parametrize("rules", [[], [RULE, OTHER_RULE, RULE]])
def test_rules_must_be_there_and_of_different_types(rules: list[dict[str, str]]) -> None:
    with pytest.raises(ValidationError) as caught:
        ClassifyJob.model_validate({"rules": rules})
    assert caught.value.errors()[0]["loc"] == ("rules",)


def test_what_a_client_says_of_the_owner_and_state_is_overwritten() -> None:
    job = ClassifyJob.model_validate(
        {
            "id": "theirs",
            "status": "SUCCESS",
            "user_id": "theirs",
            "project_id": "theirs",
            "created_at": "2026-01-01T00:00:00",
            "rules": [RULE],
            "mode": "MULTIMODAL",
        }
    ).stamped(id="ours", project_id="p", user_id="u")
    assert (job.id, job.project_id, job.user_id) == ("ours", "p", "u")
    assert job.status is ClassifyStatus.PENDING
    assert job.mode is ClassifyMode.MULTIMODAL


@pytest.mark.parametrize(
    ("reading", "expected"),
    [({}, 5), ({"max_pages": None}, None), ({"max_pages": 1, "lang": None}, 1)],
)
def test_a_null_page_limit_of_a_classify_job_sets_no_limit(
    reading: dict[str, object], expected: int | None
) -> None:
    job = ClassifyJob.model_validate({"rules": [RULE], "parsing_configuration": reading})
    assert job.parsing_configuration.max_pages == expected
    assert job.parsing_configuration.lang == "en"
    assert ClassifyJob.model_validate_json(job.model_dump_json()) == job


@pytest.mark.parametrize(
    "reading", [{"max_pages": 0}, {"target_pages": []}, {"target_pages": [-1]}]
)
def test_pages_of_a_classify_job_out_of_bounds_are_refused(reading: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ClassifyJob.model_validate({"rules": [RULE], "parsing_configuration": reading})


configs = st.sampled_from(
    [
        {},
        {"parameters": {"lang": "de", "webhook_configurations": [{"webhook_events": None}]}},
        {"session_id": "018f3c1e-0000-7000-8000-000000000000", "partitions": {}},
        {"partitions": {"file_id_partition": "x"}},
        {"rules": [RULE, OTHER_RULE], "mode": "FAST"},
        {"rules": [RULE], "parsing_configuration": {"max_pages": None, "target_pages": [3]}},
    ]
)
sources = st.text(min_size=1).map(lambda text: {"directory_id": text}) | st.lists(
    st.text(min_size=1), min_size=1, unique=True
).map(lambda texts: {"item_ids": texts})


@given(
    config=configs,
    source=sources,
    page_size=st.integers(1, 1000),
    threshold=st.none() | st.integers(1),
)
def test_a_create_request_survives_json(
    config: object, source: dict[str, object], page_size: int, threshold: int | None
) -> None:
    request = BatchJobCreate.model_validate(
        {"job_config": config, "page_size": page_size, "continue_as_new_threshold": threshold}
        | source
    )
    again = BatchJobCreate.model_validate_json(request.model_dump_json())
    assert again == request
    assert again.job_type is request.job_type


def test_the_terminal_states_are_those_of_the_contract() -> None:
    assert {s.value for s in JobStatus if s.is_terminal} == {"completed", "failed", "cancelled"}
    assert {s.value for s in ItemStatus if not s.is_terminal} == {"pending", "processing"}


@given(counts=st.tuples(*[st.integers(0, 10**9)] * 4))
def test_settled_items_are_the_sum_of_the_terminal_states(counts: tuple[int, ...]) -> None:
    completed, failed, skipped, cancelled = counts
    job = JobCounts(completed=completed, failed=failed, skipped=skipped, cancelled=cancelled)
    assert job.settled == sum(counts)


def test_a_job_always_carries_its_counts_as_numbers() -> None:
    job = BatchJob(
        id="bjb-1",
        job_type=JobType.PARSE,
        project_id="default",
        status=JobStatus.PENDING,
        effective_at=NOW,
        unsupported_parameters=["webhook_url"],
    )
    dumped = job.model_dump(mode="json")
    names = ("total", "processed", "failed", "skipped", "cancelled")
    assert [dumped[f"{name}_items"] for name in names] == [0] * 5
    assert dumped["unsupported_parameters"] == ["webhook_url"]
    assert BatchJob.model_validate_json(job.model_dump_json()) == job


def test_an_item_refuses_a_time_without_a_zone() -> None:
    item = BatchItem(item_id="dfl-1", item_name="a.pdf", status="pending", effective_at=NOW)
    assert BatchItem.model_validate_json(item.model_dump_json()) == item
    with pytest.raises(ValidationError, match="effective_at"):
        BatchItem.model_validate(item.model_dump() | {"effective_at": NOW.replace(tzinfo=None)})
