"""What keeps a job that runs from going on, as Temporal has it: Activities that try again."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from sheaf.contracts.ids import batch_workflow_id

MOST_CHILDREN = 20
"""Pages that are looked at; what is away for one is so for all."""
LOOK_TIMEOUT = timedelta(seconds=3)


@dataclass(frozen=True)
class HoldUp:
    """Something that is tried again until it works."""

    cause: str
    attempts: int
    """How many have failed, the most of any Activity that fails by this cause."""
    again_in_seconds: float
    """Until the next one; 0 while one is made."""


class AwayError(Exception):
    """Temporal does not answer."""


async def hold_ups(client: Client, job_id: str) -> list[HoldUp]:
    """Return what a job is held up by, the most tried first; each cause once.

    Raises:
        AwayError: Temporal does not answer.
    """
    try:
        return await _hold_ups(client, job_id)
    except RPCError as error:
        raise AwayError from error


async def _hold_ups(client: Client, job_id: str) -> list[HoldUp]:
    found: dict[str, HoldUp] = {}
    async for pending in _pending(client, batch_workflow_id(job_id)):
        cause = pending.last_failure.message
        if not cause:
            continue
        again = 0.0
        if pending.HasField("scheduled_time"):
            again = max(0.0, pending.scheduled_time.seconds - time.time())
        one = HoldUp(cause, max(1, pending.attempt - 1), again)
        if cause not in found or found[cause].attempts < one.attempts:
            found[cause] = one
    return sorted(found.values(), key=lambda one: -one.attempts)


async def _pending(client: Client, workflow_id: str) -> AsyncIterator[PendingActivityInfo]:
    query = f"ParentWorkflowId = '{workflow_id}' AND ExecutionStatus = 'Running'"
    ids = [workflow_id]
    children = client.list_workflows(query, limit=MOST_CHILDREN, rpc_timeout=LOOK_TIMEOUT)
    ids += [child.id async for child in children]
    for one in ids:
        try:
            handle = client.get_workflow_handle(one)
            described = await handle.describe(rpc_timeout=LOOK_TIMEOUT)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            continue
        for pending in described.raw_description.pending_activities:
            yield pending
