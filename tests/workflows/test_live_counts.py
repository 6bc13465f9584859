"""What a job's parent says of it while its pages run, on a real dev server."""

import asyncio

from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from sheaf.contracts.temporal.runs import RunBatchResult, RunLimits
from tests.workflows.fakes import FakeItems
from tests.workflows.running import batch_input, start, workers
from workflows.batch import BatchWorkflow


async def completed(handle: WorkflowHandle[BatchWorkflow, RunBatchResult]) -> int:
    """Return what the parent knows to be completed."""
    return (await handle.query(BatchWorkflow.progress)).counts.completed


async def test_the_parent_says_what_its_page_has_done_while_that_runs(
    dev_server: WorkflowEnvironment,
) -> None:
    items = FakeItems(120, pause=1.0)
    seen = set()
    async with workers(dev_server.client, items) as queue:
        handle = await start(dev_server.client, queue, batch_input(page_files=120, concurrency=2))
        # Until the last slices are taken: then the page says what it has done in any case.
        while sum(items.attempts.values()) < 100:
            seen.add(await completed(handle))
            await asyncio.sleep(0.1)
        await handle.result()
        last = await completed(handle)
        history = await handle.fetch_history()
    assert len(seen) >= 4
    assert max(seen) <= last == 120
    signals = sum(
        event.HasField("workflow_execution_signaled_event_attributes") for event in history.events
    )
    assert signals < 15


async def test_what_a_lost_page_has_done_is_not_forgotten(dev_server: WorkflowEnvironment) -> None:
    items = FakeItems(40, pause=0.7)
    limits = RunLimits(watchdog_seconds=0.2)
    async with workers(dev_server.client, items) as queue:
        job = batch_input(page_files=40, concurrency=1, limits=limits)
        handle = await start(dev_server.client, queue, job)
        while await completed(handle) < 10:
            await asyncio.sleep(0.1)
        known = await completed(handle)
        page = dev_server.client.get_workflow_handle(f"{job.job_id}/page/000001")
        left = 40 - len(items.states)
        await page.terminate("by hand")
        assert (await handle.result()).completed == 40
        assert await completed(handle) >= known + left - 5
