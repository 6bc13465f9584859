"""A child Workflow a file, in the shape of Temporal's public sample `batch_sliding_window`.

The parent starts a child as soon as one has ended. A child outlives the parent's run (parent close
policy ABANDON) and signals its end to the parent, whichever run that is then. The parent continues
as new after each page, without waiting for its children, and carries the names in flight.

As in the sample, several windows share the files out, since each starts its children one after
another: 10 windows of 10, for 100 in flight, which are faster than the sample's 3. Unlike the
sample, a child's work is an Activity, as parsing would be, and a name is noted as in flight before
its child is started: the signal of one that ends at once would come too early.
"""

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta

from temporalio import workflow
from temporalio.client import Client

with workflow.unsafe.imports_passed_through():
    from bench.peers.temporal import QUEUE, PageInput, list_files, measure_on_temporal, parse_file

PARTITIONS = 10
WINDOW = 10
PAGE = 20


@dataclass(frozen=True)
class WindowInput:
    """Files `first` to `last`, what earlier runs completed, and the names in flight."""

    mark: str
    first: int
    last: int
    completed: int = 0
    in_flight: tuple[str, ...] = ()


@workflow.defn
class FileWorkflow:
    """Works on one file and tells the parent."""

    @workflow.run
    async def run(self, name: str) -> None:
        """Work on the file."""
        await workflow.execute_activity(
            parse_file, name, start_to_close_timeout=timedelta(minutes=1)
        )
        parent = workflow.info().parent
        assert parent
        # Without a run id: the parent may have continued as new.
        handle = workflow.get_external_workflow_handle_for(
            SlidingWindowWorkflow.run, parent.workflow_id
        )
        await handle.signal(SlidingWindowWorkflow.report_completion, name)


@workflow.defn
class SlidingWindowWorkflow:
    """Keeps a window of children going over a range of files."""

    @workflow.init
    def __init__(self, window: WindowInput) -> None:
        self.in_flight = set(window.in_flight)
        self.completed = window.completed

    @workflow.run
    async def run(self, window: WindowInput) -> int:
        """Return how many files of the range were completed, over all runs."""
        last = min(window.first + PAGE, window.last)
        names = await workflow.execute_activity(
            list_files,
            PageInput(window.mark, window.first, last),
            start_to_close_timeout=timedelta(minutes=1),
        )
        for name in names:
            await workflow.wait_condition(lambda: len(self.in_flight) < WINDOW)
            self.in_flight.add(name)
            await workflow.start_child_workflow(
                FileWorkflow.run,
                name,
                id=f"{workflow.info().workflow_id}/{name}",
                parent_close_policy=workflow.ParentClosePolicy.ABANDON,
            )
        if last < window.last:
            workflow.continue_as_new(
                replace(
                    window,
                    first=last,
                    completed=self.completed,
                    in_flight=tuple(sorted(self.in_flight)),
                )
            )
        await workflow.wait_condition(lambda: not self.in_flight)
        return self.completed

    @workflow.signal
    def report_completion(self, name: str) -> None:
        """Count a child's end; a second signal of the same child counts nothing."""
        if name in self.in_flight:
            self.in_flight.remove(name)
            self.completed += 1


WORKFLOWS = (SlidingWindowWorkflow, FileWorkflow)


async def run(client: Client, mark: str, count: int) -> int:
    """Run a batch to its end: one window for each partition of its files."""
    bounds = [count * number // PARTITIONS for number in range(PARTITIONS + 1)]
    windows = [
        client.execute_workflow(
            SlidingWindowWorkflow.run,
            WindowInput(mark, bounds[number], bounds[number + 1]),
            id=f"window-{mark}-{number}",
            task_queue=QUEUE,
        )
        for number in range(PARTITIONS)
    ]
    return sum(await asyncio.gather(*windows))


if __name__ == "__main__":
    measure_on_temporal("sliding_window", run)
