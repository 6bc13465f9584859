"""Finding, planning and watching pages."""

import asyncio
from datetime import timedelta

from temporalio import activity
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from activities.signatures import PageActivities
from sheaf.contracts.temporal.page_runs import (
    MAX_SLICES,
    FindPageInput,
    FindPageResult,
    PlanPageInput,
    PlanPageResult,
)
from sheaf.contracts.temporal.runs import FindEndedPagesInput, FindEndedPagesResult, Slice
from sheaf.ledger.items.items import ItemLedger
from sheaf.rules.scheduling.prediction import kind_of, predicted_seconds
from sheaf.rules.scheduling.slicing import Weighed, cut, merged

RPC_TIMEOUT = timedelta(seconds=5)

MAX_ISOLATED = 200
"""Most items of a page that are taken alone from its start."""

MAX_LOST_CLAIMS = 3
"""After so many claims in a row that brought no outcome, an item is taken alone."""


class LedgerPageActivities(PageActivities):
    """Page Activities over a ledger and the Temporal client."""

    def __init__(self, items: ItemLedger, client: Client) -> None:
        self._items = items
        self._client = client

    @activity.defn
    async def find_page(self, input: FindPageInput) -> FindPageResult:
        return await self._items.find_page(
            input.job_id, input.after, input.high_water_mark, input.page_files
        )

    @activity.defn
    async def plan_page(self, input: PlanPageInput) -> PlanPageResult:
        rows = await self._items.unsettled(input.job_id, input.first, input.last)
        names = {ordinal: name for ordinal, name, _, _ in rows}
        # What killed workers before goes by itself below, so that it takes no neighbour along.
        weighed = [
            Weighed(ordinal, predicted_seconds(name, size, input.speed_factors))
            for ordinal, name, size, lost in rows
            if lost < MAX_LOST_CLAIMS
        ]
        together = (
            [[item] for item in weighed]
            if input.one_file_per_activity
            else cut(
                weighed,
                input.window,
                is_last=input.is_last,
                is_measured=all(kind_of(name) in input.speed_factors for name in names.values()),
            )
        )
        if not input.one_file_per_activity:
            together = merged(together, MAX_SLICES - MAX_ISOLATED)
        slices = [_slice(run, names, is_isolated=input.one_file_per_activity) for run in together]
        isolated = [
            isolated_slice(ordinal, name)
            for ordinal, name, _, lost in rows
            if lost >= MAX_LOST_CLAIMS
        ]
        # More than so many alone are found by the end of the job.
        return PlanPageResult(slices=(*slices, *isolated[:MAX_ISOLATED]))

    @activity.defn
    async def find_ended_pages(self, input: FindEndedPagesInput) -> FindEndedPagesResult:
        running = await asyncio.gather(*(self._is_running(one) for one in input.workflow_ids))
        return FindEndedPagesResult(
            ended=tuple(
                workflow_id
                for workflow_id, is_running in zip(input.workflow_ids, running, strict=True)
                if not is_running
            )
        )

    async def _is_running(self, workflow_id: str) -> bool:
        handle = self._client.get_workflow_handle(workflow_id)
        try:
            description = await handle.describe(rpc_timeout=RPC_TIMEOUT)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return False
            raise
        # The description may be of a run that has just handed over to the next one.
        return description.status in {
            WorkflowExecutionStatus.RUNNING,
            WorkflowExecutionStatus.CONTINUED_AS_NEW,
        }


def isolated_slice(ordinal: int, name: str) -> Slice:
    """Return a slice of one file, which has retries of its own."""
    return Slice(first=ordinal, last=ordinal, label=name[:160], is_isolated=True)


def _slice(run: list[Weighed], names: dict[int, str], *, is_isolated: bool) -> Slice:
    first = names[run[0].ordinal][:120]
    return Slice(
        first=run[0].ordinal,
        last=run[-1].ordinal,
        files=len(run),
        label=first if len(run) == 1 else f"{first} and {len(run) - 1} more",
        is_isolated=is_isolated,
    )
