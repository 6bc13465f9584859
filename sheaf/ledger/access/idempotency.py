"""POSTs that are sent again: what they made, and what was answered."""

import hashlib
import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from sheaf.ledger.database import Database, now_us
from sheaf.ledger.many_rows import write_many
from sheaf.ledger.tables import idempotency


@dataclass(frozen=True)
class Attempt:
    """A request under a name, this one or the first of its kind."""

    request_sha256: str
    reserved_id: str
    """32 hexadecimal digits: for the id of what the request makes, the same at each attempt."""
    answer: Any
    """What was answered; None until that is known."""


class IdempotencyLedger:
    """Requests by project and name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(
        self, project_id: str, name: str, request_sha256: str, seconds: float, *, is_first: bool
    ) -> Attempt:
        """Note a request, or return what was noted of an earlier one under the same name.

        Args:
            project_id: whose request it is.
            name: what tells requests apart; attempts at one request share it.
            request_sha256: of what is asked for.
            seconds: how long this is kept, from now on.
            is_first: whether the caller says that this is no repetition; an earlier request under
                the name is then forgotten.
        """
        now = now_us()
        expires_at = now + int(1_000_000 * seconds)
        is_it = _is(project_id, name)

        async def make(connection: AsyncConnection) -> Attempt:
            too_old = idempotency.c.expires_at < now
            forgotten = sa.or_(too_old, sa.and_(*is_it)) if is_first else too_old
            await write_many(connection, idempotency.delete(), forgotten)
            query = idempotency.select().where(*is_it)
            row = (await connection.execute(query)).first()
            if row is None:
                await connection.execute(
                    idempotency.insert().values(
                        project_id=project_id,
                        key_sha256=_sha256(name),
                        request_sha256=request_sha256,
                        # Committed before anything is made: a crash after that leaves the id for
                        # the next attempt, which makes the same thing by it.
                        reserved_id=uuid.uuid4().hex,
                        expires_at=expires_at,
                    )
                )
                row = (await connection.execute(query)).one()
            elif row.expires_at < expires_at:
                await connection.execute(
                    idempotency.update().where(*is_it).values(expires_at=expires_at)
                )
            return Attempt(row.request_sha256, row.reserved_id, row.answer)

        return await self._database.insert_or_find(make)

    async def end(self, project_id: str, name: str, reserved_id: str, answer: object) -> None:
        """Note what was answered; later attempts are answered the same."""
        async with self._database.write() as connection:
            await connection.execute(
                idempotency.update()
                .where(*_is(project_id, name), idempotency.c.reserved_id == reserved_id)
                .values(status_code=200, answer=answer)
            )


def _sha256(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def _is(project_id: str, name: str) -> tuple[sa.ColumnElement[bool], ...]:
    return idempotency.c.project_id == project_id, idempotency.c.key_sha256 == _sha256(name)
