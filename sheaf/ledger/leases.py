"""Leases: at most one process at a time does a thing, and another takes over when it dies."""

from typing import cast

import sqlalchemy as sa
from sqlalchemy.engine import CursorResult
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from sheaf.ledger.database import Database, now_us
from sheaf.ledger.many_rows import write_many
from sheaf.ledger.tables import leases


class Leases:
    """Named leases of one holder.

    Args:
        holder: name of this process; renewing is idempotent by it.
    """

    def __init__(self, database: Database, holder: str) -> None:
        self._database = database
        self._holder = holder

    async def take(self, name: str, seconds: float) -> bool:
        """Take or renew a lease for so long; False while another holder has it."""
        now = now_us()
        expires_at = now + int(seconds * 1_000_000)
        free = sa.or_(leases.c.holder == self._holder, leases.c.expires_at < now)
        async with self._database.write() as connection:
            renewed = await connection.execute(
                leases.update()
                # Take over and renew by one conditional UPDATE: of two that see a lease ended, one
                # finds it held again.
                .where(leases.c.name == name, free)
                .values(holder=self._holder, expires_at=expires_at)
            )
            if cast("CursorResult[tuple[()]]", renewed).rowcount:
                return True
        # No such row, or another holder's: the insert tells which, by the primary key.
        return await self._create(name, expires_at)

    async def _create(self, name: str, expires_at: int) -> bool:
        try:
            async with self._database.write() as connection:
                await connection.execute(
                    leases.insert().values(name=name, holder=self._holder, expires_at=expires_at)
                )
        except IntegrityError:
            return False
        return True

    async def forget(self, start: str, seconds: float) -> None:
        """Delete the leases whose names begin so and that ended longer ago than this."""
        ended = leases.c.expires_at < now_us() - int(seconds * 1_000_000)
        async with self._database.write() as connection:
            await write_many(connection, leases.delete(), _begins(start), ended)


async def count_held(connection: AsyncConnection, start: str, now: int) -> int:
    """Return how many leases are held whose names begin so."""
    held = {"b_start": start, "b_length": len(start), "b_now": now}
    return int(await connection.scalar(_COUNT_HELD, held) or 0)


_COUNT_HELD = sa.select(sa.func.count()).where(
    sa.func.substr(leases.c.name, 1, sa.bindparam("b_length", type_=sa.Integer))
    == sa.bindparam("b_start"),
    leases.c.expires_at >= sa.bindparam("b_now"),
)
"""Built once: building a statement takes as long as running it."""


def _begins(start: str) -> sa.ColumnElement[bool]:
    return leases.c.name.startswith(start, autoescape=True)
