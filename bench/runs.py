"""What a batch left in Temporal: runs of the parent, pages carried over, the longest history.

python -m bench.runs JOB        with `sheaf up` running in SHEAF_HOME
"""

import asyncio
import json
import os
import sys

from temporalio.client import Client

from sheaf.cli.session import load_settings
from sheaf.composition import connect
from sheaf.embedded.home import Home


async def report(client: Client, job_id: str) -> None:
    """Print the figures of one batch, read from its histories."""
    longest: dict[str, int] = {}
    parents = carried = continued = 0
    async for one in client.list_workflows(f"WorkflowId STARTS_WITH '{job_id}'"):
        handle = client.get_workflow_handle(one.id, run_id=one.run_id)
        history = await handle.fetch_history()
        kind = one.workflow_type
        longest[kind] = max(longest.get(kind, 0), len(history.events))
        parents += one.id == job_id
        last = history.events[-1]
        if last.HasField("workflow_execution_continued_as_new_event_attributes"):
            attributes = last.workflow_execution_continued_as_new_event_attributes
            continued += 1
            carried += bool(json.loads(attributes.input.payloads[0].data)["pages"])
    print(f"runs of the parent: {parents}")
    print(f"continue-as-news: {continued}, with open pages: {carried}")
    print(f"longest history in events: {longest}")


async def main() -> None:
    """Connect to the home's Temporal and report."""
    running = Home(load_settings().home).running()
    if running is None:
        sys.exit("nothing runs in this home; start it with `sheaf up`")
    await report(await connect(attempts=5, address=running.temporal_address), sys.argv[1])


if __name__ == "__main__":
    asyncio.run(main())
    sys.stdout.flush()
    os._exit(0)
