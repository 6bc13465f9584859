"""When events are sent again, in which order, and what they say."""

import itertools
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheaf.contracts.apis import JobApi
from sheaf.contracts.http.events import ItemEventData, JobEventData
from sheaf.contracts.http.secrets import shown_url
from sheaf.contracts.http.webhooks import SENT_EVENTS, WEBHOOK_EVENTS
from sheaf.contracts.states import ItemStatus, JobStatus, JobType, Phase
from sheaf.rules.webhooks import events as webhook_events
from sheaf.rules.webhooks.delivery_order import segments
from sheaf.rules.webhooks.events import (
    ItemFacts,
    JobFacts,
    event_id,
    item_phase,
    job_event,
    job_phase,
)
from sheaf.rules.webhooks.retries import (
    FAILURES_TO_REST,
    MAX_RETRY_AFTER,
    SCHEDULE,
    cool_down,
    parse_retry_after,
    retry_wait,
    window,
)

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def test_ten_attempts_take_as_long_as_standard_webhooks_says() -> None:
    assert len(SCHEDULE) + 1 == 10
    assert timedelta(seconds=sum(SCHEDULE)) == timedelta(hours=75, minutes=35, seconds=5)
    assert retry_wait(10, 0.5, None) is None


@given(st.integers(1, 9), st.floats(0, 1, exclude_max=True), st.none() | st.floats(0, 10**9))
def test_a_wait_keeps_to_the_schedule_and_never_undercuts_retry_after(
    attempts: int, draw: float, asked: float | None
) -> None:
    wait = retry_wait(attempts, draw, asked)
    planned = SCHEDULE[attempts - 1]
    assert wait is not None
    assert wait >= min(asked or 0, MAX_RETRY_AFTER)
    if not asked:
        assert 0.9 * planned <= wait <= 1.1 * planned


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        (None, None),
        ("soon", None),
        ("-1", None),
        ("", None),
        ("Tue, 24 Nov 2026 12:01:00 GMT", 60.0),
        ("Tue, 24 Nov 2026 11:00:00 GMT", 0.0),
        ("9" * 400, 999_999_999.0),
        ("\u0661", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str | None, seconds: float | None) -> None:
    assert parse_retry_after(value, NOW) == seconds


@given(st.text(max_size=60))
def test_no_retry_after_fails(value: str) -> None:
    parse_retry_after(value, NOW)


def test_an_endpoint_rests_only_after_many_failures_in_a_row_and_for_five_minutes_at_most() -> None:
    assert [cool_down(n) for n in (0, 1, FAILURES_TO_REST - 1)] == [0, 0, 0]
    rests = [cool_down(FAILURES_TO_REST + n) for n in range(9)]
    assert rests == sorted(rests)
    assert rests[-1] == 300
    assert cool_down(1, retry_after=77) == 77
    assert (window(FAILURES_TO_REST - 1, 16), window(FAILURES_TO_REST, 16)) == (16, 1)


@dataclass(frozen=True)
class Event:
    id: int
    job_id: str | None
    ordinal: int | None


drawn = st.lists(
    st.tuples(st.sampled_from(["a", "b"]), st.none() | st.integers(1, 4)), max_size=40
).map(lambda rows: [Event(number, *row) for number, row in enumerate(rows)])


@given(drawn)
def test_events_of_an_item_stay_in_order_and_those_of_a_job_divide_the_rest(
    events: list[Event],
) -> None:
    cut = segments(events)
    flat = [event for segment in cut for chain in segment for event in chain]
    assert sorted(flat, key=lambda event: event.id) == events
    for segment in cut:
        for chain in segment:
            assert [event.id for event in chain] == sorted(event.id for event in chain)
            assert len({(event.job_id, event.ordinal) for event in chain}) == 1
    for before, after in itertools.pairwise(cut):
        last = max(event.id for chain in before for event in chain)
        assert last < min(event.id for chain in after for event in chain)
    assert all(len(segment) == 1 for segment in cut if segment[0][0].ordinal is None)


def job(api: JobApi, **counts: int) -> JobFacts:
    is_classify = api in {JobApi.CLASSIFY, JobApi.CLASSIFIER}
    job_type = JobType.CLASSIFY if is_classify else JobType.PARSE
    return JobFacts("bjb-1", "pub-1", api, job_type, **counts)


def test_every_event_that_can_come_is_one_that_is_said_to_be_sent() -> None:
    told = set()
    for api in JobApi:
        for failed in (0, 1, 2):
            facts = job(api, total=2, failed=failed)
            told |= {job_event(facts, job_phase(facts, status)) for status in JobStatus}
        if job(api).has_item_events or job(api).is_single:
            phases = {item_phase(s, has_result=r) for s in ItemStatus for r in (False, True)}
            told |= {f"{kind}.{phase}" for kind in ("parse", "classify") for phase in phases}
    assert told == SENT_EVENTS
    assert WEBHOOK_EVENTS >= SENT_EVENTS


def test_a_job_says_what_its_own_api_shows() -> None:
    counts = {"total": 3, "completed": 2, "failed": 1}
    words = {
        JobApi.BATCH: "completed",
        JobApi.BATCH_V2: "COMPLETED",
        JobApi.CLASSIFIER: "PARTIAL_SUCCESS",
    }
    for api, word in words.items():
        facts = job(api, **counts)
        data = webhook_events.job_data(facts, job_phase(facts, JobStatus.COMPLETED))
        assert (data["status"], data["id"], data["failed_items"]) == (word, "pub-1", 1)
    assert "total_items" not in webhook_events.job_data(job(JobApi.BATCH), Phase.RUNNING)


def test_an_item_says_why_it_failed_once_it_has() -> None:
    item = ItemFacts("task", "dfl-1", "Corrupt", "no xref table")
    failed = webhook_events.item_data(job(JobApi.BATCH), item, Phase.ERROR)
    assert failed == {
        "id": "task",
        "job_id": "task",
        "status": "FAILED",
        "item_id": "dfl-1",
        "batch_id": "pub-1",
        "failure_kind": "Corrupt",
        "error_message": "no xref table",
    }
    assert "failure_kind" not in webhook_events.item_data(job(JobApi.PARSE), item, Phase.RUNNING)


def test_what_is_sent_is_what_is_documented() -> None:
    counts = {"total": 3, "completed": 2, "failed": 1}
    item = ItemFacts("task", "dfl-1", "Corrupt", "no xref table", "size_limit_exceeded")
    for api in JobApi:
        for phase in set(Phase) - {Phase.PARTIAL_SUCCESS}:
            JobEventData.model_validate(webhook_events.job_data(job(api, **counts), phase))
            ItemEventData.model_validate(webhook_events.item_data(job(api), item, phase))


def test_a_body_is_an_object_or_that_object_as_a_string() -> None:
    said = ("id", "parse.success", 1_700_000_000_500_000, {"id": "t"})
    plain, text = (webhook_events.body(*said, form) for form in ("json", "string"))
    assert json.loads(plain) == json.loads(json.loads(text))
    assert json.loads(plain)["timestamp"] == 1_700_000_000.5


def test_an_event_has_one_id() -> None:
    ids = {
        event_id(job_id, ordinal, kind)
        for job_id in ("a", "b")
        for ordinal in (None, 1, 11)
        for kind in ("parse.success", "parse.error")
    }
    assert len(ids) == 12
    assert event_id("a", 1, "parse.success") == event_id("a", 1, "parse.success")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://a.example/hook", "https://a.example/hook"),
        ("https://a.example/hook?token=abc&x", "https://a.example/hook?token=***&***"),
        ("https://u:p@a.example/", "https://a.example/"),
        (
            "https://a.example/services/T0AB/B0CD/abcdefghijklmnopqrst#f",
            "https://a.example/services/T0AB/B0CD/abcd***",
        ),
    ],
)
def test_a_url_is_shown_without_what_may_be_a_token(url: str, shown: str) -> None:
    assert shown_url(url) == shown


@given(st.text(st.characters(codec="ascii"), max_size=80))
def test_showing_a_url_twice_shows_it_as_once(path: str) -> None:
    shown = shown_url("https://a.example/" + path)
    assert shown_url(shown) == shown
