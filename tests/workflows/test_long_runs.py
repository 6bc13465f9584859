"""A parent whose pages are quiet for long, on a real dev server."""

import asyncio
import sys
from pathlib import Path

from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from sheaf.contracts.temporal.runs import RunLimits
from tests.workflows.fakes import FakeItems
from tests.workflows.running import batch_input, start, workers

TEMPORAL = Path(sys.executable).with_name("temporal")


async def test_a_parent_that_only_waits_continues_as_new_before_its_history_is_long() -> None:
    # One file is tried again for a quarter of a minute, and the watchdog looks meanwhile.
    items = FakeItems(10, flaky={4: 4})
    limits = RunLimits(max_events=60, watchdog_seconds=0.05)
    async with (
        await WorkflowEnvironment.start_local(
            data_converter=pydantic_data_converter, dev_server_existing_path=str(TEMPORAL)
        ) as server,
        workers(server.client, items) as queue,
    ):
        job = batch_input(limits=limits)
        handle = await start(server.client, queue, job)
        result = await asyncio.wait_for(handle.result(), 60)
        runs = server.client.list_workflows(f"WorkflowId = '{job.job_id}'")
        lengths = [run.history_length async for run in runs]
    assert result.completed == 10
    assert len(lengths) > 1
    # A look is a dozen events, and one may be under way.
    assert max(lengths) < limits.max_events + 40
