"""Outcomes: the rows that an accepted outcome writes, in the transaction that checked its fence."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from sheaf.contracts.states import ItemStatus, Phase
from sheaf.ledger.bulk import Bulk
from sheaf.ledger.records import Outcome, ResultRow
from sheaf.ledger.tables import directory_files, items, jobs, results
from sheaf.ledger.webhooks.outbox import post_item_events
from sheaf.rules.webhooks.events import item_phase

_COUNTED = {
    ItemStatus.COMPLETED: "completed",
    ItemStatus.FAILED: "failed",
    ItemStatus.SKIPPED: "skipped",
    ItemStatus.CANCELLED: "cancelled",
}

_SETTLE = Bulk(
    items.update()
    .where(items.c.job_id == sa.bindparam("b_job"), items.c.ordinal == sa.bindparam("b_ordinal"))
    .values(
        status=sa.bindparam("b_status"),
        lost_claims=0,
        attempts=items.c.attempts + sa.bindparam("b_attempts"),
        result_id=sa.bindparam("b_result"),
        failure_kind=sa.bindparam("b_kind"),
        error_message=sa.bindparam("b_message"),
        skip_reason=sa.bindparam("b_skip"),
        completed_at=sa.bindparam("b_completed"),
    )
)
_ADD_RESULT = Bulk(results.insert())
_NOTE_HASH = Bulk(
    directory_files.update()
    .where(
        directory_files.c.id == sa.bindparam("b_id"),
        # As it was claimed: another job may have listed a newer content meanwhile.
        directory_files.c.size_bytes == sa.bindparam("b_size"),
        directory_files.c.mtime_ns == sa.bindparam("b_mtime"),
        directory_files.c.etag.is_not_distinct_from(sa.bindparam("b_etag")),
        # An upload's hash is known from the start; its file may hold another one by now.
        directory_files.c.upload_id.is_(None),
    )
    .values(content_sha256=sa.bindparam("b_sha256"))
)
_COUNT = Bulk(
    jobs.update()
    .where(jobs.c.id == sa.bindparam("b_job"))
    .values(
        {name: jobs.c[name] + sa.bindparam(f"b_{name}", sa.Integer) for name in _COUNTED.values()}
        | {"updated_at": sa.bindparam("b_now")}
    )
)


async def record_outcomes(
    connection: AsyncConnection,
    recorded: Sequence[tuple[sa.Row[Any], Sequence[Outcome]]],
    now: int,
) -> None:
    """Write items, results, hashes of bytes, events and counts of outcomes whose fence held.

    Args:
        connection: of the transaction that has checked the fences.
        recorded: jobs, whose rows it holds, with the outcomes of each.
        now: the time of it all.
    """
    accepted = [(job.id, outcome) for job, outcomes in recorded for outcome in outcomes]
    await _SETTLE.execute(connection, [_outcome_row(*one, now) for one in accepted])
    new = [(job_id, outcome.result) for job_id, outcome in accepted if outcome.result]
    await _ADD_RESULT.execute(connection, [_result_row(*one, now) for one in new])
    await _note_hashes(connection, [outcome for _, outcome in accepted])
    for job, outcomes in recorded:
        await _post_events(connection, job, outcomes, now)
    # Counts move by the outcomes that were accepted, in the transaction that ends their items, so
    # that they are always the sums of the items' states.
    await _COUNT.execute(connection, [_counts_row(job.id, own, now) for job, own in recorded])


def _outcome_row(job_id: str, outcome: Outcome, now: int) -> dict[str, Any]:
    is_retried = outcome.status is ItemStatus.PENDING
    return {
        "b_job": job_id,
        "b_ordinal": outcome.item.ordinal,
        "b_status": outcome.status,
        "b_attempts": int(is_retried),
        "b_result": outcome.result.id if outcome.result else outcome.reused_result_id,
        "b_kind": outcome.failure_kind,
        "b_message": outcome.error_message,
        "b_skip": outcome.skip_reason,
        "b_completed": None if is_retried else now,
    }


def _result_row(job_id: str, row: ResultRow, now: int) -> dict[str, Any]:
    return {**vars(row), "job_id": job_id, "processed_at": now}


async def _note_hashes(connection: AsyncConnection, accepted: Sequence[Outcome]) -> None:
    rows = [
        {
            "b_id": o.item.file_id,
            "b_sha256": o.content_sha256,
            "b_size": o.item.size_bytes,
            "b_mtime": o.item.mtime_ns,
            "b_etag": o.item.etag,
        }
        for o in accepted
        if o.content_sha256
    ]
    await _NOTE_HASH.execute(connection, rows)


async def _post_events(
    connection: AsyncConnection, job: sa.Row[Any], accepted: Sequence[Outcome], now: int
) -> None:
    if not job.has_webhooks:
        return
    by_phase: dict[Phase, list[int]] = {}
    for outcome in accepted:
        if outcome.status is not ItemStatus.PENDING:
            has_result = outcome.result is not None or outcome.reused_result_id is not None
            phase = item_phase(outcome.status, has_result=has_result)
            by_phase.setdefault(phase, []).append(outcome.item.ordinal)
    for phase, ordinals in by_phase.items():
        await post_item_events(connection, job, phase, ordinals, now)


def _counts_row(job_id: str, accepted: Sequence[Outcome], now: int) -> dict[str, Any]:
    counted = Counter(_COUNTED[o.status] for o in accepted if o.status in _COUNTED)
    return {"b_job": job_id, "b_now": now} | {f"b_{n}": counted[n] for n in _COUNTED.values()}
