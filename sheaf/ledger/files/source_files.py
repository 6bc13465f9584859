"""Rows of a source's files, brought up to date as an enumeration lists them."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from sheaf.contracts.ids import new_file_ids
from sheaf.ledger.bulk import Bulk
from sheaf.ledger.database import chunks, now_us
from sheaf.ledger.records import SourceFile
from sheaf.ledger.tables import directories, directory_files


async def sync_files(
    connection: AsyncConnection, job: sa.Row[Any], files: Sequence[SourceFile]
) -> list[dict[str, Any]]:
    """Bring the rows of these files up to date and return them, in the files' order.

    Listings of one source take turns, chunk by chunk: two that met a new file at once would both
    insert it.
    """
    of_directory = {"b_directory": job.directory_id}
    await connection.execute(_LOCKED_DIRECTORY, of_directory)
    known: dict[str, dict[str, Any]] = {}
    for chunk in chunks([file.unique_id for file in files]):
        found = await connection.execute(_KNOWN, of_directory | {"b_keys": chunk})
        known.update({row["unique_id"]: dict(row) for row in found.mappings()})
    now = now_us()
    rows, new, seen = [], [], []
    ids = iter(new_file_ids(len(files) - len(known)))
    for file in files:
        row = known.get(file.unique_id)
        if row is None:
            row = _new_file(job, next(ids), file, now)
            new.append(row)
        else:
            _refresh(row, file, now)
            seen.append({f"b_{key}": row[key] for key in ("id", *_REFRESHED)})
        rows.append(row)
    await _ADD_FILE.execute(connection, new)
    await _UPDATE_FILE.execute(connection, [{**row, "b_seen_by": job.id} for row in seen])
    return rows


_LOCKED_DIRECTORY = (
    sa.select(directories.c.id)
    .where(directories.c.id == sa.bindparam("b_directory"))
    .with_for_update()
)
_KNOWN = directory_files.select().where(
    directory_files.c.directory_id == sa.bindparam("b_directory"),
    directory_files.c.unique_id.in_(sa.bindparam("b_keys", expanding=True)),
)
"""Built once: building a statement takes as long as running it."""
_REFRESHED = ("size_bytes", "mtime_ns", "etag", "content_sha256", "updated_at")
_UPDATE_FILE = Bulk(
    directory_files.update()
    .where(directory_files.c.id == sa.bindparam("b_id"))
    .values(
        {name: sa.bindparam(f"b_{name}") for name in (*_REFRESHED, "seen_by")}
        | {"deleted_at": None}
    )
)
_ADD_FILE = Bulk(directory_files.insert())


def _new_file(job: sa.Row[Any], file_id: str, file: SourceFile, now: int) -> dict[str, Any]:
    return {
        "id": file_id,
        "project_id": job.project_id,
        "directory_id": job.directory_id,
        "unique_id": file.unique_id,
        # A key of S3 may end in slashes, or be nothing else.
        "display_name": file.unique_id.rstrip("/").rpartition("/")[2] or file.unique_id,
        "size_bytes": file.size_bytes,
        "mtime_ns": file.mtime_ns,
        "etag": file.etag,
        "content_sha256": None,
        "seen_by": job.id,
        "created_at": now,
        "updated_at": now,
        "deleted_at": None,
    }


def _refresh(row: dict[str, Any], file: SourceFile, now: int) -> None:
    was = (row["size_bytes"], row["mtime_ns"], row["etag"])
    if was != (file.size_bytes, file.mtime_ns, file.etag):
        row.update(
            size_bytes=file.size_bytes,
            mtime_ns=file.mtime_ns,
            etag=file.etag,
            # No longer that of these bytes; a slice that reads them notes the new one.
            content_sha256=None,
            updated_at=now,
        )
