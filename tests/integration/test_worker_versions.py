"""Workers with versions, on a real server: a run stays with its own, a new one gets the newest."""

import asyncio
from pathlib import Path

from temporalio.api.enums.v1 import EventType, RoutingConfigUpdateState, WorkflowTaskFailedCause
from temporalio.api.workflowservice.v1 import (
    DescribeWorkerDeploymentRequest,
    SetWorkerDeploymentCurrentVersionRequest,
)
from temporalio.service import RPCError

from sheaf.testing.cluster import Cluster, make_files, until_async

PAGES = {"page_size": 10, "continue_as_new_threshold": 1000}
UNHANDLED = WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND


async def start_version(made: Cluster, build_id: str) -> None:
    """Start a worker of a version; it gets no work before that is current."""
    made.options |= {"worker_deployment": "sheaf", "build_id": build_id}
    await made.start_worker()


async def make_current(made: Cluster, build_id: str) -> None:
    service = made.client.workflow_service

    async def is_known() -> bool:
        asked = DescribeWorkerDeploymentRequest(namespace="default", deployment_name="sheaf")
        try:
            found = await service.describe_worker_deployment(asked)
        except RPCError:
            return False
        summaries = found.worker_deployment_info.version_summaries
        return build_id in {one.deployment_version.build_id for one in summaries}

    await until_async(is_known, 20, f"the version {build_id}")
    await service.set_worker_deployment_current_version(
        SetWorkerDeploymentCurrentVersionRequest(
            namespace="default", deployment_name="sheaf", build_id=build_id
        )
    )

    async def is_routed() -> bool:
        asked = DescribeWorkerDeploymentRequest(namespace="default", deployment_name="sheaf")
        info = (await service.describe_worker_deployment(asked)).worker_deployment_info
        done = RoutingConfigUpdateState.ROUTING_CONFIG_UPDATE_STATE_COMPLETED
        return info.routing_config_update_state == done

    await until_async(is_routed, 20, "the queues to know it")


async def versions(made: Cluster, job_id: str) -> dict[str, list[set[str]]]:
    """Versions that have completed tasks of each run of a job's Workflows, oldest run first."""
    found: dict[str, list[set[str]]] = {}
    query = f"WorkflowId STARTS_WITH '{job_id}'"
    runs = [one async for one in made.client.list_workflows(query)]
    for one in sorted(runs, key=lambda run: run.start_time):
        handle = made.client.get_workflow_handle(one.id, run_id=one.run_id)
        by: set[str] = set()
        async for event in handle.fetch_history_events():
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED:
                # A signal that comes with a run's last command is no fault of anybody's.
                assert event.workflow_task_failed_event_attributes.cause == UNHANDLED
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
                task = event.workflow_task_completed_event_attributes
                by.add(task.deployment_version.build_id)
        found.setdefault(one.id, []).append(by)
    return found


async def test_a_batch_ends_where_it_began_but_for_its_parent_and_new_ones_go_to_the_newest(
    tmp_path: Path,
) -> None:
    made = Cluster(tmp_path / "home", options={"worker_deployment": "sheaf", "build_id": "one"})
    await made.open()
    try:
        await make_current(made, "one")
        source = make_files(tmp_path / "in", 400, seed=7, longest=0.6)
        # Pages of their own, so that some are left to be handed out.
        old = await made.submit(source, concurrency=8, one_file_per_activity=True, **PAGES)
        await made.in_flight(old.id, 20)
        began = set(await made.open_pages(old.id))
        await start_version(made, "two")
        await asyncio.sleep(1)
        assert {frozenset(*by) for by in (await versions(made, old.id)).values()} <= {
            frozenset({"one"}),
            frozenset(),
        }
        await make_current(made, "two")
        new = await made.submit(make_files(tmp_path / "more", 30, seed=8), **PAGES)
        ended = await made.ended(new.id)
        await made.check(ended, 30)
        found = await versions(made, new.id)
        assert found == {one: [{"two"}] for one in found}
        ended = await made.ended(old.id)
        await made.check(ended, 400)
        found = await versions(made, old.id)
        # No run was worked on by two versions, which is what needs no patch.
        assert all(len(by) == 1 for runs in found.values() for by in runs)
        assert all(found[page] == [{"one"}] for page in began)
        parent = found[old.id]
        assert (parent[0], parent[-1]) == ({"one"}, {"two"})
        assert [{"two"}] in [runs for page, runs in found.items() if "/page/" in page]
    finally:
        await made.close()
