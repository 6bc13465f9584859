"""An Activity that fails for good ends its job with the reason; an outage only makes it wait."""

import pytest
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import ApplicationError, CancelledError
from temporalio.testing import WorkflowEnvironment

from activities.own_faults import MAX_OWN_FAULTS
from sheaf.contracts.temporal.runs import RunBatchResult
from tests.workflows.fakes import FakeItems
from tests.workflows.running import batch_input, start, workers

EVER = 10**6


async def run(environment: WorkflowEnvironment, items: FakeItems) -> str:
    """Run a job; return the status that its Workflow ends with."""
    async with workers(environment.client, items) as queue:
        handle = await start(environment.client, queue, batch_input())
        try:
            return (await handle.result()).status
        except WorkflowFailureError as failed:
            return str(counts_of(failed.cause)["status"])


def counts_of(failure: BaseException | None) -> dict[str, object]:
    """Return the counts in the failure of a failed job's Workflow."""
    assert isinstance(failure, ApplicationError)
    assert failure.type == "JobFailed"
    counts: dict[str, object] = failure.details[0]
    return counts


async def test_a_job_that_cannot_be_settled_fails_with_the_reason(
    time_skipping: WorkflowEnvironment,
) -> None:
    # Once by the settle of a job that is done, and once by that of one that has failed.
    items = FakeItems(3, faults={"finalize_job": 2 * MAX_OWN_FAULTS})
    assert await run(time_skipping, items) == "failed"
    assert "settle_job: KeyError: 'skipped'" in str(items.ends[-1].error)


@pytest.mark.parametrize("activity", ["begin_job"])
async def test_a_fault_around_the_pages_fails_the_job_with_the_reason(
    time_skipping: WorkflowEnvironment, activity: str
) -> None:
    items = FakeItems(3, faults={activity: EVER})
    assert await run(time_skipping, items) == "failed"
    assert items.ends[-1].error == f"the orchestration failed: {activity}: KeyError: 'skipped'"


@pytest.mark.parametrize("activity", ["plan_page", "process_slice"])
async def test_items_that_a_fault_keeps_from_being_processed_fail_with_the_reason(
    time_skipping: WorkflowEnvironment, activity: str
) -> None:
    items = FakeItems(3, faults={activity: EVER})
    assert await run(time_skipping, items) == "completed"
    assert set(items.states.values()) == {"failed"}
    assert items.ends[-1].fault == f"{activity}: KeyError: 'skipped'"


@pytest.mark.parametrize("activity", ["begin_job", "plan_page", "process_slice", "finalize_job"])
async def test_an_outage_is_waited_for_however_often_it_is_met(
    time_skipping: WorkflowEnvironment, activity: str
) -> None:
    items = FakeItems(
        3, outages={activity: 3 * MAX_OWN_FAULTS}, faults={activity: MAX_OWN_FAULTS - 1}
    )
    assert await run(time_skipping, items) == "completed"
    assert set(items.states.values()) == {"completed"}


async def test_a_job_that_cannot_be_settled_ends_cancelled_where_only_the_ledger_knows_of_it(
    time_skipping: WorkflowEnvironment,
) -> None:
    items = FakeItems(30, cancelled_at=13, faults={"finalize_job": MAX_OWN_FAULTS})
    async with workers(time_skipping.client, items) as queue:
        handle = await start(time_skipping.client, queue, batch_input())
        with pytest.raises(WorkflowFailureError) as failed:
            await handle.result()
        counts = await (await handle.describe()).memo_value("counts", type_hint=RunBatchResult)
    assert isinstance(failed.value.cause, CancelledError)
    assert (counts.status, counts.total) == ("cancelled", 30)


async def test_a_watchdog_that_could_not_look_once_looks_again(
    time_skipping: WorkflowEnvironment,
) -> None:
    # Nobody tells the parent of the enumeration's end: only the watchdog finds it.
    items = FakeItems(3, superseded=1, faults={"find_ended_pages": MAX_OWN_FAULTS})
    assert await run(time_skipping, items) == "completed"
    assert set(items.states.values()) == {"completed"}
