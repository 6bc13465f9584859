"""The recorded histories, and how today's Workflows replay them."""

import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from workflows.batch import BatchWorkflow
from workflows.delivery import DeliveryWorkflow
from workflows.enumeration import EnumerationWorkflow
from workflows.page import PageWorkflow
from workflows.small_jobs import SmallJobsWorkflow

HISTORIES = sorted(Path(__file__).with_name("histories").glob("*.json"))
WORKFLOWS = (
    *(BatchWorkflow, PageWorkflow, EnumerationWorkflow, SmallJobsWorkflow),
    DeliveryWorkflow,
)


def scenario(path: Path) -> str:
    return path.stem.rsplit("-", 2)[0]


def kind(path: Path) -> str:
    return path.stem.rsplit("-", 1)[1]


def replayer(*workflows: type[Any]) -> Replayer:
    return Replayer(workflows=workflows or WORKFLOWS, data_converter=pydantic_data_converter)


def read(path: Path) -> WorkflowHistory:
    """Read a history under the id with which it was made: child ids are made from it."""
    text = path.read_text()
    event = json.loads(text)["events"][0]
    workflow_id = str(event["workflowExecutionStartedEventAttributes"]["workflowId"])
    return WorkflowHistory.from_json(workflow_id, text)


def is_open(path: Path) -> bool:
    """Whether the run had not ended when its history was written."""
    last = json.loads(path.read_text())["events"][-1]["eventType"]
    ends = ("COMPLETED", "FAILED", "CANCELED", "TERMINATED", "TIMED_OUT", "CONTINUED_AS_NEW")
    return last not in {f"EVENT_TYPE_WORKFLOW_EXECUTION_{end}" for end in ends}


async def failures(paths: Sequence[Path]) -> list[Exception]:
    """Replay histories, and return why those that do not replay do not."""

    async def histories() -> AsyncIterator[WorkflowHistory]:
        for path in paths:
            yield read(path)

    results = await replayer().replay_workflows(histories(), raise_on_replay_failure=False)
    return list(results.replay_failures.values())
