"""Running a batch's Workflows over fakes, on a server that is given."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from temporalio.client import Client, WorkflowHandle
from temporalio.worker import Worker

from activities.own_faults import EndsOnOwnFaults
from sheaf.contracts.temporal.queues import SLICES
from sheaf.contracts.temporal.runs import BatchInput, RunBatchResult
from tests.workflows.fakes import FakeActivities, FakeItems
from workflows.batch import BatchWorkflow
from workflows.enumeration import EnumerationWorkflow
from workflows.page import PageWorkflow
from workflows.small_jobs import SmallJobsWorkflow


@asynccontextmanager
async def workers(client: Client, items: FakeItems) -> AsyncIterator[str]:
    """Run both workers; yields the queue of Workflows. Only one test at a time uses the slices'."""
    fake = FakeActivities(items)
    queue = f"batches-{uuid.uuid4().hex}"
    activities: list[Any] = fake.all()
    async with (
        Worker(
            client,
            task_queue=queue,
            workflows=[BatchWorkflow, PageWorkflow, EnumerationWorkflow, SmallJobsWorkflow],
            activities=activities,
            interceptors=[EndsOnOwnFaults()],
        ),
        Worker(
            client,
            task_queue=SLICES,
            activities=[fake.process_slice],
            interceptors=[EndsOnOwnFaults()],
        ),
    ):
        yield queue


def batch_input(**options: Any) -> BatchInput:
    """A job of pages of 10 that needs no Search Attributes."""
    defaults = {
        "job_id": f"bjb-{uuid.uuid4().hex}",
        "page_files": 10,
        "threshold": 1000,
        "concurrency": 4,
        "has_search_attributes": False,
    }
    return BatchInput(**defaults | options)


async def start(
    client: Client, queue: str, input: BatchInput
) -> WorkflowHandle[BatchWorkflow, RunBatchResult]:
    """Start a batch under its own id."""
    return await client.start_workflow(BatchWorkflow.run, input, id=input.job_id, task_queue=queue)
