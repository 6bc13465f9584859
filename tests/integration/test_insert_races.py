"""The same thing made by many at once is one thing, on both databases."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from sheaf.ledger.access.idempotency import IdempotencyLedger
from sheaf.ledger.database import Database
from sheaf.ledger.files.directories import DirectoryLedger
from sheaf.ledger.files.directory_files import DirectoryFileLedger, NewFile
from sheaf.ledger.files.uploads import UploadLedger, UploadRow
from sheaf.ledger.jobs.configurations import ConfigurationLedger
from sheaf.ledger.jobs.jobs import JobLedger
from sheaf.ledger.webhooks.configs import WebhookConfigLedger
from sheaf.testing.new_jobs import new_job

AT_ONCE = 8
RESERVED = uuid.uuid4().hex


def job(database: Database) -> Awaitable[Any]:
    new = new_job(id=f"bjb-{RESERVED}")
    return JobLedger(database).create(new, ("dfl-1", str(uuid.UUID(RESERVED))))


def upload(database: Database) -> Awaitable[Any]:
    row = UploadRow(str(uuid.UUID(RESERVED)), "p", "a", None, "parse", 1, "", 1, 1)
    return UploadLedger(database).create(row)


def configuration(database: Database) -> Awaitable[Any]:
    parameters = {"product_type": "parse_v2"}
    return ConfigurationLedger(database).save("p", "a", parameters, uuid.uuid4().hex)


def webhook(database: Database) -> Awaitable[Any]:
    values = {"sealed": b"", "output_format": "json"}
    return WebhookConfigLedger(database).create("p", values, RESERVED)


def directory(database: Database) -> Awaitable[Any]:
    return DirectoryLedger(database).create("p", {"name": "a"}, RESERVED)


def source(database: Database) -> Awaitable[Any]:
    return DirectoryLedger(database).register_source("p", "file:///a", "a")


async def attempt(database: Database) -> str:
    ledger = IdempotencyLedger(database)
    return (await ledger.begin("p", "key", "hash", 60, is_first=False)).reserved_id


@pytest.mark.parametrize("make", [attempt, job, upload, configuration, webhook, directory, source])
async def test_what_is_made_by_many_at_once_is_made_once(
    database: Database, make: Callable[[Database], Awaitable[Any]]
) -> None:
    others = [Database(str(database.engine.url.render_as_string(False))) for _ in range(AT_ONCE)]
    try:
        made = await asyncio.gather(*(make(other) for other in others))
    finally:
        for other in others:
            await other.close()
    assert len({getattr(one, "id", one) for one in made}) == 1


async def test_a_file_put_by_many_at_once_is_one_file(database: Database, tmp_path: Path) -> None:
    await upload(database)
    held = await DirectoryLedger(database).create("p", {"name": "a"}, uuid.uuid4().hex)
    ledger = DirectoryFileLedger(database)
    put = [
        ledger.put("p", held.id, str(uuid.UUID(RESERVED)), NewFile("a", "a"), uuid.uuid4().hex)
        for _ in range(AT_ONCE)
    ]
    assert len({row.id for row in await asyncio.gather(*put)}) == 1
