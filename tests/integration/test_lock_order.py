"""Writers of the same rows wait for each other on Postgres, and never for each other in a ring."""

import asyncio
import os
import uuid
from collections.abc import AsyncIterator, Coroutine
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa

from sheaf.contracts.states import DeliveryStatus
from sheaf.ledger.database import Database, now_us
from sheaf.ledger.files.directories import DirectoryLedger
from sheaf.ledger.files.directory_files import DirectoryFileLedger, NewFile
from sheaf.ledger.files.uploads import UploadLedger, UploadRow
from sheaf.ledger.items.claims import ClaimLedger
from sheaf.ledger.items.enumerations import EnumerationLedger
from sheaf.ledger.jobs.jobs import JobLedger
from sheaf.ledger.migrate import migrate
from sheaf.ledger.records import SourceFile
from sheaf.ledger.tables import directories, directory_files, items
from sheaf.ledger.webhook_tables import outbox, webhook_configs
from sheaf.ledger.webhooks.configs import WebhookConfigLedger
from sheaf.ledger.webhooks.deliveries import DeliveryLedger
from sheaf.ledger.webhooks.delivery_log import DeliveryFilter, DeliveryLog
from tests.integration.conftest import fresh_postgres, tables_in_order
from tests.integration.test_deliveries import WELL, verdict
from tests.integration.test_ledger import completed, enumerate_files, make_job

pytestmark = pytest.mark.postgres

LISTED = [SourceFile(f"{name}.txt", 3, 1) for name in "bcdefg"]
NEW = SourceFile("a.txt", 3, 1)
"""Comes first in a listing, and last by the ids of its rows."""


@pytest_asyncio.fixture
async def postgres() -> AsyncIterator[Database]:
    made = Database(await fresh_postgres(os.environ["SHEAF_TEST_POSTGRES_URL"]))
    await migrate(made)
    with tables_in_order(made):
        yield made
    await made.close()


async def meet(database: Database, row: sa.Select[Any], *writers: Coroutine[Any, Any, Any]) -> None:
    """Hold a row until each writer in turn waits for something, then let them go on at once."""
    waiting = []
    async with database.write() as connection:
        await connection.execute(row.with_for_update())
        for writer in writers:
            waiting.append(asyncio.create_task(writer))
            while await _blocked(database) < len(waiting):
                await asyncio.sleep(0.01)
                assert not waiting[-1].done(), "it meets nobody at this row"
    await asyncio.gather(*waiting)


async def _blocked(database: Database) -> int:
    query = sa.text("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted")
    async with database.read() as connection:
        return int(await connection.scalar(query) or 0)


def file_row(key: str) -> sa.Select[Any]:
    return sa.select(directory_files.c.id).where(directory_files.c.unique_id == key)


async def test_a_listing_and_the_hashes_of_another_job_do_not_wait_for_each_other(
    postgres: Database,
) -> None:
    await enumerate_files(postgres, await make_job(postgres), LISTED)
    reading, listing = [await make_job(postgres) for _ in range(2)]
    await enumerate_files(postgres, reading, [*LISTED, NEW])
    claims = ClaimLedger(postgres, "w")
    claimed, _ = await claims.claim(reading, 1, 100)
    assert len(claimed) == len(LISTED) + 1
    ledger = EnumerationLedger(postgres, 10_000)
    fence, *_ = await ledger.take_over(listing)
    await meet(
        postgres,
        file_row(LISTED[0].unique_id),
        claims.record(reading, [completed(item) for item in claimed]),
        ledger.add_files(listing, fence, [NEW, *LISTED], page_files=10, reuses=False),
    )


async def test_two_first_listings_of_a_folder_at_once_make_its_files_once(
    postgres: Database,
) -> None:
    jobs = [await make_job(postgres) for _ in range(2)]
    ledger = EnumerationLedger(postgres, 10_000)
    fences = [(await ledger.take_over(job_id))[0] for job_id in jobs]
    for chunk in (LISTED[:3], LISTED[3:]):
        await asyncio.gather(
            *(
                ledger.add_files(job_id, fence, chunk, page_files=10, reuses=False)
                for job_id, fence in zip(jobs, fences, strict=True)
            )
        )
    async with postgres.read() as connection:
        found = list(await connection.scalars(sa.select(directory_files.c.unique_id)))
    assert sorted(found) == [file.unique_id for file in LISTED]


async def test_the_end_of_a_job_and_a_late_claim_do_not_wait_for_each_other(
    postgres: Database,
) -> None:
    job_id = await make_job(postgres)
    await enumerate_files(postgres, job_id, LISTED)
    claims = ClaimLedger(postgres, "w")
    await claims.claim(job_id, 1, 1)  # which makes it the last one of its table and its index
    await meet(
        postgres,
        sa.select(items.c.fence).where(items.c.ordinal == 1),
        claims.claim(job_id, 1, len(LISTED)),
        JobLedger(postgres).finalize(job_id, cancels=True, gives_up=False, error=None),
    )


async def test_files_that_change_places_do_not_wait_for_each_other(postgres: Database) -> None:
    ledger = DirectoryFileLedger(postgres)
    upload = UploadRow(str(uuid.uuid4()), "p", "a", None, "parse", 1, "", 1, 1)
    await UploadLedger(postgres).create(upload)
    first, second = sorted(
        [
            (await DirectoryLedger(postgres).create("p", {"name": name}, uuid.uuid4().hex)).id
            for name in "ab"
        ]
    )
    moved = [
        (await ledger.put("p", place, upload.id, NewFile(place, place))).id
        for place in (first, second)
    ]
    await meet(
        postgres,
        sa.select(directories.c.id).where(directories.c.id == first),
        ledger.update("p", first, moved[0], {}, second),
        ledger.update("p", second, moved[1], {}, first),
    )


async def test_a_redelivery_and_what_a_deliverer_notes_do_not_wait_for_each_other(
    postgres: Database,
) -> None:
    config = await WebhookConfigLedger(postgres).create(
        "p", {"sealed": b"", "output_format": "json"}, uuid.uuid4().hex
    )
    ledger, delivery_log = DeliveryLedger(postgres), DeliveryLog(postgres)
    for _ in range(3):
        await delivery_log.post_test("p", config.id)
    # Of a receiver that is gone there is no row by which they would take turns.
    async with postgres.write() as connection:
        await connection.execute(webhook_configs.delete())
    due = await ledger.due(config.id, 10)
    await meet(
        postgres,
        sa.select(outbox.c.id).where(outbox.c.id == due[0].id),
        delivery_log.redeliver_all(DeliveryFilter("p")),
        ledger.record(
            config.id, [verdict(one, DeliveryStatus.PENDING, now_us()) for one in due[::-1]], WELL
        ),
    )
