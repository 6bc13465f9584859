"""The files of a directory as callers ask for them."""

from dataclasses import dataclass, fields
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from sheaf.ledger.database import Database
from sheaf.ledger.files.directories import shown_directory
from sheaf.ledger.keyset import page_of
from sheaf.ledger.records import NotFoundError
from sheaf.ledger.tables import directory_files


@dataclass(frozen=True)
class DirectoryFileRow:
    """A directory file as callers see it."""

    id: str
    project_id: str
    directory_id: str
    unique_id: str
    display_name: str
    upload_id: str | None
    metadata: dict[str, Any] | None
    created_at: int
    updated_at: int
    deleted_at: int | None


@dataclass(frozen=True)
class FileFilter:
    """Which files a list shows; None leaves a filter out. Times include their bounds."""

    display_name: str | None = None
    display_name_contains: str | None = None
    unique_id: str | None = None
    upload_id: str | None = None
    updated_from: int | None = None
    updated_to: int | None = None
    include_deleted: bool = False


class FileListing:
    """Reads the files of directories; it never writes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, project_id: str, directory_id: str, file_id: str) -> DirectoryFileRow:
        """Return a file of a directory; NotFoundError when callers see none."""
        async with self._database.read() as connection:
            await shown_directory(connection, project_id, directory_id)
            return await live_file(connection, directory_id, file_id)

    async def page(
        self,
        directory_id: str,
        only: FileFilter,
        position: tuple[int, str] | None,
        limit: int,
    ) -> tuple[list[DirectoryFileRow], int | None]:
        """Return files behind a position, oldest first, and on the first page their number.

        The position is (created_at, id).
        """
        matches = (directory_files.c.directory_id == directory_id, *_of(only))
        order = ((directory_files.c.created_at, False), (directory_files.c.id, False))
        query = page_of(sa.select(*FILE_COLUMNS).where(*matches), order, position, limit)
        async with self._database.read() as connection:
            rows = [DirectoryFileRow(**row._mapping) for row in await connection.execute(query)]
            if position is not None:
                return rows, None
            count = sa.select(sa.func.count()).select_from(directory_files).where(*matches)
            return rows, int(await connection.scalar(count) or 0)


FILE_COLUMNS = tuple(directory_files.c[field.name] for field in fields(DirectoryFileRow))


async def find_file(
    connection: AsyncConnection, *clauses: sa.ColumnElement[bool]
) -> DirectoryFileRow | None:
    """Return the file that meets all the clauses; deleted ones count."""
    row = (await connection.execute(sa.select(*FILE_COLUMNS).where(*clauses))).first()
    return DirectoryFileRow(**row._mapping) if row else None


async def live_file(
    connection: AsyncConnection, directory_id: str, file_id: str
) -> DirectoryFileRow:
    """Return a file of a directory; NotFoundError when there is none or it was deleted."""
    row = await find_file(
        connection,
        directory_files.c.id == file_id,
        directory_files.c.directory_id == directory_id,
        directory_files.c.deleted_at.is_(None),
    )
    if row is None:
        raise NotFoundError(f"no file {file_id} in {directory_id}")
    return row


def _of(only: FileFilter) -> list[sa.ColumnElement[bool]]:
    columns = directory_files.c
    clauses: list[sa.ColumnElement[bool]] = []
    for name in ("display_name", "unique_id", "upload_id"):
        value = getattr(only, name)
        if value is not None:
            clauses.append(columns[name] == value)
    if only.display_name_contains is not None:
        part = only.display_name_contains
        clauses.append(columns.display_name.icontains(part, autoescape=True))
    if only.updated_from is not None:
        clauses.append(columns.updated_at >= only.updated_from)
    if only.updated_to is not None:
        clauses.append(columns.updated_at <= only.updated_to)
    if not only.include_deleted:
        clauses.append(columns.deleted_at.is_(None))
    return clauses
