"""The receivers of a job, written with the job."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from sheaf.contracts.ids import new_id
from sheaf.ledger.webhook_tables import job_receivers, webhook_configs
from sheaf.ledger.webhooks.configs import PREFIX


@dataclass(frozen=True)
class NewReceiver:
    """A receiver that a job's request configured."""

    sealed: bytes
    """URL, headers and secrets, by `sheaf.webhooks.receivers`."""
    events: list[str] | None
    output_format: str
    """`string`, `json`, or `result`."""


@dataclass(frozen=True)
class NewReceivers:
    """Who is told of a job."""

    inline: Sequence[NewReceiver] = ()
    saved: Sequence[str] = ()
    """Ids of configurations of the project."""

    def __bool__(self) -> bool:
        return bool(self.inline or self.saved)


async def add_receivers(
    connection: AsyncConnection, job_id: str, project_id: str, receivers: NewReceivers, now: int
) -> None:
    """Write a new job's receivers."""
    rows = [
        {
            **vars(receiver),
            "id": new_id(PREFIX),
            "project_id": project_id,
            "job_id": job_id,
            "created_at": now,
            "updated_at": now,
        }
        for receiver in receivers.inline
    ]
    if rows:
        await connection.execute(webhook_configs.insert(), rows)
    ids = [str(row["id"]) for row in rows] + list(receivers.saved)
    if ids:
        await connection.execute(
            job_receivers.insert(), [{"job_id": job_id, "receiver_id": one} for one in ids]
        )
