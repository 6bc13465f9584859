"""The items that an enumeration makes of a job's files."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from sheaf.contracts.ids import new_task_ids
from sheaf.contracts.states import ItemStatus, Phase, SkipReason
from sheaf.ledger.bulk import Bulk
from sheaf.ledger.database import Database, chunks, now_us
from sheaf.ledger.files.source_files import sync_files
from sheaf.ledger.items.reuse import FileKey, ResultKey, reusable_results
from sheaf.ledger.records import NotFoundError, SourceFile, SupersededError
from sheaf.ledger.tables import directory_files, items, jobs
from sheaf.ledger.webhooks.outbox import JOB_COLUMNS, post_item_events
from sheaf.rules.name_hints import name_hint
from sheaf.rules.webhooks.events import item_phase


class EnumerationLedger:
    """The one writer that gives a job's items their ordinals 1..N, chunk by chunk.

    Args:
        page_files: items are ordered by size within each run of so many, largest first.
        size_limit_bytes: larger files become `skipped`, `size_limit_exceeded`.
    """

    def __init__(self, database: Database, size_limit_bytes: int) -> None:
        self._database = database
        self._size_limit_bytes = size_limit_bytes

    async def take_over(self, job_id: str) -> tuple[int, str | None, int, int, bool]:
        """Become the writer: return (fence, cursor, mark, skipped, whether it is complete).

        Every earlier writer's next chunk is refused.
        """
        async with self._database.write() as connection:
            # The fence rises before the cursor is read: an earlier writer's chunk is either in what
            # is read here, or refused.
            await connection.execute(_TAKE_OVER, {"b_job": job_id})
            row = await _job_row(connection, job_id)
            return (
                row.enumeration_fence,
                row.enumeration_cursor,
                row.total,
                row.skipped,
                row.is_enumerated,
            )

    async def add_files(
        self, job_id: str, fence: int, files: Sequence[SourceFile], *, page_files: int, reuses: bool
    ) -> tuple[int, int]:
        """Commit a chunk of a source's files; return the new mark and how many were skipped.

        Raises:
            SupersededError: another writer took over, or the job is to be cancelled.
        """
        async with self._database.write() as connection:
            job = await _writable_job(connection, job_id, fence)
            # Files, items and the cursor in one transaction: after a crash the listing goes on
            # behind the last chunk, and no file has two ordinals.
            rows = await sync_files(connection, job, files)
            ordered = _largest_first(rows, page_files)
            high_water_mark, skipped = await self._add_items(
                connection, job, ordered, reuses=reuses
            )
            await _move_cursor(connection, job_id, high_water_mark, skipped, files[-1].unique_id)
            return high_water_mark, skipped

    async def add_ids(
        self, job_id: str, fence: int, file_ids: Sequence[str], cursor: str, *, reuses: bool
    ) -> tuple[int, int]:
        """Commit a chunk of named directory files, in the order given; as `add_files`."""
        async with self._database.write() as connection:
            job = await _writable_job(connection, job_id, fence)
            rows = await _rows_by_id(connection, file_ids)
            by_id = {row["id"]: row for row in rows}
            ordered = [by_id[file_id] for file_id in file_ids if file_id in by_id]
            high_water_mark, skipped = await self._add_items(
                connection, job, ordered, reuses=reuses
            )
            await _move_cursor(connection, job_id, high_water_mark, skipped, cursor)
            return high_water_mark, skipped

    async def add_uploaded(
        self, job_id: str, fence: int, count: int, *, page_files: int, reuses: bool
    ) -> tuple[int, int] | None:
        """Commit the next `count` uploaded files of the job's directory; None when none are left.

        They come in the order in which they were added. Answer and errors as of `add_files`.
        """
        async with self._database.write() as connection:
            job = await _writable_job(connection, job_id, fence)
            query = _uploaded_after(job.directory_id, job.enumeration_cursor).limit(count)
            rows = [dict(row) for row in (await connection.execute(query)).mappings()]
            if not rows:
                return None
            ordered = _largest_first(rows, page_files)
            high_water_mark, skipped = await self._add_items(
                connection, job, ordered, reuses=reuses
            )
            cursor = f"{rows[-1]['created_at']}/{rows[-1]['id']}"
            await _move_cursor(connection, job_id, high_water_mark, skipped, cursor)
            return high_water_mark, skipped

    async def unseen(self, job_id: str, after: str, count: int) -> list[tuple[str, str]]:
        """Return (id, key) of the next files of the job's source that its listing did not show.

        Uploaded files are there until they are deleted, whether or not a job saw them.

        Args:
            job_id: whose listing has come to its end.
            after: the key behind which to go on; empty for the first.
            count: most files.
        """
        behind = {"b_job": job_id, "b_after": after, "b_count": count}
        async with self._database.read() as connection:
            return [(row.id, row.unique_id) for row in await connection.execute(_UNSEEN, behind)]

    async def mark_deleted(self, job_id: str, fence: int, file_ids: Sequence[str]) -> None:
        """Mark files of the job's source as gone. Idempotent; errors as of `add_files`."""
        async with self._database.write() as connection:
            await _writable_job(connection, job_id, fence)
            now = now_us()
            await _MARK_DELETED.execute(
                connection, [{"b_id": one, "b_now": now} for one in file_ids]
            )

    async def finish(self, job_id: str, fence: int) -> int:
        """Make the total final and return it."""
        async with self._database.write() as connection:
            job = await _writable_job(connection, job_id, fence)
            await connection.execute(_FINISH, {"b_job": job_id, "b_now": now_us()})
            return int(job.total)

    async def _add_items(
        self,
        connection: AsyncConnection,
        job: sa.Row[Any],
        rows: Sequence[dict[str, Any]],
        *,
        reuses: bool,
    ) -> tuple[int, int]:
        known: dict[FileKey, str] = {}
        keys = [_file_key(row) for row in rows]
        if reuses:
            key = ResultKey(job.project_id, job.parameters_hash, job.engine_fingerprint)
            known = await reusable_results(connection, job.id, key, filter(None, keys))
        now = now_us()
        new = []
        ids = new_task_ids(len(rows))
        for number, (row, file, task_id) in enumerate(zip(rows, keys, ids, strict=True)):
            result_id = known.get(file) if file else None
            reason = self._skip_reason(row, result_id)
            of_item = {"job_id": job.id, "ordinal": job.total + 1 + number, "task_id": task_id}
            new.append(of_item | _first_state(row["id"], reason, result_id, now))
        await _ADD_ITEM.execute(connection, new)
        await _post_events(connection, job, new, now)
        return job.total + len(new), sum(item["skip_reason"] is not None for item in new)

    def _skip_reason(self, row: dict[str, Any], result_id: str | None) -> SkipReason | None:
        if row["size_bytes"] > self._size_limit_bytes:
            return SkipReason.SIZE_LIMIT_EXCEEDED
        return SkipReason.ALREADY_PROCESSED if result_id else None


_JOB: sa.Select[Any] = sa.select(
    *JOB_COLUMNS,
    jobs.c.directory_id,
    jobs.c.is_enumerated,
    jobs.c.enumeration_fence,
    jobs.c.enumeration_cursor,
).where(jobs.c.id == sa.bindparam("b_job"))
_LOCKED_JOB = _JOB.with_for_update()
_TAKE_OVER = (
    jobs.update()
    .where(jobs.c.id == sa.bindparam("b_job"))
    .values(enumeration_fence=jobs.c.enumeration_fence + 1)
)
_MOVE_CURSOR = (
    jobs.update()
    .where(jobs.c.id == sa.bindparam("b_job"))
    .values(
        total=sa.bindparam("b_mark"),
        skipped=jobs.c.skipped + sa.bindparam("b_skipped"),
        enumeration_cursor=sa.bindparam("b_cursor"),
        updated_at=sa.bindparam("b_now"),
    )
)
_FINISH = (
    jobs.update()
    .where(jobs.c.id == sa.bindparam("b_job"))
    .values(is_enumerated=True, updated_at=sa.bindparam("b_now"))
)
"""Built once: building a statement takes as long as running it."""
_UNSEEN = (
    sa.select(directory_files.c.id, directory_files.c.unique_id)
    .where(
        directory_files.c.directory_id
        == sa.select(jobs.c.directory_id)
        .where(jobs.c.id == sa.bindparam("b_job"))
        .scalar_subquery(),
        directory_files.c.seen_by != sa.bindparam("b_job"),
        directory_files.c.upload_id.is_(None),
        directory_files.c.deleted_at.is_(None),
        # No key is empty, so this leaves none out at first.
        directory_files.c.unique_id > sa.bindparam("b_after"),
    )
    # In the order of the index that has the directory's files.
    .order_by(directory_files.c.unique_id)
    .limit(sa.bindparam("b_count"))
)
_ADD_ITEM = Bulk(items.insert())
_MARK_DELETED = Bulk(
    directory_files.update()
    .where(directory_files.c.id == sa.bindparam("b_id"))
    .values(deleted_at=sa.bindparam("b_now"))
)


def _file_key(row: dict[str, Any]) -> FileKey | None:
    """Return what an earlier result of a file is found by, if its bytes are known."""
    sha256 = row["content_sha256"]
    return FileKey(sha256, name_hint(row["display_name"])) if sha256 else None


def _first_state(
    file_id: str, skip_reason: SkipReason | None, result_id: str | None, now: int
) -> dict[str, Any]:
    return {
        "file_id": file_id,
        "status": ItemStatus.SKIPPED if skip_reason else ItemStatus.PENDING,
        "skip_reason": skip_reason,
        "result_id": result_id if skip_reason is SkipReason.ALREADY_PROCESSED else None,
        "completed_at": now if skip_reason else None,
        "fence": 0,
        "lost_claims": 0,
        "attempts": 0,
    }


async def _post_events(
    connection: AsyncConnection, job: sa.Row[Any], new: Sequence[dict[str, Any]], now: int
) -> None:
    if not job.has_webhooks:
        return
    by_phase: dict[Phase, list[int]] = {}
    for item in new:
        phase = item_phase(item["status"], has_result=item["result_id"] is not None)
        by_phase.setdefault(phase, []).append(item["ordinal"])
    for phase, ordinals in by_phase.items():
        await post_item_events(connection, job, phase, ordinals, now)


async def _job_row(connection: AsyncConnection, job_id: str) -> sa.Row[Any]:
    row: sa.Row[Any] | None = (await connection.execute(_JOB, {"b_job": job_id})).first()
    if row is None:
        raise NotFoundError(f"no job {job_id}")
    return row


async def _writable_job(connection: AsyncConnection, job_id: str, fence: int) -> sa.Row[Any]:
    row: sa.Row[Any] = (await connection.execute(_LOCKED_JOB, {"b_job": job_id})).one()
    if row.enumeration_fence != fence or row.is_enumerated:
        raise SupersededError(f"the enumeration of {job_id} has another writer")
    if row.cancel_requested_at is not None or row.completed_at is not None:
        raise SupersededError(f"{job_id} takes no more items")
    return row


async def _move_cursor(
    connection: AsyncConnection, job_id: str, high_water_mark: int, skipped: int, cursor: str
) -> None:
    moved = {"b_job": job_id, "b_mark": high_water_mark, "b_skipped": skipped, "b_cursor": cursor}
    await connection.execute(_MOVE_CURSOR, moved | {"b_now": now_us()})


def _uploaded_after(directory_id: str, cursor: str | None) -> sa.Select[Any]:
    columns = (directory_files.c.created_at, directory_files.c.id)
    query = directory_files.select().where(
        directory_files.c.directory_id == directory_id,
        directory_files.c.upload_id.is_not(None),
        directory_files.c.deleted_at.is_(None),
    )
    if cursor:
        created_at, _, file_id = cursor.partition("/")
        query = query.where(sa.tuple_(*columns) > (int(created_at), file_id))
    return query.order_by(*columns)


async def _rows_by_id(connection: AsyncConnection, file_ids: Sequence[str]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for chunk in chunks(list(file_ids)):
        found = await connection.execute(
            directory_files.select().where(directory_files.c.id.in_(chunk))
        )
        rows.extend(dict(row) for row in found.mappings())
    return rows


def _largest_first(rows: list[dict[str, Any]], page_files: int) -> list[dict[str, Any]]:
    pages = chunks(rows, page_files)
    return [row for page in pages for row in sorted(page, key=lambda row: -int(row["size_bytes"]))]
