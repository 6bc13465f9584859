"""Who has ended a Workflow: someone, the server itself, or a fault."""

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import (
    HistoryEvent,
    WorkflowExecutionFailedEventAttributes,
    WorkflowExecutionTerminatedEventAttributes,
)

from sheaf.jobs.workflow_ends import read_end


@pytest.mark.parametrize(
    ("identity", "reason", "is_by_hand"),
    [
        ("history-service", "Workflow history count exceeds limit.", False),
        ("history-service", "Delete workflow execution", True),
        ("history-service", "TerminateIfRunning WorkflowIdReusePolicy Policy", True),
        ("ann@desk", "", True),
        ("", "by hand", True),
    ],
)
def test_a_termination_by_the_server_itself_is_no_cancel(
    identity: str, reason: str, is_by_hand: bool
) -> None:
    terminated = WorkflowExecutionTerminatedEventAttributes(identity=identity, reason=reason)
    event = HistoryEvent(
        event_type=EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED,
        workflow_execution_terminated_event_attributes=terminated,
    )
    end = read_end(event)
    assert end.is_by_hand == is_by_hand
    assert reason in end.reason
    assert "terminated" in end.reason


def test_a_workflow_that_failed_says_of_what() -> None:
    failed = WorkflowExecutionFailedEventAttributes()
    failed.failure.message = "the ledger is gone"
    event = HistoryEvent(
        event_type=EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED,
        workflow_execution_failed_event_attributes=failed,
    )
    end = read_end(event)
    assert not end.is_by_hand
    assert "the ledger is gone" in end.reason
