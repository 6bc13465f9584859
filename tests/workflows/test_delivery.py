"""The Workflow of a receiver, on a server that skips time."""

import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from temporalio import activity
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.signatures import WebhookActivities
from sheaf.contracts.http.deliveries import DeliverEventsResult, DeliveryInput
from workflows.delivery import DeliveryWorkflow

DAY = 86_400
INPUT = DeliveryInput(receiver_id="whc-1")


class FakeRounds(WebhookActivities):
    """Rounds that leave what a test says; None at the end of the list."""

    def __init__(self, waits: Sequence[float | Exception | None]) -> None:
        self.waits = list(waits)
        self.at: list[float] = []

    @activity.defn
    async def deliver_events(self, input: DeliveryInput) -> DeliverEventsResult:
        self.at.append(activity.info().current_attempt_scheduled_time.timestamp())
        wait = self.waits.pop(0) if self.waits else None
        if isinstance(wait, Exception):
            raise wait
        return DeliverEventsResult(wait_seconds=wait)


@asynccontextmanager
async def running(
    client: Client, rounds: FakeRounds
) -> AsyncIterator[WorkflowHandle[DeliveryWorkflow, None]]:
    queue = f"webhooks-{uuid.uuid4().hex}"
    async with Worker(
        client,
        task_queue=queue,
        workflows=[DeliveryWorkflow],
        activities=[rounds.deliver_events],
    ):
        yield await client.start_workflow(
            DeliveryWorkflow.run,
            INPUT,
            id=f"webhooks/{uuid.uuid4().hex}",
            task_queue=queue,
        )


async def test_it_sleeps_until_the_next_attempt_is_due_and_ends_when_none_is(
    time_skipping: WorkflowEnvironment,
) -> None:
    rounds = FakeRounds([0.0, DAY, 5.0, None])
    async with running(time_skipping.client, rounds) as handle:
        await handle.result()
    waits = [later - earlier for earlier, later in zip(rounds.at, rounds.at[1:], strict=False)]
    assert len(rounds.at) == 4
    assert waits[0] < 60
    assert DAY <= waits[1] < DAY + 60
    assert 5 <= waits[2] < 65


async def test_it_is_woken_from_its_sleep(time_skipping: WorkflowEnvironment) -> None:
    rounds = FakeRounds([10 * DAY, None])
    async with running(time_skipping.client, rounds) as handle:
        while not rounds.at:
            await time_skipping.sleep(1)
        await handle.signal(DeliveryWorkflow.wake)
        await handle.result()
    assert rounds.at[1] - rounds.at[0] < DAY


async def test_a_round_that_fails_is_tried_again(time_skipping: WorkflowEnvironment) -> None:
    rounds = FakeRounds([ApplicationError("the ledger is away"), OSError("gone"), None])
    async with running(time_skipping.client, rounds) as handle:
        await handle.result()
    assert len(rounds.at) == 3


async def test_a_round_that_fails_for_good_ends_it_with_the_reason_after_a_rest(
    time_skipping: WorkflowEnvironment,
) -> None:
    fault = ApplicationError("'skipped'", type="KeyError", non_retryable=True)
    rounds = FakeRounds([0.0, fault])
    async with running(time_skipping.client, rounds) as handle:
        with pytest.raises(WorkflowFailureError) as failed:
            await handle.result()
        description = await handle.describe()
    assert "KeyError: 'skipped'" in str(failed.value.cause.__cause__)
    assert len(rounds.at) == 2
    assert description.close_time
    assert description.close_time.timestamp() - rounds.at[1] >= INPUT.fault_rest_seconds - 1


async def test_a_receiver_that_is_never_done_continues_as_new(
    time_skipping: WorkflowEnvironment,
) -> None:
    rounds = FakeRounds([1.0] * 100)
    async with running(time_skipping.client, rounds) as handle:
        await handle.result()
        last = await time_skipping.client.get_workflow_handle(handle.id).fetch_history()
    assert len(rounds.at) == 101
    assert last.events[0].workflow_execution_started_event_attributes.continued_execution_run_id
    assert len(last.events) < INPUT.max_events + 20
