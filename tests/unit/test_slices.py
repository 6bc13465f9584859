"""The time of a slice: what counts as its own, and what ends it."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Any, cast

from temporalio.testing import ActivityEnvironment

from activities.recording import Recorder
from activities.slice_time import SliceTime
from activities.slices import SliceRun
from models.runs import SliceInput
from services.ledger.records import ClaimedItem
from services.opening import Turn
from services.result_store import Processed
from services.work import Work
from tests.claimed import claimed
from tests.unit.test_recording import FakeClaims, FakeStore, recorder
from tests.unit.test_result_store import completed

SECONDS = 0.2


class AllClaims(FakeClaims):
    """Gives every item of a range, and takes back what is released."""

    def __init__(self) -> None:
        super().__init__()
        self.released: list[int] = []

    async def claim(self, job_id: str, first: int, last: int) -> tuple[list[ClaimedItem], bool]:
        return [claimed(ordinal) for ordinal in range(first, last + 1)], False

    async def release(self, job_id: str, claimed: Sequence[ClaimedItem]) -> None:
        self.released += [one.ordinal for one in claimed]


class Waiting:
    """A processor that gets its process late, and then takes a while for each file."""

    def __init__(self, wait: float, file: float) -> None:
        self.wait = wait
        self.file = file

    async def process(
        self, work: Work, items: Sequence[ClaimedItem], seconds: float, turn: Turn
    ) -> AsyncGenerator[Processed, None]:
        await asyncio.sleep(self.wait)
        for one in items:
            if not turn.begins():
                return
            await asyncio.sleep(self.file)
            yield completed(one.ordinal, "text")


async def run_slice(processor: Waiting, claims: AllClaims, last: int) -> SliceRun:
    made: Recorder = recorder(FakeStore(), claims)
    asked = SliceInput(job_id="job", first=1, last=last, file_seconds=60, slice_seconds=SECONDS)
    parts: tuple[Any, ...] = (asked, None, claims, processor, made)
    run = SliceRun(*cast("Any", parts))
    await ActivityEnvironment().run(run.process)
    return run


async def test_the_wait_for_a_process_is_no_time_of_the_slice_nor_of_its_files() -> None:
    run = await run_slice(Waiting(2 * SECONDS, 0.01), AllClaims(), 5)
    assert run.rest is None
    (spent,) = run.spent.values()
    assert spent.seconds < 2 * SECONDS < run.seconds


async def test_what_is_not_begun_in_time_is_released_and_left_to_the_page() -> None:
    claims = AllClaims()
    run = await run_slice(Waiting(0, SECONDS * 0.7), claims, 5)
    assert run.rest is not None
    assert (run.rest.first, run.rest.last) == (3, 5)
    assert claims.released == [3, 4, 5]


async def test_a_slice_begins_a_file_however_late_it_is() -> None:
    run = await run_slice(Waiting(0, SECONDS * 1.5), AllClaims(), 3)
    assert run.rest is not None
    assert run.rest.first == 2


async def test_looking_whether_the_time_is_over_does_not_begin_it() -> None:
    async def look() -> tuple[bool, float | None, bool]:
        made = SliceTime(0.0, lambda: False)
        is_over = made.is_over
        return is_over, made.began, made.begins()

    assert await ActivityEnvironment().run(look) == (False, None, True)


async def test_a_job_that_takes_no_more_work_has_nothing_begun_and_nothing_opened() -> None:
    async def look() -> tuple[bool, bool]:
        made = SliceTime(60.0, lambda: True)
        return made.begins(), made.is_over

    assert await ActivityEnvironment().run(look) == (False, True)
