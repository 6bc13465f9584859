"""The deliverer's side of the outbox: what is due to whom, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from sheaf.contracts.states import DeliveryStatus
from sheaf.ledger.bulk import Bulk
from sheaf.ledger.database import Database, now_us
from sheaf.ledger.many_rows import write_many
from sheaf.ledger.tables import items, jobs
from sheaf.ledger.webhook_tables import outbox, webhook_configs
from sheaf.rules.webhooks.events import ItemFacts, JobFacts

_PENDING = outbox.c.status == DeliveryStatus.PENDING
_JOB_FACTS = (
    *("public_id", "job_type", "total", "completed", "failed", "skipped", "cancelled"),
    "api",
)


@dataclass(frozen=True)
class ReceiverRow:
    """A receiver as the deliverer needs it; see the columns of `webhook_configs`."""

    id: str
    sealed: bytes
    output_format: str
    failures: int
    failing_since: int | None
    rests_until: int
    disabled_at: int | None


@dataclass(frozen=True)
class DueEvent:
    """An event that is to be sent, with all that its body is made of."""

    id: int
    job_id: str | None
    ordinal: int | None
    event_type: str
    created_at: int
    attempts: int
    log: list[Any]
    job: JobFacts | None
    item: ItemFacts | None


@dataclass(frozen=True)
class Verdict:
    """What an attempt has changed about an event."""

    id: int
    status: DeliveryStatus
    attempts: int
    next_attempt_at: int
    ended_at: int | None
    log: list[Any]


@dataclass(frozen=True)
class Health:
    """How a receiver does after a group of attempts."""

    failures: int
    failing_since: int | None
    rests_until: int
    disabled_reason: str | None = None


class DeliveryLedger:
    """The outbox and its receivers, as they are worked off."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def waiting(self) -> list[str]:
        """Return the receivers with due events whom nobody has in hand and who do not rest.

        Costs one look at an index for each receiver with events, however many those are.
        """
        now = now_us()
        found: list[str] = []
        async with self._database.read() as connection:
            last = ""
            while receiver_id := await connection.scalar(_next_receiver(last)):
                if await connection.scalar(_is_waiting(receiver_id, now)):
                    found.append(receiver_id)
                last = receiver_id
        return found

    async def take(self, receiver_id: str, seconds: float) -> ReceiverRow | None:
        """Take a receiver in hand for so long; None when it has been deleted."""
        columns = (webhook_configs.c[name] for name in ReceiverRow.__dataclass_fields__)
        of_receiver = webhook_configs.c.id == receiver_id
        async with self._database.write() as connection:
            # A time and not a flag: whoever dies with it in hand lets go of it by that.
            await connection.execute(
                webhook_configs.update()
                .where(of_receiver)
                .values(in_hand_until=now_us() + round(seconds * 1_000_000))
            )
            row = (await connection.execute(sa.select(*columns).where(of_receiver))).first()
        return ReceiverRow(**row._mapping) if row else None

    async def due(self, receiver_id: str, limit: int) -> list[DueEvent]:
        """Return a receiver's events that are to be sent now, oldest first."""
        now = now_us()
        query = _due().where(outbox.c.receiver_id == receiver_id, outbox.c.next_attempt_at <= now)
        query = query.order_by(outbox.c.next_attempt_at, outbox.c.id).limit(limit)
        async with self._database.read() as connection:
            return [_due_event(row) for row in await connection.execute(query)]

    async def next_due(self, receiver_id: str) -> int | None:
        """Return when a receiver's next event is due, in microseconds of the epoch, or None."""
        query = (
            sa.select(outbox.c.next_attempt_at)
            .where(outbox.c.receiver_id == receiver_id, _PENDING)
            .order_by(outbox.c.next_attempt_at)
            .limit(1)
        )
        async with self._database.read() as connection:
            found = await connection.scalar(query)
        return None if found is None else int(found)

    async def record(self, receiver_id: str, verdicts: Sequence[Verdict], health: Health) -> None:
        """Write what a group of attempts has changed, in one transaction.

        A receiver that is disabled by it has all that is pending given up.
        """
        values: dict[str, Any] = {
            "failures": health.failures,
            "failing_since": health.failing_since,
            "rests_until": health.rests_until,
            "disabled_at": now_us() if health.disabled_reason else None,
            "disabled_reason": health.disabled_reason,
        }
        async with self._database.write() as connection:
            await connection.execute(
                webhook_configs.update().where(webhook_configs.c.id == receiver_id).values(values)
            )
            rows = [{f"b_{name}": value for name, value in vars(one).items()} for one in verdicts]
            await _RECORD.execute(connection, rows)
            if health.disabled_reason:
                await _give_up(connection, receiver_id)

    async def give_up(self, receiver_id: str) -> None:
        """Give up all that is pending for a receiver that has been deleted."""
        async with self._database.write() as connection:
            await _give_up(connection, receiver_id)


_RECORD = Bulk(
    outbox.update()
    # What was given up or sent meanwhile keeps its end.
    .where(outbox.c.id == sa.bindparam("b_id"), _PENDING)
    .values(
        status=sa.bindparam("b_status"),
        attempts=sa.bindparam("b_attempts"),
        next_attempt_at=sa.bindparam("b_next_attempt_at"),
        ended_at=sa.bindparam("b_ended_at"),
        log=sa.bindparam("b_log"),
    )
)


async def _give_up(connection: AsyncConnection, receiver_id: str) -> None:
    await write_many(
        connection,
        outbox.update().values(status=DeliveryStatus.GIVEN_UP, ended_at=now_us()),
        outbox.c.receiver_id == receiver_id,
        _PENDING,
    )


def _next_receiver(last: str) -> sa.Select[Any]:
    return (
        sa.select(outbox.c.receiver_id)
        .where(outbox.c.receiver_id > last, _PENDING)
        .order_by(outbox.c.receiver_id)
        .limit(1)
    )


def _is_waiting(receiver_id: str, now: int) -> sa.Select[Any]:
    # Of a receiver that was deleted there is no row: its events are to be given up.
    is_busy = (
        sa.select(webhook_configs.c.id)
        .where(
            webhook_configs.c.id == receiver_id,
            sa.or_(webhook_configs.c.in_hand_until > now, webhook_configs.c.rests_until > now),
        )
        .exists()
    )
    due = sa.select(outbox.c.id).where(
        outbox.c.receiver_id == receiver_id, _PENDING, outbox.c.next_attempt_at <= now, ~is_busy
    )
    return due.limit(1)


def _due() -> sa.Select[Any]:
    of_item = sa.and_(items.c.job_id == outbox.c.job_id, items.c.ordinal == outbox.c.ordinal)
    return (
        sa.select(
            *(outbox.c[name] for name in ("id", "job_id", "ordinal", "event_type", "created_at")),
            *(outbox.c[name] for name in ("attempts", "log")),
            *(jobs.c[name].label(f"job_{name}") for name in _JOB_FACTS),
            jobs.c.error_message.label("job_error"),
            *(items.c[name] for name in ItemFacts.__dataclass_fields__),
        )
        .join(jobs, jobs.c.id == outbox.c.job_id, isouter=True)
        .join(items, of_item, isouter=True)
        .where(_PENDING)
    )


def _due_event(row: sa.Row[Any]) -> DueEvent:
    names = ("id", "job_id", "ordinal", "event_type", "created_at", "attempts")
    job = item = None
    if row.job_api is not None:
        facts = {name: row._mapping[f"job_{name}"] for name in _JOB_FACTS}
        job = JobFacts(id=row.job_id, error_message=row.job_error, **facts)
    if row.task_id is not None:
        item = ItemFacts(**{name: row._mapping[name] for name in ItemFacts.__dataclass_fields__})
    return DueEvent(
        **{name: row._mapping[name] for name in names}, log=row.log or [], job=job, item=item
    )
