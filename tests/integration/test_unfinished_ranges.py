"""What the end of a job finds unsettled is all of it, however scattered it is."""

from sheaf.contracts.temporal.runs import MAX_RANGES
from sheaf.ledger.database import Database
from sheaf.ledger.items.items import ItemLedger
from sheaf.ledger.tables import items
from tests.integration.test_ledger import enumerate_files, files, make_job


async def test_every_unsettled_item_is_found_however_many_ranges_they_are(
    database: Database,
) -> None:
    job_id = await make_job(database)
    await enumerate_files(database, job_id, files(*[1] * 1500))
    async with database.write() as connection:
        await connection.execute(
            items.update().where(items.c.ordinal % 3 == 0).values(status="completed")
        )
        await connection.execute(
            items.update().where(items.c.ordinal.between(400, 1000)).values(status="completed")
        )
    ranges = await ItemLedger(database).unsettled_ranges(job_id)
    held = {ordinal for one in ranges for ordinal in range(one.first, one.last + 1)}
    unsettled = {n for n in range(1, 1501) if n % 3 and not 400 <= n <= 1000}
    assert len(ranges) == MAX_RANGES
    assert unsettled <= held
    assert not held & set(range(402, 1000))
