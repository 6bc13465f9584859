"""Saved configurations: one for each name and product type of a project."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from sheaf.ledger.database import Database, now_us
from sheaf.ledger.keyset import page_of
from sheaf.ledger.records import NotFoundError
from sheaf.ledger.tables import configurations

PREFIX = "cfg"


class NameTakenError(Exception):
    """Another configuration has the name and product type."""


@dataclass(frozen=True)
class ConfigurationRow:
    """A saved configuration as the ledger has it."""

    id: str
    project_id: str
    name: str
    product_type: str
    parameters: dict[str, Any]
    version: str
    created_at: int
    updated_at: int


@dataclass(frozen=True)
class ConfigurationFilter:
    """Which configurations a list shows; None leaves a filter out."""

    name: str | None = None
    product_types: Sequence[str] | None = None


class ConfigurationLedger:
    """The configurations table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(
        self, project_id: str, name: str, parameters: Mapping[str, Any], reserved_id: str
    ) -> ConfigurationRow:
        """Save a configuration, in place of the one with the same name and product type.

        Args:
            project_id: to whom it belongs.
            name: unique in the project for the product type.
            parameters: with the key `product_type`.
            reserved_id: UUID of the configuration if it is new.
        """
        product_type = parameters["product_type"]

        async def make(connection: AsyncConnection) -> ConfigurationRow:
            held = await _named(connection, project_id, name, product_type)
            if held:
                return await _update(connection, held.id, {"parameters": dict(parameters)})
            now = now_us()
            row = ConfigurationRow(
                id=f"{PREFIX}-{UUID(reserved_id).hex}",
                project_id=project_id,
                name=name,
                product_type=product_type,
                parameters=dict(parameters),
                version=_version(now),
                created_at=now,
                updated_at=now,
            )
            await connection.execute(configurations.insert().values(**vars(row)))
            return row

        return await self._database.insert_or_find(make)

    async def get(self, project_id: str, configuration_id: str) -> ConfigurationRow:
        """Return a configuration; NotFoundError when the project has none."""
        async with self._database.read() as connection:
            return await _owned(connection, project_id, configuration_id)

    async def update(
        self, project_id: str, configuration_id: str, values: Mapping[str, Any]
    ) -> ConfigurationRow:
        """Change the name or the parameters.

        Raises:
            NotFoundError: the project has no such configuration.
            NameTakenError: another one has the name and product type.
        """
        async with self._database.write() as connection:
            row = await _owned(connection, project_id, configuration_id)
            changed = dict(values)
            if "parameters" in changed:
                changed["product_type"] = changed["parameters"]["product_type"]
            if not changed:
                return row
            name = changed.get("name", row.name)
            product_type = changed.get("product_type", row.product_type)
            held = await _named(connection, project_id, name, product_type)
            if held and held.id != row.id:
                raise NameTakenError(f"{held.id} is the {product_type} configuration named {name}")
            return await _update(connection, row.id, changed)

    async def delete(self, project_id: str, configuration_id: str) -> None:
        """Delete a configuration; jobs keep what they took from it. Errors as of `get`."""
        async with self._database.write() as connection:
            row = await _owned(connection, project_id, configuration_id)
            await connection.execute(configurations.delete().where(configurations.c.id == row.id))

    async def page(
        self,
        project_id: str,
        only: ConfigurationFilter,
        position: tuple[int, str] | None,
        limit: int,
    ) -> list[ConfigurationRow]:
        """Return configurations behind a position (created_at, id), newest first."""
        query = configurations.select().where(configurations.c.project_id == project_id)
        if only.name is not None:
            query = query.where(configurations.c.name == only.name)
        if only.product_types is not None:
            query = query.where(configurations.c.product_type.in_(only.product_types))
        order = ((configurations.c.created_at, True), (configurations.c.id, True))
        async with self._database.read() as connection:
            rows = await connection.execute(page_of(query, order, position, limit))
            return [ConfigurationRow(**row._mapping) for row in rows]


async def _owned(
    connection: AsyncConnection, project_id: str, configuration_id: str
) -> ConfigurationRow:
    row = await _one(connection, configurations.c.id == configuration_id)
    if row is None or row.project_id != project_id:
        raise NotFoundError(f"no configuration {configuration_id[:64]}")
    return row


async def _named(
    connection: AsyncConnection, project_id: str, name: str, product_type: str
) -> ConfigurationRow | None:
    return await _one(
        connection,
        configurations.c.project_id == project_id,
        configurations.c.name == name,
        configurations.c.product_type == product_type,
    )


async def _one(
    connection: AsyncConnection, *where: sa.ColumnElement[bool]
) -> ConfigurationRow | None:
    row = (await connection.execute(configurations.select().where(*where))).first()
    return ConfigurationRow(**row._mapping) if row else None


async def _update(
    connection: AsyncConnection, configuration_id: str, values: Mapping[str, Any]
) -> ConfigurationRow:
    now = now_us()
    same = configurations.c.id == configuration_id
    await connection.execute(
        configurations.update().where(same).values(**values, version=_version(now), updated_at=now)
    )
    row = await _one(connection, same)
    assert row is not None
    return row


def _version(us: int) -> str:
    return datetime.fromtimestamp(us / 1_000_000, UTC).isoformat()
