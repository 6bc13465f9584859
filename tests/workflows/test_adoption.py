"""A parent that meets children of an earlier parent of its job: after a reset, or a delete."""

import asyncio

import pytest
from temporalio.testing import WorkflowEnvironment

from sheaf.contracts.ids import page_workflow_id
from sheaf.contracts.temporal.page_runs import PageInput
from sheaf.contracts.temporal.runs import BatchInput, RunBatchResult
from tests.workflows.fakes import FakeItems
from tests.workflows.running import batch_input, start, workers
from workflows.page import PageWorkflow


async def adopt(
    environment: WorkflowEnvironment, items: FakeItems, job: BatchInput, *pages: PageInput
) -> RunBatchResult:
    """Run a job whose pages are there before its parent."""
    async with workers(environment.client, items) as queue:
        for page in pages:
            await environment.client.start_workflow(
                PageWorkflow.run,
                page,
                id=page_workflow_id(job.job_id, page.first),
                task_queue=queue,
            )
        handle = await start(environment.client, queue, job)
        return await asyncio.wait_for(handle.result(), 20)


def page_of(job: BatchInput, first: int, last: int, share: int) -> PageInput:
    return PageInput(job_id=job.job_id, parent_id=job.job_id, first=first, last=last, share=share)


async def test_a_page_of_an_earlier_parent_is_told_its_share_again(
    time_skipping: WorkflowEnvironment,
) -> None:
    items, job = FakeItems(30), batch_input()
    result = await adopt(time_skipping, items, job, page_of(job, 1, 10, share=0))
    assert result.completed == 30
    assert set(items.attempts.values()) == {1}


@pytest.mark.parametrize("last", [3, 10, 17])
async def test_a_page_that_was_cut_otherwise_leaves_no_item_to_the_end_of_the_job(
    time_skipping: WorkflowEnvironment, last: int
) -> None:
    items, job = FakeItems(30), batch_input()
    result = await adopt(time_skipping, items, job, page_of(job, 1, last, share=0))
    assert result.completed == 30
    assert [end.gives_up for end in items.ends] == [False]


async def test_an_enumeration_that_gave_way_to_another_says_nothing_of_the_source(
    time_skipping: WorkflowEnvironment,
) -> None:
    items, job = FakeItems(12, superseded=1), batch_input()
    result = await adopt(time_skipping, items, job)
    assert (result.status, result.completed) == ("completed", 12)
