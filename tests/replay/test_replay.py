"""Recorded histories still replay: the guard against non-deterministic changes."""

import json
from pathlib import Path
from typing import Any

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from sheaf.contracts.temporal.page_runs import PageEnded, PageInput
from workflows.batch import BatchWorkflow
from workflows.delivery import DeliveryWorkflow
from workflows.enumeration import EnumerationWorkflow
from workflows.page import PageWorkflow
from workflows.small_jobs import SmallJobsWorkflow

HISTORIES = sorted(Path(__file__).with_name("histories").glob("*.json"))


def replayer(*workflows: type[Any]) -> Replayer:
    return Replayer(workflows=workflows, data_converter=pydantic_data_converter)


def workflow_id(path: Path) -> str:
    """Return the id under which a history was made: child ids are made from it."""
    event = json.loads(path.read_text())["events"][0]
    return str(event["workflowExecutionStartedEventAttributes"]["workflowId"])


def test_the_recorded_shapes_are_all_there() -> None:
    scenarios = {path.stem.rsplit("-", 2)[0] for path in HISTORIES}
    assert scenarios >= {
        *("empty-directory", "one-file", "page-edge", "page-edge-and-one", "failures", "skips"),
        *("retry", "left-unsettled", "continue-as-new", "file-per-activity", "joined-pages"),
        *("small-job", "small-job-left", "small-job-away", "small-job-cancel", "not-a-small-job"),
        *("adopted", "cancel", "delivery", "fault-in-settle", "fault-in-plan"),
        *("listing-fails", "ledger-cancel", "page-continues", "page-reports", "long-page-cancel"),
        *("delivery-fault", "cancel-of-the-failed", "small-jobs"),
    }


def test_a_continued_batch_carries_open_pages() -> None:
    carried = 0
    for path in HISTORIES:
        if path.stem.startswith("continue-as-new"):
            carried += '"workflowExecutionContinuedAsNewEventAttributes"' in path.read_text()
    assert carried >= 3


def test_a_continued_page_carries_what_it_has_left() -> None:
    runs = sorted(HISTORIES[0].parent.glob("page-continues-*-page.json"))
    carried = [run for run in runs if '"continuedExecutionRunId"' in run.read_text()]
    assert len(runs) > len(carried) >= 3


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
async def test_a_recorded_history_replays(path: Path) -> None:
    history = WorkflowHistory.from_json(workflow_id(path), path.read_text())
    await replayer(
        BatchWorkflow, PageWorkflow, EnumerationWorkflow, SmallJobsWorkflow, DeliveryWorkflow
    ).replay_workflow(history)


@workflow.defn(name="PageWorkflow")
class ChangedPageWorkflow(PageWorkflow):
    """A page whose first command is a timer that no recorded page has."""

    @workflow.init
    def __init__(self, input: PageInput) -> None:
        super().__init__(input)

    @workflow.run
    async def run(self, input: PageInput) -> PageEnded:
        await workflow.sleep(1)
        return await super().run(input)


async def test_a_planted_non_determinism_is_caught() -> None:
    path = next(path for path in HISTORIES if path.stem.endswith("-page"))
    history = WorkflowHistory.from_json(workflow_id(path), path.read_text())
    with pytest.raises(workflow.NondeterminismError):
        await replayer(ChangedPageWorkflow).replay_workflow(history)
