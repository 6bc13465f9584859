"""The time of a slice: what counts as its own, and what ends it."""

import asyncio
import errno
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities import outages, recording
from activities.recording import Recorder
from activities.slice_run import MAX_ATTEMPTS, SliceRun
from sheaf.contracts.failures import FailureKind, OutageError
from sheaf.contracts.states import ItemStatus
from sheaf.contracts.temporal.runs import ProcessSliceInput
from sheaf.ledger.records import ClaimedItem
from sheaf.processing.job_work import Work
from sheaf.processing.result_store import Processed
from sheaf.processing.slice_budget import SliceBudget
from sheaf.runtime.bounded_queue import BoundedQueue
from sheaf.runtime.stages import Stages
from tests.claimed import claimed
from tests.unit.activities.test_recording import FakeClaims, FakeStore, recorder
from tests.unit.processing.test_result_store import completed

SECONDS = 0.2


class AllClaims(FakeClaims):
    """Gives every item of a range, and takes back what is released."""

    def __init__(self, lost: int = 0, attempts: int = 0) -> None:
        super().__init__()
        self.claimed: list[tuple[int, int]] = []
        self.released: list[int] = []
        self.away = 0
        """How many releases are to fail."""
        self._values = {"lost_claims": lost, "attempts": attempts}

    async def claim(self, job_id: str, first: int, last: int) -> tuple[list[ClaimedItem], bool]:
        self.claimed.append((first, last))
        return [claimed(ordinal, **self._values) for ordinal in range(first, last + 1)], False

    async def release(self, job_id: str, claimed: Sequence[ClaimedItem]) -> None:
        if self.away:
            self.away -= 1
            raise ConnectionResetError("the ledger is away")
        self.released += [one.ordinal for one in claimed]


class FakeProcessor:
    """A processor of one stage, which yields what is processed."""

    def start(
        self,
        stages: Stages,
        work: Work,
        items: Sequence[ClaimedItem],
        seconds: float,
        processed: BoundedQueue[Processed],
        budget: SliceBudget,
        stop: asyncio.Future[None],
    ) -> None:
        async def run() -> None:
            async for one in self.process(items, budget):
                await processed.put(one)

        stages.start(run(), writes=(processed,))

    def process(
        self, items: Sequence[ClaimedItem], budget: SliceBudget
    ) -> AsyncGenerator[Processed, None]:
        raise NotImplementedError


class Waiting(FakeProcessor):
    """A processor that gets its process late, and then takes a while for each file."""

    def __init__(self, wait: float, file: float) -> None:
        self.wait = wait
        self.file = file

    async def process(
        self, items: Sequence[ClaimedItem], budget: SliceBudget
    ) -> AsyncGenerator[Processed, None]:
        await asyncio.sleep(self.wait)
        for one in items:
            if not budget.begins():
                return
            await asyncio.sleep(self.file)
            yield replace(completed(one.ordinal, "text"), seconds=self.file)


class Broken(FakeProcessor):
    """A processor that ends a file or two and then meets an error."""

    def __init__(self, ends: int, error: Exception) -> None:
        self.ends = ends
        self.error = error

    async def process(
        self, items: Sequence[ClaimedItem], budget: SliceBudget
    ) -> AsyncGenerator[Processed, None]:
        for one in items[: self.ends]:
            yield completed(one.ordinal, "text")
        raise self.error


async def run_slice(
    processor: FakeProcessor,
    claims: AllClaims,
    last: int,
    *,
    attempt: int = 1,
    store: FakeStore | None = None,
    environment: ActivityEnvironment | None = None,
) -> SliceRun:
    made: Recorder = recorder(store or FakeStore(), claims)
    asked = ProcessSliceInput(
        job_id="job", first=1, last=last, file_seconds=60, slice_seconds=SECONDS
    )
    parts: tuple[Any, ...] = (asked, None, claims, processor, made)
    run = SliceRun(*cast("Any", parts))
    environment = environment or ActivityEnvironment()
    environment.info = replace(environment.info, attempt=attempt)
    await environment.run(run.process)
    return run


async def test_the_wait_for_a_process_is_no_time_of_the_slice_nor_of_its_files() -> None:
    run = await run_slice(Waiting(2 * SECONDS, 0.01), AllClaims(), 5)
    assert run.remaining is None
    (spent,) = run.spent.values()
    assert spent.seconds < 2 * SECONDS < run.seconds


async def test_what_is_not_begun_in_time_is_released_and_left_to_the_page() -> None:
    claims = AllClaims()
    run = await run_slice(Waiting(0, SECONDS * 0.7), claims, 5)
    assert run.remaining is not None
    assert (run.remaining.first, run.remaining.last) == (3, 5)
    assert claims.released == [3, 4, 5]


async def test_a_slice_begins_a_file_however_late_it_is() -> None:
    run = await run_slice(Waiting(0, SECONDS * 1.5), AllClaims(), 3)
    assert run.remaining is not None
    assert run.remaining.first == 2


async def test_what_waits_for_the_recorder_when_it_breaks_is_given_back_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recording, "GROUP_ITEMS", 2)
    claims = AllClaims()
    store = FakeStore(OSError(errno.ENOSPC, "No space left on device"))
    with pytest.raises(OutageError, match="the store of results"):
        await run_slice(Waiting(0, 0), claims, 200, store=store)
    assert sorted(claims.released) == list(range(1, 201))


async def test_a_cancelled_slice_records_what_is_done_and_gives_the_rest_back() -> None:
    claims = AllClaims()
    environment = ActivityEnvironment()

    class Cancelling(FakeProcessor):
        async def process(
            self, items: Sequence[ClaimedItem], budget: SliceBudget
        ) -> AsyncGenerator[Processed, None]:
            yield completed(1, "text")
            environment.cancel()
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await run_slice(Cancelling(), claims, 3, environment=environment)
    assert [one.item.ordinal for one in claims.settled] == [1]
    assert claims.released == [2, 3]


async def test_a_store_that_is_full_gives_every_claim_back_and_counts_nothing() -> None:
    claims = AllClaims()
    store = FakeStore(OSError(errno.ENOSPC, "No space left on device"))
    with pytest.raises(OutageError, match="the store of results"):
        await run_slice(Waiting(0, 0), claims, 5, store=store)
    assert sorted(claims.released) == [1, 2, 3, 4, 5]
    assert claims.settled == []


async def test_an_outage_leaves_what_is_done_recorded_and_the_rest_uncounted() -> None:
    claims = AllClaims()
    with pytest.raises(OutageError):
        await run_slice(Broken(2, OutageError("the source", "away")), claims, 5)
    assert [one.item.ordinal for one in claims.settled] == [1, 2]
    assert sorted(claims.released) == [3, 4, 5]


async def test_claims_are_given_back_however_long_the_ledger_is_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outages, "GIVE_BACK_SECONDS", 0)
    claims = AllClaims()
    claims.away = 20
    with pytest.raises(OutageError):
        await run_slice(Broken(0, OutageError("the source", "away")), claims, 3)
    assert sorted(claims.released) == [1, 2, 3]


async def test_an_error_of_code_is_an_attempt_at_what_it_left_behind() -> None:
    claims = AllClaims()
    run = await run_slice(Broken(1, KeyError("skipped")), claims, 3)
    assert [(one.item.ordinal, one.status) for one in claims.settled] == [
        (1, ItemStatus.COMPLETED),
        (2, ItemStatus.PENDING),
        (3, ItemStatus.PENDING),
    ]
    assert "KeyError: 'skipped'" in str(claims.settled[1].error_message)
    assert run.remaining is None
    assert claims.released == []
    last = AllClaims(attempts=MAX_ATTEMPTS - 1)
    await run_slice(Broken(0, KeyError("skipped")), last, 1)
    assert last.settled[0].failure_kind is FailureKind.EXHAUSTED


async def test_a_slice_that_comes_again_begins_with_one_file_and_goes_on_with_all() -> None:
    claims = AllClaims()
    await run_slice(Waiting(0, 0), claims, 5, attempt=2)
    assert claims.claimed == [(1, 1), (2, 5)]


async def test_a_slice_whose_worker_died_goes_file_by_file() -> None:
    claims = AllClaims(lost=1)
    await run_slice(Waiting(0, 0), claims, 3, attempt=2)
    assert claims.claimed == [(1, 1), (2, 2), (3, 3)]


@pytest.mark.parametrize(
    "error",
    [OutageError("the source", "away"), ConnectionRefusedError(), TimeoutError()],
    ids=lambda error: type(error).__name__,
)
async def test_what_is_away_is_waited_for_longer_and_longer_and_says_so(error: Exception) -> None:
    environment = ActivityEnvironment()
    for attempt, seconds in ((1, 1), (2, 2), (4, 8), (5, 15), (5000, 15)):
        environment.info = replace(environment.info, attempt=attempt)

        def fail() -> None:
            with outages.comes_again("job"):
                raise error

        with pytest.raises(ApplicationError) as raised:
            environment.run(fail)
        assert raised.value.next_retry_delay == timedelta(seconds=seconds)
        assert not raised.value.non_retryable
        assert raised.value.type == "Unavailable"
        assert raised.value.message


def test_an_error_of_code_is_not_waited_out() -> None:
    with pytest.raises(KeyError), outages.comes_again("job"):
        raise KeyError("x")
