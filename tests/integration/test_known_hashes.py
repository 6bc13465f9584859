"""When the hash of a file's bytes is kept for it, so that the next job knows it without reading."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from sheaf.contracts.documents import EngineRequest, EngineResult, ParsedDocument, ParsedPage
from sheaf.contracts.states import ItemStatus
from sheaf.ledger.database import Database
from sheaf.ledger.items.claims import ClaimLedger
from sheaf.ledger.items.enumerations import EnumerationLedger
from sheaf.ledger.items.items import ItemLedger
from sheaf.ledger.jobs.jobs import JobLedger
from sheaf.ledger.records import SourceFile
from sheaf.ledger.tables import directory_files
from sheaf.processing.job_work import Work
from sheaf.processing.processor import DocumentProcessor
from sheaf.sources.items import ItemFiles
from sheaf.storage.local import LocalBlobs
from tests.integration.test_ledger import completed, enumerate_files, make_job
from tests.parsers import EachAlone, process_all

LISTED = SourceFile("a.txt", 3, 1, etag='"one"')


async def known_hash(database: Database) -> str | None:
    async with database.read() as connection:
        found: str | None = await connection.scalar(sa.select(directory_files.c.content_sha256))
    return found


async def settled(database: Database, first: SourceFile, then: SourceFile) -> str | None:
    """Read a file as it was listed first, while another job lists it anew; return what is kept."""
    job_id = await make_job(database)
    await enumerate_files(database, job_id, [first])
    claims = ClaimLedger(database, "w")
    (item,), _ = await claims.claim(job_id, 1, 1)
    await enumerate_files(database, await make_job(database), [then])
    await claims.record(job_id, [completed(item)])
    return await known_hash(database)


async def test_the_hash_of_a_file_that_stays_as_it_was_listed_is_kept(database: Database) -> None:
    assert await settled(database, LISTED, LISTED) == "a" * 64
    plain = replace(LISTED, etag=None)
    assert await settled(database, plain, plain) == "a" * 64


@pytest.mark.parametrize(
    "then",
    [replace(LISTED, etag='"two"'), replace(LISTED, mtime_ns=2), replace(LISTED, size_bytes=4)],
)
async def test_the_hash_of_what_was_overwritten_while_it_was_read_is_not_kept(
    database: Database, then: SourceFile
) -> None:
    assert await settled(database, LISTED, then) is None


class Reads(EachAlone):
    """Gives each file's text as it is."""

    async def run(self, request: EngineRequest, deadline_seconds: float) -> EngineResult:
        text = Path(request.path).read_text()
        page = ParsedPage(page=1, text=text, md=text)
        return EngineResult(
            document=ParsedDocument(
                engine="reads", engine_version="1", media_type="text/plain", pages=(page,),
                total_pages=1,
            )
        )  # fmt: skip


async def run_folder(database: Database, folder: Path, listed: SourceFile) -> ItemStatus:
    """Process the one file of a folder, which was listed so, as one job."""
    job_id = await make_job(database, source=folder.as_uri())
    enumeration = EnumerationLedger(database, 10_000)
    fence, *_ = await enumeration.take_over(job_id)
    await enumeration.add_files(job_id, fence, [listed], page_files=10, reuses=True)
    await enumeration.finish(job_id, fence)
    claims = ClaimLedger(database, "w")
    claimed, _ = await claims.claim(job_id, 1, 1)
    files = ItemFiles(LocalBlobs(folder / "blobs"))
    processor = DocumentProcessor(Reads(), ItemLedger(database), files)
    work = Work.of(await JobLedger(database).spec(job_id))
    done = [one.outcome for one in await process_all(processor, work, claimed)]
    await claims.record(job_id, done)
    return done[0].status if done else ItemStatus.SKIPPED


async def test_a_file_that_got_its_old_time_back_is_read_again(
    database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    os.utime(path, ns=(1, 1_000))
    listed = SourceFile("a.txt", 3, 1_000)
    # Changed after it was listed and before it was read, and put back as it was.
    path.write_text("new")
    assert await run_folder(database, tmp_path, listed) is ItemStatus.COMPLETED
    path.write_text("old")
    os.utime(path, ns=(1, 1_000))
    assert await run_folder(database, tmp_path, listed) is ItemStatus.COMPLETED
    assert await run_folder(database, tmp_path, listed) is ItemStatus.SKIPPED
