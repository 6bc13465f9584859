"""A job of few files is done by one local Activity; what it leaves is done by pages."""

import asyncio
from collections import Counter

import pytest
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import CancelledError
from temporalio.testing import WorkflowEnvironment

from sheaf.contracts.temporal.runs import RunBatchResult
from sheaf.contracts.temporal.small_jobs import (
    RunSmallJobInput,
    RunSmallJobsInput,
    RunSmallJobsResult,
)
from tests.workflows.fakes import FakeItems
from tests.workflows.running import batch_input, start, workers
from workflows.batch import BatchWorkflow
from workflows.small_jobs import SmallJobsWorkflow


async def run(
    environment: WorkflowEnvironment, items: FakeItems
) -> tuple[RunBatchResult, Counter[str]]:
    """Run a job that begins in one go; return its end, and its history's events by their kinds."""
    async with workers(environment.client, items) as queue:
        job = batch_input(begins_inline=True)
        handle = await start(environment.client, queue, job)
        result = await handle.result()
        history = await handle.fetch_history()
    return result, Counter(str(event.WhichOneof("attributes")) for event in history.events)


def parts(events: Counter[str]) -> tuple[int, int, int]:
    """Return how many Activities, children and timers there were."""
    return (
        events["activity_task_scheduled_event_attributes"],
        events["start_child_workflow_execution_initiated_event_attributes"],
        events["timer_started_event_attributes"],
    )


@pytest.mark.parametrize("total", [0, 1, 7, 100])
async def test_a_small_job_is_one_task_without_children_activities_and_timers(
    time_skipping: WorkflowEnvironment, total: int
) -> None:
    items = FakeItems(total)
    result, events = await run(time_skipping, items)
    assert result == RunBatchResult(status="completed", total=total, completed=total)
    assert parts(events) == (0, 0, 0)
    assert events["workflow_task_completed_event_attributes"] == 1
    assert len(items.ends) == 1


async def test_failed_files_end_a_small_job_all_the_same(
    time_skipping: WorkflowEnvironment,
) -> None:
    result, events = await run(time_skipping, FakeItems(5, failing=frozenset({2})))
    assert (result.status, result.completed, result.failed) == ("completed", 4, 1)
    assert parts(events) == (0, 0, 0)


async def test_a_job_that_is_not_small_goes_on_by_pages(
    time_skipping: WorkflowEnvironment,
) -> None:
    items = FakeItems(130)
    result, events = await run(time_skipping, items)
    assert result.completed == 130
    assert parts(events)[1] > 0
    assert set(items.attempts.values()) == {1}


async def test_what_fails_transiently_goes_again_by_pages_and_nothing_else_does(
    time_skipping: WorkflowEnvironment,
) -> None:
    items = FakeItems(6, flaky={4: 3})
    result, _ = await run(time_skipping, items)
    assert result.completed == 6
    assert items.attempts == {1: 1, 2: 1, 3: 1, 4: 4, 5: 1, 6: 1}


async def test_a_small_job_whose_ledger_is_away_goes_on_by_pages(
    time_skipping: WorkflowEnvironment,
) -> None:
    items = FakeItems(3, outages={"run_small_job": 1})
    result, _ = await run(time_skipping, items)
    assert result == RunBatchResult(status="completed", total=3, completed=3)


async def test_what_a_small_job_leaves_unsettled_is_handed_out_again(
    time_skipping: WorkflowEnvironment,
) -> None:
    items = FakeItems(3, dropped={2: 1})
    result, _ = await run(time_skipping, items)
    assert result.completed == 3
    assert items.attempts == {1: 1, 2: 2, 3: 1}


async def test_a_small_source_that_cannot_be_listed_fails_its_job(
    time_skipping: WorkflowEnvironment,
) -> None:
    items = FakeItems(0, listing_error="the source cannot be listed: gone")
    with pytest.raises(WorkflowFailureError) as failed:
        await run(time_skipping, items)
    assert "the source cannot be listed: gone" in str(failed.value.cause)
    assert items.ends[-1].error == "the source cannot be listed: gone"


async def test_a_small_job_cancelled_before_it_began_ends_cancelled(
    time_skipping: WorkflowEnvironment,
) -> None:
    items = FakeItems(2, is_cancelled=True)
    with pytest.raises(WorkflowFailureError) as failed:
        await run(time_skipping, items)
    assert isinstance(failed.value.cause, CancelledError)
    assert list(items.states.values()) == ["cancelled", "cancelled"]


async def test_the_progress_of_a_small_job_can_be_asked_for(
    time_skipping: WorkflowEnvironment,
) -> None:
    async with workers(time_skipping.client, FakeItems(9)) as queue:
        job = batch_input(begins_inline=True)
        handle = await start(time_skipping.client, queue, job)
        await handle.result()
        progress = await handle.query(BatchWorkflow.progress)
    assert (progress.total, progress.is_enumerated, progress.counts.completed) == (9, True, 9)


async def test_a_small_job_can_be_cancelled_in_its_middle(
    dev_server: WorkflowEnvironment,
) -> None:
    items = FakeItems(2, holds_inline=True)
    async with workers(dev_server.client, items) as queue:
        handle = await start(dev_server.client, queue, batch_input(begins_inline=True))
        await asyncio.sleep(0.5)
        await handle.cancel()
        with pytest.raises(WorkflowFailureError):
            await handle.result()
    assert items.ends[-1].is_cancelled
    assert items.states == {1: "cancelled", 2: "cancelled"}


async def test_jobs_that_share_a_workflow_are_one_task_of_it(
    time_skipping: WorkflowEnvironment,
) -> None:
    carried = tuple(RunSmallJobInput(job_id=f"bjb-{n}", file_seconds=1) for n in range(3))
    async with workers(time_skipping.client, FakeItems(1)) as queue:
        handle = await time_skipping.client.start_workflow(
            SmallJobsWorkflow.run,
            RunSmallJobsInput(jobs=carried, longest_file_seconds=1),
            id="small-jobs/1",
            task_queue=queue,
        )
        result = await handle.result()
        history = await handle.fetch_history()
    assert result == RunSmallJobsResult(ended=3, left=0)
    kinds = Counter(str(event.WhichOneof("attributes")) for event in history.events)
    assert parts(kinds) == (0, 0, 0)
    assert kinds["workflow_task_completed_event_attributes"] == 1
