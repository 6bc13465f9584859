"""Writing many rows that others write too, without waiting for each other in a ring.

On Postgres a transaction holds each row that it has written until its end. Two that write the same
rows in different orders would each come to hold what the other waits for, and the database ends
one of them. So rows are taken in one order everywhere, which is that of their primary key: by
`write_many` where a condition says which, by `Bulk` where each is named. Tables are taken in one
order too, `TABLES`. SQLite has one writer at a time.
"""

from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.engine import CursorResult
from sqlalchemy.ext.asyncio import AsyncConnection

TABLES = (
    *("leases", "idempotency", "projects", "api_keys", "configurations"),
    *("jobs", "items", "attempts", "results"),
    *("directories", "uploads", "directory_files"),
    *("webhook_configs", "job_receivers", "outbox"),
)
"""The order in which a transaction comes to tables of which it holds rows that others may hold."""


async def write_many(
    connection: AsyncConnection, statement: sa.Update | sa.Delete, *where: sa.ColumnElement[bool]
) -> int:
    """Run an UPDATE or DELETE for the rows of a condition, held in order; return how many.

    Args:
        connection: of a writing transaction.
        statement: without its condition.
        where: the condition.
    """
    if connection.dialect.name == "postgresql":
        # Of its own accord an UPDATE takes rows as it comes upon them. A query that locks is
        # never merged with the one around it, so all rows are held before the first is written.
        key = list(cast("sa.Table", statement.table).primary_key)
        locking = sa.select(*key).where(*where).order_by(*key)
        held = locking.with_for_update(of=statement.table).cte("held")
        where = (sa.tuple_(*key).in_(sa.select(*held.c)),)
    done = await connection.execute(statement.where(*where))
    return cast("CursorResult[tuple[Any, ...]]", done).rowcount
