"""The files of directories: put, changed, moved and deleted by callers.

What a directory's folder holds is written by enumerations (`sheaf.ledger.files.source_files`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from sheaf.contracts.ids import FILE_PREFIX, new_file_id
from sheaf.ledger.database import Database, now_us
from sheaf.ledger.files.directories import DirectoryRow, shown_directory, usable_directory
from sheaf.ledger.files.listing import (
    FILE_COLUMNS,
    DirectoryFileRow,
    find_file,
    live_file,
)
from sheaf.ledger.files.uploads import UploadRow, live_upload
from sheaf.ledger.many_rows import write_many
from sheaf.ledger.tables import directory_files


class SourceBackedError(Exception):
    """A folder decides what the directory holds; the message says so."""


class TakenError(Exception):
    """Another file of the directory has this unique id."""


@dataclass(frozen=True)
class NewFile:
    """How an uploaded file is known in a directory."""

    unique_id: str
    display_name: str
    metadata: dict[str, Any] | None = None
    """None leaves that of a file that is replaced."""


class DirectoryFileLedger:
    """The directory_files table, as far as callers write it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(
        self,
        project_id: str,
        directory_id: str,
        upload_id: str,
        new: NewFile,
        reserved_id: str | None = None,
    ) -> DirectoryFileRow:
        """Put an uploaded file into a directory, in place of the one with the same unique id.

        A replaced or deleted file keeps its id, so that its results stay with it.

        Args:
            project_id: owner of the directory and the upload.
            directory_id: may be a hidden one.
            upload_id: what holds the bytes.
            new: names and metadata.
            reserved_id: UUID of the new row; where it exists already, it is returned.

        Raises:
            NotFoundError: the project has no such directory or upload.
            SourceBackedError: the directory is backed by a folder.
        """
        async with self._database.write() as connection:
            directory = await usable_directory(connection, project_id, directory_id, locks=True)
            _check_open(directory)
            upload = await live_upload(connection, project_id, upload_id)
            wanted_id = f"{FILE_PREFIX}-{UUID(reserved_id).hex}" if reserved_id else new_file_id()
            known = await find_file(connection, directory_files.c.id == wanted_id)
            if known:
                return known
            held = await find_file(connection, *_named(directory_id, new.unique_id))
            values = _content(upload, new)
            if held:
                keeps = new.metadata is None and held.deleted_at is None
                values["metadata"] = held.metadata if keeps else new.metadata
                return await _update(connection, held.id, values)
            return await _insert(connection, directory, wanted_id, values)

    async def update(
        self,
        project_id: str,
        directory_id: str,
        file_id: str,
        values: Mapping[str, Any],
        target_id: str | None = None,
    ) -> DirectoryFileRow:
        """Change a file's `unique_id`, `display_name` or `metadata`, or move it to a directory.

        Raises:
            NotFoundError: there is no such file, or no such target.
            SourceBackedError: a folder decides over the unique id, or over what is in the target.
            TakenError: another file has the unique id there.
        """
        async with self._database.write() as connection:
            places = {directory_id, target_id or directory_id}
            held = {
                place: await shown_directory(connection, project_id, place, locks=True)
                for place in sorted(places)
            }
            row = await live_file(connection, directory_id, file_id)
            changed = dict(values)
            if target_id in places - {directory_id}:
                _check_open(held[target_id])
                changed["directory_id"] = target_id
            if not changed:
                return row
            unique_id = changed.get("unique_id", row.unique_id)
            if "directory_id" in changed or unique_id != row.unique_id:
                _check_open(held[directory_id])
                await _make_room(
                    connection, changed.get("directory_id", directory_id), unique_id, row
                )
            return await _update(connection, file_id, changed)

    async def delete(self, project_id: str, directory_id: str, file_ids: Sequence[str]) -> int:
        """Mark files of a directory as deleted; return how many were there.

        Raises:
            NotFoundError: there is no such directory.
            SourceBackedError: it is backed by a folder, from which the files would come again.
        """
        now = now_us()
        async with self._database.write() as connection:
            _check_open(await shown_directory(connection, project_id, directory_id))
            return await write_many(
                connection,
                directory_files.update().values(deleted_at=now, updated_at=now),
                directory_files.c.directory_id == directory_id,
                directory_files.c.id.in_(file_ids),
                directory_files.c.deleted_at.is_(None),
            )


def _check_open(directory: DirectoryRow) -> None:
    if directory.source_uri is not None:
        raise SourceBackedError(
            f"{directory.id} shows the folder {directory.source_uri}: change the folder itself, "
            "or use a directory without a source_uri"
        )


def _named(directory_id: str, unique_id: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        directory_files.c.directory_id == directory_id,
        directory_files.c.unique_id == unique_id,
    )


async def _make_room(
    connection: AsyncConnection, directory_id: str, unique_id: str, row: DirectoryFileRow
) -> None:
    held = await find_file(connection, *_named(directory_id, unique_id))
    if held is None or held.id == row.id:
        return
    if held.deleted_at is None:
        raise TakenError(f"{held.id} has the unique_id {unique_id[:200]} in {directory_id}")
    # Results of a deleted file stay with its id; only the name is given away.
    freed = {"unique_id": f"{unique_id} (deleted {held.id})"}
    await connection.execute(
        directory_files.update().where(directory_files.c.id == held.id).values(freed)
    )


def _content(upload: UploadRow, new: NewFile) -> dict[str, Any]:
    return {
        **vars(new),
        "upload_id": upload.id,
        "size_bytes": upload.size_bytes,
        "mtime_ns": upload.created_at * 1000,
        "content_sha256": upload.content_sha256,
        "deleted_at": None,
    }


async def _insert(
    connection: AsyncConnection, directory: DirectoryRow, file_id: str, values: Mapping[str, Any]
) -> DirectoryFileRow:
    now = now_us()
    owner = {"id": file_id, "project_id": directory.project_id, "directory_id": directory.id}
    await connection.execute(
        directory_files.insert().values(**values, **owner, created_at=now, updated_at=now)
    )
    return await live_file(connection, directory.id, file_id)


async def _update(
    connection: AsyncConnection, file_id: str, values: Mapping[str, Any]
) -> DirectoryFileRow:
    same = directory_files.c.id == file_id
    await connection.execute(
        directory_files.update().where(same).values(**values, updated_at=now_us())
    )
    row = (await connection.execute(sa.select(*FILE_COLUMNS).where(same))).one()
    return DirectoryFileRow(**row._mapping)
