"""Search Attributes of a batch, and when they are updated: at most once a run.

Each update is an event and an action, and an unregistered attribute would hang the Workflow; the
worker therefore registers them at its start, and a job's input says whether they are there.
"""

from typing import Any

from temporalio import workflow
from temporalio.common import SearchAttributeKey, SearchAttributeUpdate

with workflow.unsafe.imports_passed_through():
    from sheaf.contracts.temporal import attributes
    from sheaf.contracts.temporal.runs import BatchInput, Counts, RunBatchResult

STATUS = SearchAttributeKey.for_keyword(attributes.STATUS)
FAILED = SearchAttributeKey.for_int(attributes.FAILED)
TOTAL = SearchAttributeKey.for_int(attributes.TOTAL)


def update_attributes(
    input: BatchInput,
    *,
    status: str | None = None,
    counts: Counts | None = None,
    total: int | None = None,
    result: RunBatchResult | None = None,
) -> None:
    """Upsert what is given; nothing where the namespace has no such attributes."""
    if not input.has_search_attributes:
        return
    updates: list[SearchAttributeUpdate[Any]] = []
    if status:
        updates.append(STATUS.value_set(status))
    if counts:
        updates.append(FAILED.value_set(counts.failed))
    if total is not None:
        updates.append(TOTAL.value_set(total))
    if result:
        updates += [FAILED.value_set(result.failed), TOTAL.value_set(result.total)]
    if updates:
        workflow.upsert_search_attributes(updates)
