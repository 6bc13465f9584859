"""How a Workflow has ended, and who ended it, as its last event says."""

from dataclasses import dataclass

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHandle, WorkflowHistoryEventFilterType

from sheaf.jobs.service import RPC_TIMEOUT

_SERVER = "history-service"
"""The identity under which the server itself terminates: a history is too long or too large."""

_ON_DEMAND = ("delete workflow execution", "terminateifrunning")
"""Beginnings of the reasons, in lower case, where the server terminates because someone asks."""


@dataclass(frozen=True)
class WorkflowEnd:
    """The end of a Workflow that did not finalize its job."""

    is_by_hand: bool
    """Whether someone ended it, rather than a fault."""
    reason: str


async def workflow_end(handle: WorkflowHandle[object, object]) -> WorkflowEnd:
    """Return how a Workflow that is closed has ended.

    Raises:
        RPCError: Temporal cannot be reached, or has forgotten the Workflow.
    """
    closing = WorkflowHistoryEventFilterType.CLOSE_EVENT
    events = handle.fetch_history_events(event_filter_type=closing, rpc_timeout=RPC_TIMEOUT)
    async for event in events:
        return read_end(event)
    return WorkflowEnd(is_by_hand=False, reason="the Workflow is closed without a last event")


def read_end(event: HistoryEvent) -> WorkflowEnd:
    """Return how a Workflow has ended by its last event."""
    if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED:
        terminated = event.workflow_execution_terminated_event_attributes
        return _terminated(terminated.identity, terminated.reason)
    if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED:
        return WorkflowEnd(is_by_hand=True, reason="cancelled in Temporal")
    if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED:
        message = event.workflow_execution_failed_event_attributes.failure.message
        return WorkflowEnd(is_by_hand=False, reason=f"the Workflow failed: {message}")
    kind = EventType.Name(event.event_type).removeprefix("EVENT_TYPE_WORKFLOW_EXECUTION_").lower()
    return WorkflowEnd(is_by_hand=False, reason=f"the Workflow {kind} without settling the job")


def _terminated(identity: str, reason: str) -> WorkflowEnd:
    said = f": {reason}" if reason else ""
    if identity == _SERVER and not reason.lower().startswith(_ON_DEMAND):
        return WorkflowEnd(is_by_hand=False, reason=f"Temporal terminated the Workflow{said}")
    by = f" by {identity}" if identity else ""
    return WorkflowEnd(is_by_hand=True, reason=f"terminated in Temporal{by}{said}")
