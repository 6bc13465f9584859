"""The ledger on real databases: claims, fences, counts, skips, ends."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy.ext.asyncio import AsyncConnection

from sheaf.contracts.failures import FailureKind
from sheaf.contracts.ids import new_job_id
from sheaf.contracts.states import ItemStatus, JobStatus
from sheaf.contracts.temporal.runs import OrdinalRange
from sheaf.ledger.database import Database
from sheaf.ledger.files.directories import DirectoryLedger
from sheaf.ledger.items.claims import ClaimLedger
from sheaf.ledger.items.enumerations import EnumerationLedger
from sheaf.ledger.items.items import ItemLedger
from sheaf.ledger.items.listing import ItemListing
from sheaf.ledger.jobs.jobs import JobLedger
from sheaf.ledger.jobs.receivers import NewReceiver, NewReceivers
from sheaf.ledger.leases import Leases
from sheaf.ledger.migrate import migrate
from sheaf.ledger.records import (
    ClaimedItem,
    NotFoundError,
    Outcome,
    ResultRow,
    SourceFile,
    SupersededError,
)
from sheaf.ledger.tables import attempts, directory_files, metadata
from sheaf.ledger.webhook_tables import outbox
from sheaf.testing.new_jobs import directory_job
from tests.admitting import admit_all

LIMIT = 10_000


async def make_job(
    database: Database, *, webhooks: bool = False, source: str = "file:///in"
) -> str:
    directory_id = await DirectoryLedger(database).register_source("p", source, "in")
    job_id = new_job_id()
    await JobLedger(database).create(
        directory_job(directory_id, id=job_id, has_webhooks=webhooks),
        receivers=NewReceivers([NewReceiver(b"sealed", None, "json")]) if webhooks else None,
    )
    await admit_all(database)
    return job_id


def files(*sizes: int, mtime_ns: int = 1) -> list[SourceFile]:
    return [SourceFile(f"f{number:03}.txt", size, mtime_ns) for number, size in enumerate(sizes)]


async def enumerate_files(
    database: Database, job_id: str, listed: Sequence[SourceFile], page_files: int = 10
) -> int:
    enumeration = EnumerationLedger(database, LIMIT)
    fence, *_ = await enumeration.take_over(job_id)
    await enumeration.add_files(job_id, fence, listed, page_files=page_files, reuses=True)
    unseen = await enumeration.unseen(job_id, "", LIMIT)
    await enumeration.mark_deleted(job_id, fence, [file_id for file_id, _ in unseen])
    return await enumeration.finish(job_id, fence)


def completed(item: ClaimedItem, sha256: str = "a" * 64) -> Outcome:
    result = ResultRow(item.task_id, item.file_id, sha256, "engine 1", "text/plain", 1, 10, True)
    return Outcome(item, ItemStatus.COMPLETED, result=result, content_sha256=sha256)


def failed(item: ClaimedItem, kind: FailureKind = FailureKind.CORRUPT) -> Outcome:
    status = ItemStatus.PENDING if kind.is_transient else ItemStatus.FAILED
    return Outcome(item, status, failure_kind=kind, error_message="why")


async def record(database: Database, job_id: str, outcomes: Sequence[Outcome]) -> frozenset[int]:
    settled = await ClaimLedger(database, "w").record(job_id, outcomes)
    return settled.accepted


async def test_a_migrated_ledger_has_just_the_tables_of_the_schema(database: Database) -> None:
    await migrate(database)

    def differences(connection: sa.Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    async with database.read() as connection:
        assert await connection.run_sync(differences) == []


async def test_items_get_ordinals_with_the_largest_of_a_page_first(database: Database) -> None:
    job_id = await make_job(database)
    await enumerate_files(database, job_id, files(1, 3, 2, 9, 7), page_files=3)
    rows = await ItemListing(database).after(job_id)
    assert [row.unique_id for row in rows] == [
        "f001.txt", "f002.txt", "f000.txt", "f003.txt", "f004.txt",
    ]  # fmt: skip
    assert [row.ordinal for row in rows] == [1, 2, 3, 4, 5]


async def test_only_the_newest_enumeration_writes(database: Database) -> None:
    job_id = await make_job(database)
    enumeration = EnumerationLedger(database, LIMIT)
    old, *_ = await enumeration.take_over(job_id)
    new, *_ = await enumeration.take_over(job_id)
    with pytest.raises(SupersededError):
        await enumeration.add_files(job_id, old, files(1), page_files=10, reuses=True)
    assert await enumeration.add_files(job_id, new, files(1, 1), page_files=10, reuses=True) == (
        2,
        0,
    )


async def test_an_enumeration_resumes_behind_its_last_chunk(database: Database) -> None:
    job_id = await make_job(database)
    enumeration = EnumerationLedger(database, LIMIT)
    fence, *_ = await enumeration.take_over(job_id)
    await enumeration.add_files(job_id, fence, files(1, 1, 1), page_files=10, reuses=True)
    _, cursor, high_water_mark, skipped, is_complete = await enumeration.take_over(job_id)
    assert (cursor, high_water_mark, skipped, is_complete) == ("f002.txt", 3, 0, False)


async def test_files_that_are_gone_are_marked_deleted_and_come_back(database: Database) -> None:
    await enumerate_files(database, await make_job(database), files(1, 1, 1))
    await enumerate_files(database, await make_job(database), files(1, 1))

    async def deleted() -> list[str]:
        async with database.read() as connection:
            query = sa.select(directory_files.c.unique_id).where(
                directory_files.c.deleted_at.is_not(None)
            )
            return list(await connection.scalars(query))

    assert await deleted() == ["f002.txt"]
    await enumerate_files(database, await make_job(database), files(1, 1, 1))
    assert await deleted() == []


async def test_files_that_a_listing_did_not_show_are_told_in_order_and_in_parts(
    database: Database,
) -> None:
    await enumerate_files(database, await make_job(database), files(*[1] * 7))
    enumeration = EnumerationLedger(database, LIMIT)
    job_id = await make_job(database)
    fence, *_ = await enumeration.take_over(job_id)
    await enumeration.add_files(job_id, fence, files(1, 1), page_files=10, reuses=True)
    found, last = [], ""
    while part := await enumeration.unseen(job_id, last, 2):
        last = part[-1][1]
        found += [key for _, key in part]
    assert found == [f"f{number:03}.txt" for number in range(2, 7)]


async def test_a_file_over_the_limit_is_skipped_with_its_reason(database: Database) -> None:
    job_id = await make_job(database)
    await enumerate_files(database, job_id, files(LIMIT + 1, 5))
    job = await JobLedger(database).get(job_id)
    first, *_ = await ItemListing(database).after(job_id)
    assert (first.status, first.skip_reason) == ("skipped", "size_limit_exceeded")
    assert (job.total, job.skipped) == (2, 1)


async def test_a_newer_claim_makes_older_writes_refused_and_noted(database: Database) -> None:
    job_id = await make_job(database)
    await enumerate_files(database, job_id, files(1, 1))
    ledger = ClaimLedger(database, "w")
    old, _ = await ledger.claim(job_id, 1, 2)
    new, _ = await ledger.claim(job_id, 1, 1)
    assert [item.fence for item in (*old, *new)] == [1, 1, 2]
    assert await record(database, job_id, [completed(item) for item in old]) == {2}
    assert await record(database, job_id, [failed(new[0])]) == {1}
    job = await JobLedger(database).get(job_id)
    assert (job.completed, job.failed) == (1, 1)
    async with database.read() as connection:
        noted = (await connection.execute(sa.select(attempts.c.ordinal, attempts.c.outcome))).all()
    assert noted == [(1, "refused")]


async def test_an_outcome_is_recorded_once(database: Database) -> None:
    job_id = await make_job(database)
    await enumerate_files(database, job_id, files(1))
    (item,), _ = await ClaimLedger(database, "w").claim(job_id, 1, 1)
    assert await record(database, job_id, [completed(item)]) == {1}
    assert await record(database, job_id, [completed(item)]) == frozenset()
    assert (await JobLedger(database).get(job_id)).completed == 1


async def test_a_transient_failure_leaves_the_item_for_another_attempt(database: Database) -> None:
    job_id = await make_job(database)
    await enumerate_files(database, job_id, files(1))
    ledger = ClaimLedger(database, "w")
    (item,), _ = await ledger.claim(job_id, 1, 1)
    await record(database, job_id, [failed(item, FailureKind.UNAVAILABLE)])
    (again,), _ = await ledger.claim(job_id, 1, 1)
    assert (again.attempts, again.lost_claims, again.fence) == (1, 0, 2)
    job = await JobLedger(database).get(job_id)
    assert job.settled == 0


async def test_claims_without_an_outcome_are_counted_and_released_ones_are_not(
    database: Database,
) -> None:
    job_id = await make_job(database)
    await enumerate_files(database, job_id, files(1, 1))
    ledger = ClaimLedger(database, "w")
    await ledger.claim(job_id, 1, 2)
    second, _ = await ledger.claim(job_id, 1, 2)
    await ledger.release(job_id, second[1:])
    third, _ = await ledger.claim(job_id, 1, 2)
    assert [item.lost_claims for item in third] == [2, 1]


class NoAnswer(Database):
    """The same ledger, whose answer to a transaction that writes may be lost."""

    def __init__(self, database: Database) -> None:
        super().__init__(database.engine.url.render_as_string(hide_password=False))
        self.commits = True
        self.answers = True

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        async with super().write() as connection:
            yield connection
            if not self.commits:
                raise ConnectionResetError
        if not self.answers:
            raise ConnectionResetError


@pytest.fixture
async def no_answer(database: Database) -> AsyncIterator[NoAnswer]:
    made = NoAnswer(database)
    yield made
    await made.close()


@pytest.mark.parametrize("commits", [True, False])
async def test_a_claim_whose_answer_is_lost_is_no_lost_claim(
    database: Database, no_answer: NoAnswer, *, commits: bool
) -> None:
    job_id = await make_job(database)
    await enumerate_files(database, job_id, files(1, 1))
    ledger = ClaimLedger(no_answer, "w")
    no_answer.answers, no_answer.commits = False, commits
    for _ in range(5):
        with pytest.raises(ConnectionResetError):
            await ledger.claim(job_id, 1, 2)
    no_answer.answers = no_answer.commits = True
    claimed, _ = await ledger.claim(job_id, 1, 2)
    assert [item.lost_claims for item in claimed] == [0, 0]
    # Those of a worker that is gone are: this one knows nothing of it.
    taken, _ = await ClaimLedger(no_answer, "v").claim(job_id, 1, 2)
    assert [item.lost_claims for item in taken] == [1, 1]


@pytest.mark.parametrize("commits", [True, False])
async def test_a_release_whose_answer_is_lost_makes_no_lost_claims(
    database: Database, no_answer: NoAnswer, *, commits: bool
) -> None:
    job_id = await make_job(database)
    await enumerate_files(database, job_id, files(1, 1))
    ledger = ClaimLedger(no_answer, "w")
    claimed, _ = await ledger.claim(job_id, 1, 2)
    no_answer.answers, no_answer.commits = False, commits
    with pytest.raises(ConnectionResetError):
        await ledger.release(job_id, claimed)
    no_answer.answers = no_answer.commits = True
    again, _ = await ledger.claim(job_id, 1, 2)
    assert [item.lost_claims for item in again] == [0, 0]
    await ledger.release(job_id, again)
    third, _ = await ledger.claim(job_id, 1, 2)
    assert [item.lost_claims for item in third] == [0, 0]


async def test_what_was_settled_without_an_answer_is_released_in_silence(
    database: Database,
) -> None:
    job_id = await make_job(database)
    await enumerate_files(database, job_id, files(1, 1))
    ledger = ClaimLedger(database, "w")
    claimed, _ = await ledger.claim(job_id, 1, 2)
    await record(database, job_id, [completed(claimed[0])])
    await ledger.release(job_id, claimed)
    async with database.read() as connection:
        assert (await connection.execute(sa.select(attempts))).all() == []
    assert (await JobLedger(database).get(job_id)).completed == 1
    again, _ = await ledger.claim(job_id, 1, 2)
    assert [(item.ordinal, item.lost_claims) for item in again] == [(2, 0)]


async def test_a_job_to_be_cancelled_gives_no_claims(database: Database) -> None:
    job_id = await make_job(database)
    await enumerate_files(database, job_id, files(1, 1, 1))
    ledger, jobs = ClaimLedger(database, "w"), JobLedger(database)
    (item,), _ = await ledger.claim(job_id, 1, 1)
    await jobs.request_cancel(job_id, "first")
    await jobs.request_cancel(job_id, "second")
    assert await ledger.claim(job_id, 2, 3) == ([], True)
    answer = await ledger.record(job_id, [completed(item)])
    assert answer.is_stopped
    result = await jobs.finalize(job_id, cancels=True, gives_up=False, error=None)
    assert result is not None
    assert (result.status, result.completed, result.cancelled) == ("cancelled", 1, 2)
    assert (await jobs.get(job_id)).reason == "first"


async def test_a_late_write_to_a_cancelled_item_is_refused(database: Database) -> None:
    job_id = await make_job(database)
    await enumerate_files(database, job_id, files(1))
    (item,), _ = await ClaimLedger(database, "w").claim(job_id, 1, 1)
    await JobLedger(database).finalize(job_id, cancels=True, gives_up=False, error=None)
    assert await record(database, job_id, [completed(item)]) == frozenset()


async def test_a_job_does_not_end_before_its_items(database: Database) -> None:
    job_id = await make_job(database)
    await enumerate_files(database, job_id, files(1, 1, 1, 1))
    ledger, jobs = ClaimLedger(database, "w"), JobLedger(database)
    claimed, _ = await ledger.claim(job_id, 2, 2)
    await record(database, job_id, [failed(claimed[0])])
    assert await jobs.finalize(job_id, cancels=False, gives_up=False, error=None) is None
    assert await ItemLedger(database).unsettled_ranges(job_id) == (
        OrdinalRange(first=1, last=1),
        OrdinalRange(first=3, last=4),
    )
    ended = await jobs.finalize(job_id, cancels=False, gives_up=True, error=None)
    assert ended is not None
    assert (ended.status, ended.failed) == ("completed", 4)
    assert await ItemListing(database).failure_kinds(job_id) == {"Crashed": 3, "Corrupt": 1}


async def test_an_end_is_final(database: Database) -> None:
    job_id = await make_job(database)
    await enumerate_files(database, job_id, [*files(1)])
    jobs = JobLedger(database)
    await jobs.finalize(job_id, cancels=True, gives_up=False, error=None)
    again = await jobs.finalize(job_id, cancels=False, gives_up=True, error="late")
    assert again is not None
    assert again.status == JobStatus.CANCELLED


async def test_unchanged_bytes_are_skipped_by_the_next_job_and_changed_ones_are_not(
    database: Database,
) -> None:
    first = await make_job(database)
    await enumerate_files(database, first, files(1, 1))
    claimed, _ = await ClaimLedger(database, "w").claim(first, 1, 2)
    done = [completed(claimed[0], "a" * 64), completed(claimed[1], "b" * 64)]
    await record(database, first, done)
    second = await make_job(database)
    await enumerate_files(database, second, [*files(1), SourceFile("f001.txt", 2, 2)])
    rows = {row.unique_id: row for row in await ItemListing(database).after(second)}
    assert rows["f000.txt"].skip_reason == "already_processed"
    assert rows["f000.txt"].result_job_id == first
    assert rows["f001.txt"].status == "pending"


async def test_a_result_that_is_not_to_be_reused_is_not(database: Database) -> None:
    first = await make_job(database)
    await enumerate_files(database, first, files(1))
    (item,), _ = await ClaimLedger(database, "w").claim(first, 1, 1)
    done = completed(item)
    assert done.result
    await record(database, first, [replace(done, result=replace(done.result, is_reusable=False))])
    second = await make_job(database)
    await enumerate_files(database, second, files(1))
    assert (await ItemListing(database).after(second))[0].status == "pending"


async def test_events_are_written_with_the_state_and_only_when_somebody_listens(
    database: Database,
) -> None:
    for webhooks in (False, True):
        job_id = await make_job(database, webhooks=webhooks)
        await enumerate_files(database, job_id, files(1, 1, mtime_ns=2 + webhooks))
        claimed, _ = await ClaimLedger(database, "w").claim(job_id, 1, 2)
        await record(database, job_id, [completed(claimed[0], job_id[:64]), failed(claimed[1])])
        await JobLedger(database).finalize(job_id, cancels=False, gives_up=False, error=None)
        async with database.read() as connection:
            query = sa.select(outbox.c.event_type).where(outbox.c.job_id == job_id)
            written = list(await connection.scalars(query.order_by(outbox.c.id)))
        told = (
            *("batch.pending", "parse.pending", "parse.pending", "parse.running", "parse.running"),
            *("parse.success", "parse.error", "batch.success"),
        )
        assert written == (list(told) if webhooks else [])


async def test_concurrent_claims_and_settles_count_every_item_once(database: Database) -> None:
    job_id = await make_job(database)
    total = 60
    await enumerate_files(database, job_id, files(*[1] * total))
    ledger = ClaimLedger(database, "w")

    async def work(first: int) -> None:
        claimed, _ = await ledger.claim(job_id, first, first + 9)
        await record(
            database,
            job_id,
            [failed(i) if i.ordinal % 3 else completed(i, f"{i.ordinal:064}") for i in claimed],
        )

    await asyncio.gather(*(work(first) for first in range(1, total + 1, 5)))
    job = await JobLedger(database).get(job_id)
    rows = await ItemListing(database).after(job_id)
    assert job.completed == sum(row.status == "completed" for row in rows)
    assert job.failed == sum(row.status == "failed" for row in rows)


async def test_a_page_is_found_past_what_is_settled(database: Database) -> None:
    job_id = await make_job(database)
    await enumerate_files(database, job_id, files(*[LIMIT + 1] * 4, *[1] * 4), page_files=100)
    found = await ItemLedger(database).find_page(job_id, 0, 8, 3)
    assert (found.first, found.last, found.count) == (5, 7, 3)
    none = await ItemLedger(database).find_page(job_id, 8, 8, 3)
    assert none.count == 0


async def test_a_lease_has_one_holder_until_it_expires(database: Database) -> None:
    mine, theirs = Leases(database, "a"), Leases(database, "b")
    assert await mine.take("sweeper", 0.2)
    assert await mine.take("sweeper", 0.2)
    assert not await theirs.take("sweeper", 10)
    await asyncio.sleep(0.3)
    assert await theirs.take("sweeper", 10)


async def test_an_unknown_job_is_a_clear_error(database: Database) -> None:
    with pytest.raises(NotFoundError, match="sheaf list"):
        await JobLedger(database).get("bjb-none")


@pytest.mark.parametrize("status", ["failed", "skipped", "pending", "processing"])
async def test_items_of_a_rare_status_are_found_by_an_index(
    database: Database, status: str
) -> None:
    if not database.is_sqlite:
        return
    statements: list[str] = []

    def note(_: object, __: object, statement: str, *more: object) -> None:
        statements.append(statement)

    job_id = await make_job(database)
    sa.event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    await ItemListing(database).page(job_id, ItemStatus(status), offset=0, limit=10)
    listing = next(one for one in statements if "LIMIT" in one)
    async with database.read() as connection:
        plan = await connection.exec_driver_sql(
            f"EXPLAIN QUERY PLAN {listing}", tuple(b"" for _ in range(listing.count("?")))
        )
        steps = [row[3] for row in plan]
    assert any("ix_items_unsettled" in one or "ix_items_exceptions" in one for one in steps), steps


async def test_a_job_whose_end_cannot_be_told_ends_all_the_same(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = await make_job(database, webhooks=True)
    await enumerate_files(database, job_id, files(10, 20))
    jobs = JobLedger(database)

    async def broken(*_: object) -> None:
        raise KeyError("skipped")

    monkeypatch.setattr("sheaf.ledger.jobs.finalizing.post_job_event", broken)
    with pytest.raises(KeyError):
        await jobs.finalize(job_id, cancels=False, gives_up=True, error=None)
    result = await jobs.fail(job_id, "settle_job: KeyError: 'skipped'")
    assert (result.status, result.total, result.failed) == (JobStatus.FAILED, 2, 2)
    assert await jobs.fail(job_id, "again") == result
    assert (await jobs.get(job_id)).error_message == "settle_job: KeyError: 'skipped'"
    shown = await ItemListing(database).after(job_id)
    assert {item.error_message for item in shown} == {"settle_job: KeyError: 'skipped'"}


async def test_a_job_whose_cancel_was_asked_for_ends_cancelled_also_where_it_cannot_be_settled(
    database: Database,
) -> None:
    job_id = await make_job(database)
    await enumerate_files(database, job_id, files(10, 20))
    jobs = JobLedger(database)
    await jobs.request_cancel(job_id, "enough")
    result = await jobs.fail(job_id, "settle_job: KeyError: 'skipped'")
    assert (result.status, result.failed, result.cancelled) == (JobStatus.CANCELLED, 0, 2)
    job = await jobs.get(job_id)
    assert (job.reason, job.error_message) == ("enough", "settle_job: KeyError: 'skipped'")
    assert {item.status for item in await ItemListing(database).after(job_id)} == {"cancelled"}


async def test_a_job_that_is_failed_outright_is_told_where_that_works(database: Database) -> None:
    job_id = await make_job(database, webhooks=True)
    await JobLedger(database).fail(job_id, "why")
    async with database.read() as connection:
        told = list(await connection.scalars(sa.select(outbox.c.event_type)))
    assert told[-1] == "batch.error"


async def test_items_that_are_given_up_say_by_what_they_were_left(database: Database) -> None:
    job_id = await make_job(database)
    await enumerate_files(database, job_id, files(10))
    await JobLedger(database).finalize(
        job_id, cancels=False, gives_up=True, error=None, fault="plan_page: KeyError: 'x'"
    )
    (item,) = await ItemListing(database).after(job_id)
    assert item.failure_kind is FailureKind.CRASHED
    assert str(item.error_message).endswith("process it: plan_page: KeyError: 'x'")


@pytest.mark.parametrize(
    ("gives_up", "error"), [(False, None), (True, None), (False, "the source cannot be listed")]
)
async def test_a_job_whose_cancel_was_asked_for_ends_cancelled_whoever_settles_it(
    database: Database, gives_up: bool, error: str | None
) -> None:
    job_id = await make_job(database)
    await enumerate_files(database, job_id, files(1, 1, 1))
    claimed, _ = await ClaimLedger(database, "w").claim(job_id, 1, 1)
    await record(database, job_id, [completed(claimed[0])])
    ledger = JobLedger(database)
    await ledger.request_cancel(job_id, "enough")
    result = await ledger.finalize(job_id, cancels=False, gives_up=gives_up, error=error)
    assert result is not None
    assert (result.status, result.completed, result.failed, result.cancelled) == (
        "cancelled", 1, 0, 2,
    )  # fmt: skip
    assert (await ledger.get(job_id)).reason == "enough"
