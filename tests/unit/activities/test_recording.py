"""Outcomes are recorded in groups, in order, and a failure to store them is never passed over."""

import asyncio
import errno
from collections.abc import Sequence
from typing import Any, cast

import pytest

from activities import recording
from activities.recording import Recorder
from sheaf.contracts.failures import OutageError
from sheaf.contracts.states import ItemStatus
from sheaf.ledger.records import Outcome, RecordedOutcomes
from sheaf.processing.result_store import Processed
from tests.unit.processing.test_documents import SPEC
from tests.unit.processing.test_result_store import completed


class FakeStore:
    def __init__(self, error: OSError | None = None) -> None:
        self.groups: list[list[int]] = []
        self.forgotten: list[int] = []
        self.error = error

    async def write(self, job_id: str, group: Sequence[Processed]) -> list[Outcome]:
        await asyncio.sleep(0)
        if self.error:
            raise self.error
        self.groups.append([one.outcome.item.ordinal for one in group])
        return [one.outcome for one in group]

    async def forget(self, job_id: str, outcomes: Sequence[Outcome]) -> None:
        self.forgotten += [outcome.item.ordinal for outcome in outcomes]


class FakeClaims:
    def __init__(
        self,
        refused: frozenset[int] = frozenset(),
        *,
        stops: bool = False,
        error: Exception | None = None,
    ) -> None:
        self.refused = refused
        self.stops = stops
        self.error = error
        self.settled: list[Outcome] = []

    async def record(self, job_id: str, outcomes: Sequence[Outcome]) -> RecordedOutcomes:
        if self.error:
            raise self.error
        self.settled += outcomes
        ordinals = frozenset(outcome.item.ordinal for outcome in outcomes)
        return RecordedOutcomes(ordinals - self.refused, self.stops)


class FakeWork:
    spec = SPEC
    output = None


def recorder(store: FakeStore, claims: FakeClaims | None = None) -> Recorder:
    parts: tuple[Any, ...] = (FakeWork(), store, None, claims or FakeClaims())
    return Recorder(*cast("Any", parts))


async def test_groups_hold_every_outcome_once_and_in_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recording, "GROUP_ITEMS", 10)
    store = FakeStore()
    made = recorder(store)
    for ordinal in range(1, 36):
        await made.add(completed(ordinal, "text"))
    recorded = await made.finish()
    assert [len(group) for group in store.groups] == [10, 10, 10, 5]
    assert [ordinal for group in store.groups for ordinal in group] == list(range(1, 36))
    assert recorded.counts == {ItemStatus.COMPLETED: 35}
    assert store.forgotten == []


async def test_a_group_is_recorded_once_it_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "GROUP_BYTES", 1000)
    store = FakeStore()
    made = recorder(store)
    for ordinal in range(1, 4):
        await made.add(completed(ordinal, "x" * 600))
    await made.finish()
    assert store.groups == [[1, 2], [3]]


async def test_what_the_fence_refuses_is_not_counted_and_a_pack_of_it_is_deleted() -> None:
    store = FakeStore()
    made = recorder(store, FakeClaims(frozenset({1, 2})))
    await made.add(completed(1, "one"))
    await made.add(completed(2, "two"))
    recorded = await made.finish()
    assert recorded.counts == {}
    assert store.forgotten == [1, 2]


async def test_a_job_that_takes_no_more_work_is_heard_of() -> None:
    made = recorder(FakeStore(), FakeClaims(stops=True))
    await made.add(completed(1, "one"))
    assert (await made.finish()).is_stopped


async def test_a_store_that_fails_is_an_outage_that_says_what_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recording, "GROUP_ITEMS", 1)
    full = OSError(errno.ENOSPC, "No space left on device")
    made = recorder(FakeStore(full))
    await made.add(completed(1, "one"))
    with pytest.raises(OutageError, match=r"the store of results .* No space left"):
        await made.add(completed(2, "two"))
    with pytest.raises(OutageError, match="No space left"):
        await made.finish()
    assert [item.ordinal for item in await made.abandon()] == [1, 2]
    assert made.recorded.counts == {}


async def test_what_was_recorded_is_not_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "GROUP_ITEMS", 1)
    store = FakeStore()
    made = recorder(store)
    await made.add(completed(1, "one"))
    await made.add(completed(2, "two"))
    store.error = OSError("the disk is full")
    assert [item.ordinal for item in await made.abandon()] == [2]
    assert made.recorded.counts == {ItemStatus.COMPLETED: 1}


async def test_a_ledger_that_is_away_is_an_outage_and_an_error_of_code_is_none() -> None:
    for error, raised in ((ConnectionResetError(), OutageError), (KeyError("x"), KeyError)):
        made = recorder(FakeStore(), FakeClaims(error=error))
        await made.add(completed(1, "one"))
        with pytest.raises(raised):
            await made.finish()
