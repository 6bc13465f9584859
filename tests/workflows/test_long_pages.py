"""Pages whose histories grow long, on a real dev server."""

import asyncio
import uuid
from contextlib import suppress

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import Client, WorkflowFailureError
from temporalio.client import WorkflowExecution as Listed
from temporalio.exceptions import CancelledError
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from activities.pages import LedgerPageActivities
from sheaf.contracts.ids import page_workflow_id
from sheaf.contracts.temporal.runs import FindEndedPagesInput, RunLimits
from tests.workflows.fakes import FakeItems
from tests.workflows.running import batch_input, start, workers

BOUND = 300
SLACK = 100
"""Slots of a page, each of which may end after the bound, are some events each."""


def flaky(total: int, **options: object) -> FakeItems:
    """Items that each fail transiently once."""
    return FakeItems(total, flaky=dict.fromkeys(range(1, total + 1), 1), **options)  # type: ignore[arg-type]


async def page_runs(client: Client, job_id: str) -> list[Listed]:
    """Return every run of every page of a job, once the server lists them as ended."""
    query = f"WorkflowId STARTS_WITH '{job_id}/page/'"
    while True:
        runs = [run async for run in client.list_workflows(query)]
        if runs and all(run.close_time for run in runs):
            return runs
        await asyncio.sleep(0.1)


async def continued(client: Client, page_id: str) -> str:
    """Wait until a page has continued as new; return its first run's id."""
    while True:
        with suppress(RPCError):
            description = await client.get_workflow_handle(page_id).describe()
            first = description.raw_description.workflow_execution_info.first_run_id
            if first != description.run_id:
                return first
        await asyncio.sleep(0.02)


async def test_a_page_of_thousands_of_transient_failures_keeps_its_histories_short(
    dev_server: WorkflowEnvironment,
) -> None:
    items = flaky(2000)
    job = batch_input(
        page_files=1000, concurrency=8, limits=RunLimits(max_page_events=BOUND), threshold=5000
    )
    async with workers(dev_server.client, items) as queue:
        handle = await start(dev_server.client, queue, job)
        result = await handle.result()
        runs = await page_runs(dev_server.client, job.job_id)
    assert (result.status, result.completed) == ("completed", 2000)
    assert set(items.attempts.values()) == {2}
    assert [end.gives_up for end in items.ends] == [False]
    assert items.most_in_flight <= 8
    assert len(items.planned) == len({run.id for run in runs}) == 2
    assert max(run.history_length for run in runs) < BOUND + SLACK


async def test_a_page_that_continues_leaves_no_slot_idle(dev_server: WorkflowEnvironment) -> None:
    # One file of the first page takes long, and holds up its next run; the second page does not
    # wait for that.
    items = flaky(60, pause=0.02)
    items.slow[1] = 5.0
    job = batch_input(page_files=30, limits=RunLimits(max_page_events=40))
    async with workers(dev_server.client, items) as queue:
        handle = await start(dev_server.client, queue, job)
        second = page_workflow_id(job.job_id, 31)
        await continued(dev_server.client, second)
        assert 1 not in items.states
        result = await handle.result()
    assert result.completed == 60
    assert items.most_in_flight <= 4


async def test_a_page_that_has_continued_is_there_for_its_watchdog(
    dev_server: WorkflowEnvironment,
) -> None:
    items = flaky(60, pause=0.02)
    job = batch_input(page_files=60, limits=RunLimits(max_page_events=40))
    page_id = page_workflow_id(job.job_id, 1)
    async with workers(dev_server.client, items) as queue:
        handle = await start(dev_server.client, queue, job)
        await continued(dev_server.client, page_id)
        pages = LedgerPageActivities(None, dev_server.client)  # type: ignore[arg-type]
        looked = await pages.find_ended_pages(FindEndedPagesInput(workflow_ids=(page_id,)))
        result = await handle.result()
    assert looked.ended == ()
    assert result.completed == 60
    assert len(items.planned) == 1


async def test_a_cancel_reaches_a_page_that_has_continued(dev_server: WorkflowEnvironment) -> None:
    items = flaky(200, pause=0.02)
    job = batch_input(page_files=200, limits=RunLimits(max_page_events=40))
    async with workers(dev_server.client, items) as queue:
        handle = await start(dev_server.client, queue, job)
        await continued(dev_server.client, page_workflow_id(job.job_id, 1))
        await handle.cancel()
        with pytest.raises(WorkflowFailureError) as failed:
            await asyncio.wait_for(handle.result(), 15)
        runs = await page_runs(dev_server.client, job.job_id)
    assert isinstance(failed.value.cause, CancelledError)
    assert "cancelled" in items.states.values()
    assert {run.status.name for run in runs if run.status} == {"CONTINUED_AS_NEW", "CANCELED"}


async def test_a_new_parent_adopts_a_page_that_has_continued(
    dev_server: WorkflowEnvironment,
) -> None:
    items = flaky(100, pause=0.02)
    job = batch_input(page_files=100, limits=RunLimits(max_page_events=40))
    async with workers(dev_server.client, items) as queue:
        handle = await start(dev_server.client, queue, job)
        await continued(dev_server.client, page_workflow_id(job.job_id, 1))
        await handle.terminate("by hand")
        handle = await start(dev_server.client, queue, job)
        result = await handle.result()
    assert result.completed == 100
    assert len(items.planned) == 1
    assert [end.gives_up for end in items.ends] == [False]


async def test_a_page_that_is_reset_to_its_first_run_loses_no_item(
    dev_server: WorkflowEnvironment,
) -> None:
    items = flaky(60, pause=0.02)
    job = batch_input(page_files=60, limits=RunLimits(max_page_events=40, watchdog_seconds=1))
    page_id = page_workflow_id(job.job_id, 1)
    async with workers(dev_server.client, items) as queue:
        handle = await start(dev_server.client, queue, job)
        first = await continued(dev_server.client, page_id)
        await dev_server.client.workflow_service.reset_workflow_execution(
            ResetWorkflowExecutionRequest(
                namespace=dev_server.client.namespace,
                workflow_execution=WorkflowExecution(workflow_id=page_id, run_id=first),
                reason="by hand",
                workflow_task_finish_event_id=4,
                request_id=str(uuid.uuid4()),
            )
        )
        result = await asyncio.wait_for(handle.result(), 60)
    assert result.completed == 60
    assert set(items.states.values()) == {"completed"}
