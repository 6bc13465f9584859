"""Record the histories that the replay suite replays: `python -m tests.replay.record NAME…`.

Runs scenarios over fakes on a real dev server and writes one file a Workflow run. A history is
added with each change to a Workflow's commands, never edited: an existing file is left alone.
Those of open runs are recorded by the commit before a change, in a worktree of it that has this
module (docs/deploys.md).
"""

import asyncio
import os
import re
import sys
from contextlib import suppress
from pathlib import Path

from temporalio.client import Client, WorkflowFailureError
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from sheaf.contracts.ids import page_workflow_id
from sheaf.contracts.temporal.page_runs import PageInput
from sheaf.contracts.temporal.runs import BatchInput, RunLimits
from sheaf.contracts.temporal.small_jobs import RunSmallJobInput, RunSmallJobsInput
from sheaf.contracts.temporal.tunables import SchedulingTunables
from tests.workflows.fakes import FakeItems
from tests.workflows.running import batch_input, start, workers
from tests.workflows.test_delivery import FakeRounds, running
from workflows.page import PageWorkflow
from workflows.small_jobs import SmallJobsWorkflow

STACK_TRACE = r'"stackTrace": *"(?:[^"\\]|\\.)*"'
HISTORIES = Path(__file__).with_name("histories")
TEMPORAL = Path(sys.executable).with_name("temporal")

SCENARIOS: dict[str, tuple[FakeItems, dict[str, object]]] = {
    "empty-directory": (FakeItems(0), {}),
    "one-file": (FakeItems(1), {}),
    "page-edge": (FakeItems(10), {}),
    "page-edge-and-one": (FakeItems(11), {}),
    "failures": (FakeItems(15, failing=frozenset({2, 3})), {}),
    "skips": (FakeItems(40, states=dict.fromkeys(range(1, 21), "skipped")), {}),
    "retry": (FakeItems(12, flaky={5: 2}), {}),
    "left-unsettled": (FakeItems(12, dropped={5: 1}), {}),
    "left-in-two-places": (FakeItems(30, dropped={5: 1, 27: 1}), {}),
    "own-tunables": (
        FakeItems(45, pause=0.3, dropped={5: 5}),
        {
            "tunables": SchedulingTunables(
                most_undrained=4, most_finalizations=1, shortest_report_seconds=0.5
            )
        },
    ),
    "asks-for-slots": (
        FakeItems(20, flaky=dict.fromkeys(range(6, 11), 1), slow={6: 1.5, 11: 3}),
        {"concurrency": 4},
    ),
    "continue-as-new": (FakeItems(45), {"threshold": 10}),
    "file-per-activity": (FakeItems(6), {"one_file_per_activity": True}),
    "joined-pages": (FakeItems(95, seconds_per_file=0.001), {"coalesces_pages": True}),
    "small-job": (FakeItems(3), {"begins_inline": True}),
    "small-job-left": (FakeItems(6, flaky={4: 2}), {"begins_inline": True}),
    "small-job-away": (FakeItems(2, outages={"run_small_job": 1}), {"begins_inline": True}),
    "not-a-small-job": (FakeItems(101), {"begins_inline": True}),
    "small-job-cancel": (FakeItems(2, holds_inline=True), {"begins_inline": True}),
    "listing-fails": (FakeItems(25, listed=25, listing_error="the source is gone"), {}),
    "ledger-cancel": (FakeItems(30, cancelled_at=13), {}),
    "adopted": (FakeItems(30), {}),
    "fault-in-settle": (FakeItems(3, faults={"finalize_job": 10}), {}),
    "cancel-of-the-failed": (FakeItems(30, cancelled_at=13, faults={"finalize_job": 5}), {}),
    "fault-in-plan": (FakeItems(3, faults={"plan_page": 10**6}), {}),
    "page-continues": (
        FakeItems(30, flaky=dict.fromkeys(range(1, 31), 1)),
        {"page_files": 30, "limits": RunLimits(max_page_events=40)},
    ),
    "page-reports": (FakeItems(40, pause=1.5), {"page_files": 20, "concurrency": 2}),
    "long-page-cancel": (
        FakeItems(60, flaky=dict.fromkeys(range(1, 61), 1), pause=0.1),
        {"page_files": 60, "limits": RunLimits(max_page_events=40)},
    ),
    "cancel": (FakeItems(30, flaky={4: 10**6}), {"threshold": 10}),
}

OPEN: dict[str, tuple[FakeItems, dict[str, object], float]] = {
    "open-batch": (FakeItems(45, pause=1.5), {"concurrency": 2}, 6),
    "open-listing": (FakeItems(45, listed=25, listing_seconds=60, pause=1), {"concurrency": 2}, 4),
    "open-joined": (
        FakeItems(400, seconds_per_file=0.001, pause=0.5, slow={1: 0.1, 3: 0.1, 6: 0.1}),
        {"coalesces_pages": True, "concurrency": 2},
        4,
    ),
    "open-continued": (FakeItems(60, pause=2), {"threshold": 10, "concurrency": 4}, 7),
    "open-long-page": (
        FakeItems(60, flaky=dict.fromkeys(range(1, 61), 1), pause=0.2),
        {"page_files": 60, "limits": RunLimits(max_page_events=40)},
        6,
    ),
    "open-again": (FakeItems(30, dropped={5: 1}, slow={5: 60}), {}, 4),
}
"""Batches that are saved in the middle of it, after so many seconds: what a deploy finds."""


async def main(names: list[str]) -> None:
    """Record the named scenarios, or all."""
    async with await WorkflowEnvironment.start_local(
        data_converter=pydantic_data_converter, dev_server_existing_path=str(TEMPORAL)
    ) as environment:
        for name, recorded in OTHERS.items():
            if not names or name in names:
                await recorded(environment.client)
        for name in [one for one in names or OPEN if one in OPEN]:
            await record_open(environment.client, name)
        for name in [one for one in names or SCENARIOS if one in SCENARIOS]:
            items, options = SCENARIOS[name]
            await record(environment.client, name, items, batch_input(**options))


async def record_delivery(client: Client) -> None:
    """Run one receiver's Workflow through a wait, a wake and a failure."""
    rounds = FakeRounds([0.0, 1.0, ApplicationError("the ledger is away"), 600.0, None])
    async with running(client, rounds) as handle:
        while len(rounds.at) < 5:
            await asyncio.sleep(0.5)
            if len(rounds.at) == 4:
                await asyncio.sleep(0.5)
                await handle.signal("wake")
                await asyncio.sleep(1)
        await handle.result()
        await save(client, "delivery", f"WorkflowId = '{handle.id}'")


async def record_delivery_fault(client: Client) -> None:
    """Run one receiver's Workflow into a fault, and save it while it rests."""
    fault = ApplicationError("'skipped'", type="KeyError", non_retryable=True)
    async with running(client, FakeRounds([fault])) as handle:
        await asyncio.sleep(2)
        await save(client, "delivery-fault", f"WorkflowId = '{handle.id}'")
        await handle.terminate()


async def record_small_jobs(client: Client) -> None:
    """Run two jobs that share a Workflow."""
    carried = tuple(RunSmallJobInput(job_id=f"bjb-{n}", file_seconds=1) for n in range(2))
    async with workers(client, FakeItems(1)) as queue:
        handle = await client.start_workflow(
            SmallJobsWorkflow.run,
            RunSmallJobsInput(jobs=carried, longest_file_seconds=1),
            id="small-jobs/recorded",
            task_queue=queue,
        )
        await handle.result()
    await save(client, "small-jobs", f"WorkflowId = '{handle.id}'")


OTHERS = {
    "delivery": record_delivery,
    "delivery-fault": record_delivery_fault,
    "small-jobs": record_small_jobs,
}
"""What is no batch of its own."""


async def record(client: Client, name: str, items: FakeItems, input: BatchInput) -> None:
    """Run one scenario and write every run of every Workflow of it."""
    async with workers(client, items) as queue:
        if name == "adopted":
            await start_page(client, queue, input, 7)
        handle = await start(client, queue, input)
        if name.endswith("cancel"):
            await asyncio.sleep(2)
            await handle.cancel()
        with suppress(WorkflowFailureError):
            await handle.result()
    await save(client, name, f"WorkflowId STARTS_WITH '{input.job_id}'")


async def record_open(client: Client, name: str) -> None:
    """Run a batch for a while and write every run of it and of its children, open as they are."""
    items, options, seconds = OPEN[name]
    job = batch_input(**options)
    query = f"WorkflowId STARTS_WITH '{job.job_id}'"
    async with workers(client, items) as queue:
        await start(client, queue, job)
        await asyncio.sleep(seconds)
        await save(client, name, query)
        async for one in client.list_workflows(f"{query} AND ExecutionStatus = 'Running'"):
            with suppress(RPCError):
                await client.get_workflow_handle(one.id).terminate()


async def start_page(client: Client, queue: str, input: BatchInput, last: int) -> None:
    """Start a job's first page, as an earlier parent of the job would have."""
    page = PageInput(job_id=input.job_id, parent_id=input.job_id, first=1, last=last, share=0)
    page_id = page_workflow_id(input.job_id, 1)
    await client.start_workflow(PageWorkflow.run, page, id=page_id, task_queue=queue)


async def save(client: Client, name: str, query: str) -> None:
    """Write the runs that a query finds, oldest first."""
    await asyncio.sleep(1)
    runs = sorted(
        [one async for one in client.list_workflows(query)], key=lambda one: one.start_time
    )
    for number, one in enumerate(runs):
        history = await client.get_workflow_handle(one.id, run_id=one.run_id).fetch_history()
        kind = one.workflow_type.removesuffix("Workflow").lower()
        path = HISTORIES / f"{name}-{number:02}-{kind}.json"
        if not path.exists():
            # A stack trace names folders of this machine, and no replay reads it.
            path.write_text(re.sub(STACK_TRACE, '"stackTrace": ""', history.to_json()))
            print(path.name, len(history.events))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
    sys.stdout.flush()
    os._exit(0)
