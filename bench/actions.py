"""Temporal's actions and history events a file, at slices of 25.

    python -m bench.actions

A job of 1,000 files in one page, of which nothing is known yet, with a concurrency of 40: its
slices are cut by count, 25 files each. An action is what Temporal Cloud bills as one: the start
of a Workflow, an Activity, a timer, a Signal, an upsert of Search Attributes.
"""

from collections import Counter
from pathlib import Path

from temporalio.api.enums.v1 import EventType

from bench.leaving import measure_and_leave
from bench.throughput import CALM, PAGES, PROCESSES
from sheaf.testing.cluster import Cluster

FILES, CONCURRENCY = 1000, 40
ACTIONS = frozenset(
    {
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED,
        EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED,
        EventType.EVENT_TYPE_TIMER_STARTED,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
        EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES,
    }
)


async def measure(root: Path) -> None:
    """Run the job and print what its histories hold."""
    cluster = Cluster(
        root / "home", parser_processes=PROCESSES, worker_module="bench.noop_worker", options=CALM
    )
    await cluster.open()
    try:
        job = await cluster.submit_source(
            f"file:///generated/{FILES}", concurrency=CONCURRENCY, **PAGES
        )
        await cluster.ended(job.id)
        events: Counter[int] = Counter()
        slices = 0
        async for one in cluster.client.list_workflows(f"WorkflowId STARTS_WITH '{job.id}'"):
            handle = cluster.client.get_workflow_handle(one.id, run_id=one.run_id)
            for event in (await handle.fetch_history()).events:
                events[event.event_type] += 1
                scheduled = event.activity_task_scheduled_event_attributes
                slices += scheduled.activity_type.name == "process_slice"
    finally:
        await cluster.close()
    actions = sum(events[kind] for kind in ACTIONS)
    print(f"{FILES} files in {slices} slices of {FILES / slices:.0f}")
    print(f"actions: {actions}, {actions / FILES:.3f} a file")
    print(f"history events: {events.total()}, {events.total() / FILES:.3f} a file")


def main() -> None:
    """Measure in a home of its own."""
    measure_and_leave(measure)


if __name__ == "__main__":
    main()
