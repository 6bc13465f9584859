"""Jobs over files that were uploaded, on real databases."""

import io
import uuid
from collections.abc import Sequence
from pathlib import Path

import pytest

from sheaf.contracts.documents import EngineRequest, EngineResult, ParsedDocument, ParsedPage
from sheaf.contracts.failures import FailureKind
from sheaf.contracts.ids import new_job_id
from sheaf.contracts.states import ItemStatus
from sheaf.ledger.database import Database
from sheaf.ledger.files.directories import DirectoryLedger
from sheaf.ledger.files.directory_files import DirectoryFileLedger, NewFile
from sheaf.ledger.files.listing import DirectoryFileRow, FileFilter, FileListing
from sheaf.ledger.files.uploads import UploadLedger
from sheaf.ledger.items.claims import ClaimLedger
from sheaf.ledger.items.enumerations import EnumerationLedger
from sheaf.ledger.items.items import ItemLedger
from sheaf.ledger.items.listing import ItemListing
from sheaf.ledger.jobs.jobs import JobLedger
from sheaf.ledger.records import ClaimedItem, NotFoundError, Outcome, ResultRow
from sheaf.processing.job_work import Work
from sheaf.processing.processor import DocumentProcessor
from sheaf.processing.result_store import Processed
from sheaf.sources.items import ItemFiles
from sheaf.storage.local import LocalBlobs
from sheaf.storage.uploads import Uploads, upload_key
from sheaf.testing.new_jobs import directory_job
from tests.parsers import EachAlone, process_one

LIMIT = 100


async def make_directory(database: Database) -> str:
    return (await DirectoryLedger(database).create("p", {"name": "in"})).id


async def put(
    database: Database, folder: Path, directory_id: str, name: str, content: bytes = b"text"
) -> DirectoryFileRow:
    uploads = Uploads(database, LocalBlobs(folder))
    upload = await uploads.store("p", io.BytesIO(content), name=name, purpose="parse")
    ledger = DirectoryFileLedger(database)
    return await ledger.put("p", directory_id, upload.id, NewFile(name, name))


async def make_job(database: Database, directory_id: str) -> str:
    job_id = new_job_id()
    await JobLedger(database).create(directory_job(directory_id, id=job_id))
    return job_id


async def enumerate_uploads(database: Database, job_id: str, count: int = 2) -> int:
    ledger = EnumerationLedger(database, LIMIT)
    while True:
        # A writer that dies between two chunks: the next one goes on behind it.
        fence, *_ = await ledger.take_over(job_id)
        if not await ledger.add_uploaded(job_id, fence, count, page_files=count, reuses=True):
            return await ledger.finish(job_id, fence)


async def enumerated(database: Database, directory_id: str) -> tuple[str, list[str]]:
    job_id = await make_job(database, directory_id)
    await enumerate_uploads(database, job_id)
    rows = await ItemListing(database).after(job_id)
    return job_id, [row.unique_id for row in rows]


async def claimed(database: Database, job_id: str) -> Sequence[ClaimedItem]:
    items, _ = await ClaimLedger(database, "w").claim(job_id, 1, 1000)
    return items


def completed(item: ClaimedItem, sha256: str) -> Outcome:
    result = ResultRow(item.task_id, item.file_id, sha256, "engine 1", "text/plain", 1, 10, True)
    return Outcome(item, ItemStatus.COMPLETED, result=result, content_sha256=sha256)


async def test_every_uploaded_file_is_an_item_once_the_largest_of_a_page_first(
    database: Database, tmp_path: Path
) -> None:
    directory_id = await make_directory(database)
    for name, size in (("a", 1), ("b", 3), ("c", 2), ("d", 9), ("e", 1)):
        await put(database, tmp_path, directory_id, name, b"x" * size)
    gone = await put(database, tmp_path, directory_id, "gone")
    await DirectoryFileLedger(database).delete("p", directory_id, [gone.id])
    await put(database, tmp_path, await make_directory(database), "elsewhere")
    _, names = await enumerated(database, directory_id)
    assert names == ["b", "a", "d", "c", "e"]


async def test_a_job_deletes_no_upload_that_it_has_not_seen(
    database: Database, tmp_path: Path
) -> None:
    directory_id = await make_directory(database)
    await put(database, tmp_path, directory_id, "a")
    job_id = await make_job(database, directory_id)
    ledger = EnumerationLedger(database, LIMIT)
    fence, *_ = await ledger.take_over(job_id)
    assert await ledger.finish(job_id, fence) == 0
    rows, total = await FileListing(database).page(directory_id, FileFilter(), None, 10)
    assert ([row.unique_id for row in rows], total) == (["a"], 1)


async def test_uploads_with_equal_bytes_are_not_read_again(
    database: Database, tmp_path: Path
) -> None:
    directory_id = await make_directory(database)
    await put(database, tmp_path, directory_id, "a", b"same")
    job_id, _ = await enumerated(database, directory_id)
    (item,) = await claimed(database, job_id)
    upload = await UploadLedger(database).get("p", str(item.upload_id))
    await record(database, job_id, completed(item, upload.content_sha256))
    await put(database, tmp_path, directory_id, "b", b"same")
    await put(database, tmp_path, directory_id, "c", b"other")
    await put(database, tmp_path, directory_id, "d", b"x" * (LIMIT + 1))
    second, _ = await enumerated(database, directory_id)
    rows = await ItemListing(database).after(second)
    assert {row.unique_id: row.skip_reason for row in rows} == {
        "a": "already_processed",
        "b": "already_processed",
        "c": None,
        "d": "size_limit_exceeded",
    }


async def test_a_job_over_replaced_content_leaves_the_hash_of_the_new(
    database: Database, tmp_path: Path
) -> None:
    directory_id = await make_directory(database)
    await put(database, tmp_path, directory_id, "a", b"old")
    job_id, _ = await enumerated(database, directory_id)
    (item,) = await claimed(database, job_id)
    old = await UploadLedger(database).get("p", str(item.upload_id))
    await put(database, tmp_path, directory_id, "a", b"new")
    await record(database, job_id, completed(item, old.content_sha256))
    second, _ = await enumerated(database, directory_id)
    (row,) = await ItemListing(database).after(second)
    assert row.skip_reason is None


async def test_a_claimed_upload_is_read_from_its_blob(database: Database, tmp_path: Path) -> None:
    directory_id = await make_directory(database)
    file = await put(database, tmp_path, directory_id, "a.txt", b"bytes")
    job_id, _ = await enumerated(database, directory_id)
    (item,) = await claimed(database, job_id)
    assert (item.upload_id, item.source_uri) == (file.upload_id, None)
    done = await process(database, tmp_path, job_id, item)
    assert done.outcome.status is ItemStatus.COMPLETED
    assert b"bytes" in done.line


async def test_an_upload_that_was_deleted_fails_its_item_alone(
    database: Database, tmp_path: Path
) -> None:
    directory_id = await make_directory(database)
    file = await put(database, tmp_path, directory_id, "a.txt")
    job_id, _ = await enumerated(database, directory_id)
    (item,) = await claimed(database, job_id)
    await Uploads(database, LocalBlobs(tmp_path)).delete("p", str(file.upload_id))
    assert not (tmp_path / upload_key(str(file.upload_id))).exists()
    done = await process(database, tmp_path, job_id, item)
    assert done.outcome.failure_kind is FailureKind.SOURCE_CHANGED
    assert done.outcome.error_message == "the uploaded file was deleted"


async def test_making_a_thing_again_under_its_reserved_id_makes_one(
    database: Database, tmp_path: Path
) -> None:
    reserved = uuid.uuid4().hex
    directories = DirectoryLedger(database)
    uploads = Uploads(database, LocalBlobs(tmp_path))
    files = DirectoryFileLedger(database)
    made = set()
    for content in (b"text", b""):  # The second attempt finds its stream read already.
        directory = await directories.create("p", {"name": "in"}, reserved)
        upload = await uploads.store(
            "p", io.BytesIO(content), name="a", purpose="parse", reserved_id=reserved
        )
        file = await files.put("p", directory.id, upload.id, NewFile("a", "a"), reserved)
        made.add((directory.id, upload.id, upload.size_bytes, file.id))
    assert made == {(f"dir-{reserved}", str(uuid.UUID(reserved)), 4, f"dfl-{reserved}")}


async def test_jobs_use_no_directory_that_was_deleted(database: Database, tmp_path: Path) -> None:
    ledger = DirectoryLedger(database)
    directory_id = await make_directory(database)
    file = await put(database, tmp_path, directory_id, "a")
    await ledger.require("p", directory_id)
    await ledger.delete("p", directory_id)
    with pytest.raises(NotFoundError):
        await ledger.require("p", directory_id)
    assert await ledger.missing_files("p", [file.id]) == [file.id]


async def test_a_source_that_was_deleted_comes_back_under_its_id(database: Database) -> None:
    ledger = DirectoryLedger(database)
    directory_id = await ledger.register_source("p", "file:///in", "in")
    await ledger.delete("p", directory_id)
    assert await ledger.register_source("p", "file:///in", "in") == directory_id
    await ledger.require("p", directory_id)


class Echo(EachAlone):
    """A parser that answers with the bytes of the file."""

    async def run(self, request: EngineRequest, deadline_seconds: float) -> EngineResult:
        text = Path(request.path).read_text()
        document = ParsedDocument(
            pages=(ParsedPage(page=1, text=text, md=text),),
            media_type="text/plain",
            engine="echo",
            engine_version="1",
            total_pages=1,
        )
        return EngineResult(document=document)


async def process(database: Database, folder: Path, job_id: str, item: ClaimedItem) -> Processed:
    work = Work.of(await JobLedger(database).spec(job_id))
    processor = DocumentProcessor(Echo(), ItemLedger(database), ItemFiles(LocalBlobs(folder)))
    return await process_one(processor, work, item)


async def record(database: Database, job_id: str, outcome: Outcome) -> None:
    await ClaimLedger(database, "w").record(job_id, [outcome])
