"""Rows of uploaded files; the bytes lie in the blob store (`sheaf.storage.uploads`)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from sheaf.ledger.database import Database, now_us
from sheaf.ledger.keyset import page_of
from sheaf.ledger.many_rows import write_many
from sheaf.ledger.records import NotFoundError
from sheaf.ledger.tables import directory_files, uploads


@dataclass(frozen=True)
class UploadRow:
    """An uploaded file as the ledger has it."""

    id: str
    project_id: str
    name: str
    external_file_id: str | None
    purpose: str
    size_bytes: int
    content_sha256: str
    created_at: int
    updated_at: int
    expires_at: int | None = None
    deleted_at: int | None = None


@dataclass(frozen=True)
class UploadFilter:
    """Which files a list shows; None leaves a filter out."""

    ids: Sequence[str] | None = None
    name: str | None = None
    external_file_id: str | None = None


UploadOrder = Sequence[tuple[str, bool]]
"""Names of columns and whether each descends; the last one is `id`."""


class UploadLedger:
    """The uploads table. A file that was deleted is as unknown as one that never was."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, row: UploadRow) -> UploadRow:
        """Insert a file whose blob is stored. Idempotent by id: one that exists is returned."""
        query = uploads.select().where(uploads.c.id == row.id)

        async def make(connection: AsyncConnection) -> UploadRow:
            known = (await connection.execute(query)).first()
            if known is not None:
                return UploadRow(**known._mapping)
            await connection.execute(uploads.insert().values(**vars(row)))
            return row

        return await self._database.insert_or_find(make)

    async def find(self, upload_id: str) -> UploadRow | None:
        """Return a file of any project."""
        query = uploads.select().where(uploads.c.id == upload_id, uploads.c.deleted_at.is_(None))
        async with self._database.read() as connection:
            row = (await connection.execute(query)).first()
        return UploadRow(**row._mapping) if row else None

    async def get(self, project_id: str, upload_id: str) -> UploadRow:
        """Return a file; NotFoundError when the project has none."""
        row = await self.find(upload_id)
        if row is None or row.project_id != project_id:
            raise NotFoundError(f"no file {upload_id}")
        return row

    async def page(
        self,
        project_id: str,
        only: UploadFilter,
        order: UploadOrder,
        after_id: str | None,
        limit: int,
    ) -> tuple[list[UploadRow], int | None]:
        """Return the files behind one of them, and on the first page how many there are.

        Raises:
            NotFoundError: there never was a file `after_id`.
        """
        matches = (uploads.c.project_id == project_id, uploads.c.deleted_at.is_(None), *_of(only))
        columns = [(uploads.c[name], descends) for name, descends in order]
        async with self._database.read() as connection:
            position = await _position(connection, project_id, order, after_id)
            query = page_of(uploads.select().where(*matches), columns, position, limit)
            rows = [UploadRow(**row._mapping) for row in await connection.execute(query)]
            if position is not None:
                return rows, None
            count = sa.select(sa.func.count()).select_from(uploads).where(*matches)
            return rows, int(await connection.scalar(count) or 0)

    async def delete(self, project_id: str, upload_id: str) -> None:
        """Mark a file as deleted, and the directory files that are made of it.

        Raises:
            NotFoundError: the project has no such file.
        """
        now = now_us()
        async with self._database.write() as connection:
            await live_upload(connection, project_id, upload_id)
            await connection.execute(
                uploads.update().where(uploads.c.id == upload_id).values(deleted_at=now)
            )
            await write_many(
                connection,
                directory_files.update().values(deleted_at=now, updated_at=now),
                directory_files.c.upload_id == upload_id,
                directory_files.c.deleted_at.is_(None),
            )


async def live_upload(connection: AsyncConnection, project_id: str, upload_id: str) -> UploadRow:
    """Return a file and hold its row, so that it is not deleted before the transaction ends."""
    query = uploads.select().where(
        uploads.c.id == upload_id,
        uploads.c.project_id == project_id,
        uploads.c.deleted_at.is_(None),
    )
    row = (await connection.execute(query.with_for_update())).first()
    if row is None:
        raise NotFoundError(f"no file {upload_id}")
    return UploadRow(**row._mapping)


async def _position(
    connection: AsyncConnection, project_id: str, order: UploadOrder, after_id: str | None
) -> tuple[Any, ...] | None:
    """Read where a file stands in an order. Deleted ones keep their place."""
    if after_id is None:
        return None
    query = sa.select(*(uploads.c[name] for name, _ in order)).where(
        uploads.c.id == after_id, uploads.c.project_id == project_id
    )
    row = (await connection.execute(query)).first()
    if row is None:
        raise NotFoundError(f"page_token: no file {after_id[:64]}")
    return tuple(row)


def _of(only: UploadFilter) -> list[sa.ColumnElement[bool]]:
    clauses: list[sa.ColumnElement[bool]] = []
    if only.ids is not None:
        clauses.append(uploads.c.id.in_(only.ids))
    if only.name is not None:
        clauses.append(uploads.c.name == only.name)
    if only.external_file_id is not None:
        clauses.append(uploads.c.external_file_id == only.external_file_id)
    return clauses
