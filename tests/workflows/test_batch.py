"""`BatchWorkflow` in a single run, against a server that skips time."""

import asyncio

import pytest
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import ApplicationError, CancelledError
from temporalio.testing import WorkflowEnvironment

from sheaf.contracts.temporal.runs import RunBatchResult, RunLimits
from tests.workflows.fakes import FakeItems
from tests.workflows.running import batch_input, start, workers
from workflows.batch import BatchWorkflow


async def run(
    environment: WorkflowEnvironment, items: FakeItems, **options: object
) -> RunBatchResult:
    async with workers(environment.client, items) as queue:
        handle = await start(environment.client, queue, batch_input(**options))
        return await handle.result()


async def failure_of(environment: WorkflowEnvironment, items: FakeItems) -> BaseException | None:
    """Run a batch whose Workflow does not complete; return why."""
    with pytest.raises(WorkflowFailureError) as failed:
        await asyncio.wait_for(run(environment, items), 20)
    return failed.value.cause


@pytest.mark.parametrize("total", [0, 1, 9, 10, 11, 47])
async def test_every_item_is_processed_once(time_skipping: WorkflowEnvironment, total: int) -> None:
    items = FakeItems(total)
    result = await run(time_skipping, items)
    assert result == RunBatchResult(status="completed", total=total, completed=total)
    assert set(items.attempts.values()) <= {1}


async def test_failed_items_do_not_fail_the_batch(time_skipping: WorkflowEnvironment) -> None:
    result = await run(time_skipping, FakeItems(25, failing=frozenset({3, 14})))
    assert (result.status, result.completed, result.failed) == ("completed", 23, 2)


async def test_a_transient_failure_goes_again_alone(time_skipping: WorkflowEnvironment) -> None:
    items = FakeItems(12, flaky={4: 3})
    result = await run(time_skipping, items)
    assert result.completed == 12
    assert items.attempts[4] == 4
    assert items.attempts[5] == 1


async def test_items_left_unsettled_are_dispatched_again(
    time_skipping: WorkflowEnvironment,
) -> None:
    items = FakeItems(12, dropped={7: 2})
    result = await run(time_skipping, items)
    assert result.completed == 12
    assert [end.gives_up for end in items.ends] == [False, False, False]


async def test_items_that_stay_unsettled_end_the_batch_all_the_same(
    time_skipping: WorkflowEnvironment,
) -> None:
    items = FakeItems(12, dropped={7: 99})
    result = await run(time_skipping, items)
    assert (result.status, result.completed, result.failed) == ("completed", 11, 1)
    assert items.ends[-1].gives_up


async def test_pages_of_nothing_but_skipped_items_are_not_started(
    time_skipping: WorkflowEnvironment,
) -> None:
    items = FakeItems(50, states=dict.fromkeys(range(1, 41), "skipped"))
    result = await run(time_skipping, items)
    assert result.completed == 10
    assert sorted(items.attempts) == list(range(41, 51))


async def test_each_file_can_have_an_activity_of_its_own(
    time_skipping: WorkflowEnvironment,
) -> None:
    items = FakeItems(7)
    async with workers(time_skipping.client, items) as queue:
        job = batch_input(one_file_per_activity=True)
        handle = await start(time_skipping.client, queue, job)
        await handle.result()
        page = time_skipping.client.get_workflow_handle(f"{job.job_id}/page/000001")
        history = await page.fetch_history()
    scheduled = [
        e for e in history.events if e.HasField("activity_task_scheduled_event_attributes")
    ]
    assert len(scheduled) == 1 + 7


@pytest.mark.parametrize("joins", [True, False])
async def test_pages_of_small_files_go_out_together_where_the_job_joins_them(
    time_skipping: WorkflowEnvironment, joins: bool
) -> None:
    items = FakeItems(150, seconds_per_file=0.001)
    await run(time_skipping, items, coalesces_pages=joins)
    sizes = [page.last - page.first + 1 for page in items.planned]
    assert sum(sizes) == 150
    assert sizes[0] == 10  # Nothing has shown yet what a file takes.
    assert (max(sizes) > 10) == joins


async def test_a_slice_has_time_for_its_longest_file_and_for_one_that_it_waits_for(
    time_skipping: WorkflowEnvironment,
) -> None:
    limits = RunLimits(file_seconds=300, longest_file_seconds=1800, slice_seconds=5)
    async with workers(time_skipping.client, FakeItems(3)) as queue:
        job = batch_input(limits=limits)
        await (await start(time_skipping.client, queue, job)).result()
        page = time_skipping.client.get_workflow_handle(f"{job.job_id}/page/000001")
        history = await page.fetch_history()
    slices = [
        event.activity_task_scheduled_event_attributes
        for event in history.events
        if event.HasField("activity_task_scheduled_event_attributes")
    ][1:]
    assert slices
    for scheduled in slices:
        assert scheduled.start_to_close_timeout.seconds >= 3600 + 1800 + 5


async def test_a_source_that_cannot_be_listed_fails_the_batch(
    time_skipping: WorkflowEnvironment,
) -> None:
    items = FakeItems(0, listing_error="the source cannot be listed: gone")
    failure = await failure_of(time_skipping, items)
    assert isinstance(failure, ApplicationError)
    assert (failure.type, failure.message) == ("JobFailed", items.listing_error)
    assert items.ends[-1].error == items.listing_error


@pytest.mark.parametrize("listed", [1, 10, 25, 47])
async def test_a_source_that_fails_after_some_items_were_listed_fails_the_batch(
    time_skipping: WorkflowEnvironment, listed: int
) -> None:
    items = FakeItems(listed, listed=listed, listing_error="the source cannot be listed: gone")
    failure = await failure_of(time_skipping, items)
    assert isinstance(failure, ApplicationError)
    (counts,) = failure.details
    assert counts["status"] == "failed"
    assert counts["completed"] + counts["failed"] == counts["total"] == listed


async def test_a_batch_cancelled_before_it_began_ends_cancelled(
    time_skipping: WorkflowEnvironment,
) -> None:
    items = FakeItems(5, is_cancelled=True)
    assert isinstance(await failure_of(time_skipping, items), CancelledError)
    assert set(items.states.values()) == {"cancelled"}


async def test_a_cancel_that_only_the_ledger_knows_of_ends_the_batch_cancelled_with_its_counts(
    time_skipping: WorkflowEnvironment,
) -> None:
    items = FakeItems(30, cancelled_at=13)
    async with workers(time_skipping.client, items) as queue:
        handle = await start(time_skipping.client, queue, batch_input())
        with pytest.raises(WorkflowFailureError) as failed:
            await asyncio.wait_for(handle.result(), 20)
        counts = await (await handle.describe()).memo_value("counts", type_hint=RunBatchResult)
    assert isinstance(failed.value.cause, CancelledError)
    assert "failed" not in items.states.values()
    assert counts.status == "cancelled"
    assert counts.completed == list(items.states.values()).count("completed")
    assert counts.completed + counts.cancelled == counts.total == 30


async def test_progress_can_be_asked_for(time_skipping: WorkflowEnvironment) -> None:
    items = FakeItems(23)
    async with workers(time_skipping.client, items) as queue:
        handle = await start(time_skipping.client, queue, batch_input())
        await handle.result()
        progress = await handle.query(BatchWorkflow.progress)
    assert (progress.total, progress.is_enumerated, progress.dispatched) == (23, True, 23)
    assert progress.counts.completed == 23
    assert progress.open_pages == ()


async def looks(environment: WorkflowEnvironment, limits: RunLimits) -> int:
    """Return how often a parent looks after its page while that waits for one file."""
    async with workers(environment.client, FakeItems(3, flaky={2: 14})) as queue:
        handle = await start(environment.client, queue, batch_input(limits=limits))
        await handle.result()
        history = await handle.fetch_history()
    return sum(event.HasField("timer_fired_event_attributes") for event in history.events)


async def test_the_watchdog_of_a_quiet_job_looks_less_often(
    time_skipping: WorkflowEnvironment,
) -> None:
    often = await looks(time_skipping, RunLimits())
    seldom = await looks(time_skipping, RunLimits(longest_watchdog_seconds=60))
    assert often > 20
    assert often / 5 < seldom < often / 2
