"""One Workflow that starts an Activity a file, as most would write a batch on Temporal.

At most 100 files are in flight. After 1,000 files the Workflow waits for all of them and continues
as new, which keeps a run under the 4,096 events at which the server suggests it (about 3 a file).
"""

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta

from temporalio import workflow
from temporalio.client import Client

with workflow.unsafe.imports_passed_through():
    from bench.peers.temporal import QUEUE, PageInput, list_files, measure_on_temporal, parse_file

WINDOW = 100
FILES_PER_RUN = 1_000


@dataclass(frozen=True)
class BatchInput:
    """A batch, and how many of its files earlier runs have completed."""

    mark: str
    total: int
    completed: int = 0


@workflow.defn
class BatchWorkflow:
    """Works on the files of one run, then continues as new with the rest."""

    @workflow.run
    async def run(self, batch: BatchInput) -> int:
        """Return how many files were completed, over all runs."""
        last = min(batch.completed + FILES_PER_RUN, batch.total)
        names = await workflow.execute_activity(
            list_files,
            PageInput(batch.mark, batch.completed, last),
            start_to_close_timeout=timedelta(minutes=1),
        )
        window = asyncio.Semaphore(WINDOW)
        await asyncio.gather(*(self._parse(name, window) for name in names))
        if last < batch.total:
            workflow.continue_as_new(replace(batch, completed=last))
        return last

    async def _parse(self, name: str, window: asyncio.Semaphore) -> None:
        async with window:
            await workflow.execute_activity(
                parse_file, name, start_to_close_timeout=timedelta(minutes=1)
            )


WORKFLOWS = (BatchWorkflow,)


async def run(client: Client, mark: str, count: int) -> int:
    """Run a batch to its end."""
    return await client.execute_workflow(
        BatchWorkflow.run, BatchInput(mark, count), id=f"batch-{mark}", task_queue=QUEUE
    )


if __name__ == "__main__":
    measure_on_temporal("activity_per_file", run)
