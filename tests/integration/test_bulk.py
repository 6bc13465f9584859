"""A statement that is run for many rows says to the database what SQLAlchemy would say itself."""

from typing import Any

import pytest
import sqlalchemy as sa

from sheaf.contracts.ids import new_file_ids, new_job_id, new_task_ids
from sheaf.contracts.states import ItemStatus
from sheaf.ledger.bulk import Bulk
from sheaf.ledger.database import Database
from sheaf.ledger.tables import items, results

COUNT = 30
JOB_ID = new_job_id()


def result_rows() -> list[dict[str, Any]]:
    """Rows with ids and hashes of their own kinds, JSON, booleans, large numbers and nothing."""
    return [
        {
            "id": task_id,
            "job_id": JOB_ID,
            "file_id": file_id,
            "content_sha256": f"{number:064x}",
            "name_hint": ".md" if number % 2 else "",
            "engine": "engine 1",
            "media_type": "text/plain",
            "pages": number,
            "size_bytes": number + 2**40,
            "pack": None if number % 3 else f"pack-{number}",
            "pack_offset": None if number % 3 else number,
            "pack_bytes": None if number % 3 else 1,
            "output_metadata": {"number": number, "text": 'é"\n'} if number % 2 else {},
            "is_reusable": number % 2 == 0,
            "processed_at": 1_700_000_000_000_000 + number,
        }
        for number, (task_id, file_id) in enumerate(
            zip(new_task_ids(COUNT), new_file_ids(COUNT), strict=True)
        )
    ]


def item_rows() -> list[dict[str, Any]]:
    return [
        {"job_id": JOB_ID, "ordinal": number, "file_id": file_id, "task_id": task_id}
        | {"status": ItemStatus.PENDING, "fence": 3, "lost_claims": 2, "attempts": 1}
        for number, (task_id, file_id) in enumerate(
            zip(new_task_ids(COUNT), new_file_ids(COUNT), strict=True), start=1
        )
    ]


async def test_rows_that_are_inserted_are_read_as_they_were_given(database: Database) -> None:
    rows = result_rows()
    async with database.write() as connection:
        await Bulk(results.insert()).execute(connection, rows)
    async with database.read() as connection:
        found = await connection.execute(results.select().order_by(results.c.pages))
        assert [dict(row) for row in found.mappings()] == rows


async def test_columns_that_are_not_named_keep_what_the_table_says(database: Database) -> None:
    rows = item_rows()
    async with database.write() as connection:
        await Bulk(items.insert()).execute(connection, rows)
    async with database.read() as connection:
        found = (await connection.execute(items.select().order_by(items.c.ordinal))).all()
    assert {(row.result_id, row.completed_at, row.status) for row in found} == {
        (None, None, "pending")
    }


async def test_an_update_changes_each_row_by_its_own_values_and_by_constants(
    database: Database,
) -> None:
    rows = item_rows()
    update = Bulk(
        items.update()
        .where(items.c.job_id == sa.bindparam("b_job"), items.c.ordinal == sa.bindparam("b_number"))
        .values(
            status=sa.bindparam("b_status"),
            lost_claims=0,
            failure_kind=None,
            attempts=items.c.attempts + sa.bindparam("b_attempts"),
        )
    )
    async with database.write() as connection:
        await connection.execute(items.insert(), rows)
        changed = [
            {"b_job": JOB_ID, "b_number": number, "b_status": "failed", "b_attempts": number}
            for number in range(1, COUNT, 2)
        ]
        await update.execute(connection, changed)
        await update.execute(connection, [])
    async with database.read() as connection:
        found = (await connection.execute(items.select().order_by(items.c.ordinal))).all()
    assert len(found) == COUNT
    for row in found:
        is_changed = row.ordinal % 2 == 1
        assert row.status == ("failed" if is_changed else "pending")
        assert row.lost_claims == (0 if is_changed else 2)
        assert row.attempts == (1 + row.ordinal if is_changed else 1)


async def test_a_row_without_one_of_the_columns_is_an_error(database: Database) -> None:
    rows: list[dict[str, Any]] = item_rows()
    del rows[-1]["task_id"]
    async with database.write() as connection:
        with pytest.raises(KeyError, match="task_id"):
            await Bulk(items.insert()).execute(connection, rows)
        assert await connection.scalar(sa.select(sa.func.count()).select_from(items)) == 0
