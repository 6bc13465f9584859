"""Directories: backed by a folder, or holding files that were uploaded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from sheaf.contracts.ids import DIRECTORY_PREFIX, new_directory_id
from sheaf.ledger.database import Database, chunks, now_us
from sheaf.ledger.keyset import page_of
from sheaf.ledger.many_rows import write_many
from sheaf.ledger.records import NotFoundError
from sheaf.ledger.tables import directories, directory_files

HIDDEN = "hidden"
"""Type of the directories that hold the files of single jobs."""


@dataclass(frozen=True)
class DirectoryRow:
    """A directory as the ledger has it."""

    id: str
    project_id: str
    name: str
    source_uri: str | None
    description: str | None
    type: str
    connector_subscription_id: str | None
    data_source_id: str | None
    system_metadata: dict[str, Any] | None
    expires_at: int | None
    created_at: int
    updated_at: int
    deleted_at: int | None


@dataclass(frozen=True)
class DirectoryFilter:
    """Which directories a list shows; None leaves a filter out."""

    name: str | None = None
    type: str | None = None
    types: Sequence[str] | None = None
    data_source_id: str | None = None
    include_deleted: bool = False


class DirectoryLedger:
    """The directories table. Hidden directories are used by their id and never shown."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def register_source(self, project_id: str, source_uri: str, name: str) -> str:
        """Return the id of the directory backed by this source; made when there is none.

        Idempotent by project and URI: the ids of its files last over jobs. One that was deleted
        comes back.
        """

        async def make(connection: AsyncConnection) -> str:
            found = await _of_source(connection, project_id, source_uri)
            if found is None:
                return (await _insert(connection, project_id, None, _source(source_uri, name))).id
            if found.deleted_at is not None:
                await _update(connection, found.id, {"deleted_at": None})
            return found.id

        return await self._database.insert_or_find(make)

    async def create(
        self, project_id: str, values: Mapping[str, Any], reserved_id: str | None = None
    ) -> DirectoryRow:
        """Make a directory; for a source that has one, that one is changed and returned.

        Args:
            project_id: to whom it belongs.
            values: columns of `directories`; `name` at least.
            reserved_id: UUID of the new directory; where it exists already, it is returned.
        """

        async def make(connection: AsyncConnection) -> DirectoryRow:
            if reserved_id:
                known = await _row(connection, _id_of(reserved_id))
                if known:
                    return known
            source_uri = values.get("source_uri")
            found = await _of_source(connection, project_id, source_uri) if source_uri else None
            if found is None:
                return await _insert(connection, project_id, reserved_id, values)
            return await _update(connection, found.id, {**values, "deleted_at": None})

        return await self._database.insert_or_find(make)

    async def get(self, project_id: str, directory_id: str) -> DirectoryRow:
        """Return a directory; NotFoundError when it is hidden, deleted or none of the project."""
        async with self._database.read() as connection:
            return await shown_directory(connection, project_id, directory_id)

    async def require(self, project_id: str, directory_id: str) -> None:
        """Check that jobs can use a directory, also a hidden one; else raise NotFoundError."""
        async with self._database.read() as connection:
            await usable_directory(connection, project_id, directory_id)

    async def page(
        self,
        project_id: str,
        only: DirectoryFilter,
        position: tuple[int, str] | None,
        limit: int,
    ) -> tuple[list[DirectoryRow], int | None]:
        """Return directories behind a position, newest first, and on the first page their number.

        The position is (created_at, id).
        """
        matches = (directories.c.project_id == project_id, *_of(only))
        order = ((directories.c.created_at, True), (directories.c.id, True))
        query = page_of(directories.select().where(*matches), order, position, limit)
        async with self._database.read() as connection:
            rows = [DirectoryRow(**row._mapping) for row in await connection.execute(query)]
            if position is not None:
                return rows, None
            count = sa.select(sa.func.count()).select_from(directories).where(*matches)
            return rows, int(await connection.scalar(count) or 0)

    async def update(
        self, project_id: str, directory_id: str, values: Mapping[str, Any]
    ) -> DirectoryRow:
        """Change columns of a directory; errors as of `get`."""
        async with self._database.write() as connection:
            row = await shown_directory(connection, project_id, directory_id, locks=True)
            return await _update(connection, directory_id, values) if values else row

    async def delete(self, project_id: str, directory_id: str) -> None:
        """Mark a directory and its files as deleted; errors as of `get`. Jobs go on with them."""
        now = now_us()
        async with self._database.write() as connection:
            await shown_directory(connection, project_id, directory_id, locks=True)
            await _update(connection, directory_id, {"deleted_at": now})
            await write_many(
                connection,
                directory_files.update().values(deleted_at=now, updated_at=now),
                directory_files.c.directory_id == directory_id,
                directory_files.c.deleted_at.is_(None),
            )

    async def missing_files(self, project_id: str, file_ids: Sequence[str]) -> list[str]:
        """Return those of the ids that name no file of the project, in the order given."""
        known: set[str] = set()
        async with self._database.read() as connection:
            for chunk in chunks(list(file_ids)):
                named = {"b_ids": chunk, "b_project": project_id}
                known.update(await connection.scalars(_FILES, named))
        return [file_id for file_id in file_ids if file_id not in known]


_FILES = sa.select(directory_files.c.id).where(
    directory_files.c.id.in_(sa.bindparam("b_ids", expanding=True)),
    directory_files.c.project_id == sa.bindparam("b_project"),
    directory_files.c.deleted_at.is_(None),
)
"""Built once: building a statement takes as long as running it."""


async def shown_directory(
    connection: AsyncConnection, project_id: str, directory_id: str, *, locks: bool = False
) -> DirectoryRow:
    """Return a directory that callers may see, held until the transaction ends if it `locks`."""
    row = await usable_directory(connection, project_id, directory_id, locks=locks)
    if row.type == HIDDEN:
        raise NotFoundError(f"directory_id: no directory {directory_id}")
    return row


async def usable_directory(
    connection: AsyncConnection, project_id: str, directory_id: str, *, locks: bool = False
) -> DirectoryRow:
    """Return a directory, also a hidden one, held until the transaction ends if it `locks`."""
    row = await _row(connection, directory_id, locks=locks)
    if row is None or row.project_id != project_id or row.deleted_at is not None:
        raise NotFoundError(f"directory_id: no directory {directory_id}")
    return row


async def _row(
    connection: AsyncConnection, directory_id: str, *, locks: bool = False
) -> DirectoryRow | None:
    query = directories.select().where(directories.c.id == directory_id)
    row = (await connection.execute(query.with_for_update() if locks else query)).first()
    return DirectoryRow(**row._mapping) if row else None


async def _of_source(
    connection: AsyncConnection, project_id: str, source_uri: str
) -> DirectoryRow | None:
    query = directories.select().where(
        directories.c.project_id == project_id, directories.c.source_uri == source_uri
    )
    row = (await connection.execute(query)).first()
    return DirectoryRow(**row._mapping) if row else None


async def _insert(
    connection: AsyncConnection,
    project_id: str,
    reserved_id: str | None,
    values: Mapping[str, Any],
) -> DirectoryRow:
    now = now_us()
    directory_id = _id_of(reserved_id) if reserved_id else new_directory_id()
    fixed = {"id": directory_id, "project_id": project_id, "created_at": now, "updated_at": now}
    await connection.execute(directories.insert().values(**values, **fixed))
    query = directories.select().where(directories.c.id == directory_id)
    return DirectoryRow(**(await connection.execute(query)).one()._mapping)


async def _update(
    connection: AsyncConnection, directory_id: str, values: Mapping[str, Any]
) -> DirectoryRow:
    same = directories.c.id == directory_id
    changed = {**values, "updated_at": now_us()}
    await connection.execute(directories.update().where(same).values(**changed))
    return DirectoryRow(
        **(await connection.execute(directories.select().where(same))).one()._mapping
    )


def _of(only: DirectoryFilter) -> list[sa.ColumnElement[bool]]:
    clauses: list[sa.ColumnElement[bool]] = [directories.c.type != HIDDEN]
    if not only.include_deleted:
        clauses.append(directories.c.deleted_at.is_(None))
    for name in ("name", "type", "data_source_id"):
        value = getattr(only, name)
        if value is not None:
            clauses.append(directories.c[name] == value)
    if only.types is not None:
        clauses.append(directories.c.type.in_(only.types))
    return clauses


def _id_of(reserved_id: str) -> str:
    return f"{DIRECTORY_PREFIX}-{UUID(reserved_id).hex}"


def _source(source_uri: str, name: str) -> dict[str, Any]:
    return {"source_uri": source_uri, "name": name}
