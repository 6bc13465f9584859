"""Saved webhook configurations. What may be a secret is sealed before it comes here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from sheaf.ledger.database import IN_CHUNK, Database, now_us
from sheaf.ledger.keyset import page_of
from sheaf.ledger.records import NotFoundError
from sheaf.ledger.webhook_tables import webhook_configs

PREFIX = "whc"
_ORDER = ((webhook_configs.c.created_at, True), (webhook_configs.c.id, True))


@dataclass(frozen=True)
class WebhookConfigRow:
    """A saved configuration as the ledger has it."""

    id: str
    project_id: str
    sealed: bytes
    """URL, headers and secret, by `sheaf.webhooks.seals`."""
    events: list[str] | None
    output_format: str
    disabled_at: int | None
    disabled_reason: str | None
    created_at: int
    updated_at: int


_SELECT = sa.select(*(webhook_configs.c[name] for name in WebhookConfigRow.__dataclass_fields__))
_SAVED = webhook_configs.c.job_id.is_(None)
"""Those of one job are not listed, and cannot be named by another."""


class WebhookConfigLedger:
    """The webhook_configs table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(
        self, project_id: str, values: Mapping[str, Any], reserved_id: str
    ) -> WebhookConfigRow:
        """Save a configuration. Idempotent by the reserved id, a UUID."""
        config_id = f"{PREFIX}-{UUID(reserved_id).hex}"
        now = now_us()

        async def make(connection: AsyncConnection) -> WebhookConfigRow:
            known = await _row(connection, config_id)
            if known:
                return known
            owner = {"id": config_id, "project_id": project_id}
            await connection.execute(
                webhook_configs.insert().values(**values, **owner, created_at=now, updated_at=now)
            )
            return await _owned(connection, project_id, config_id)

        return await self._database.insert_or_find(make)

    async def get(self, project_id: str, config_id: str) -> WebhookConfigRow:
        """Return a configuration; NotFoundError when the project has none."""
        async with self._database.read() as connection:
            return await _owned(connection, project_id, config_id)

    async def update(
        self, project_id: str, config_id: str, values: Mapping[str, Any]
    ) -> WebhookConfigRow:
        """Change columns of a configuration; errors as of `get`."""
        async with self._database.write() as connection:
            await _owned(connection, project_id, config_id)
            await connection.execute(
                webhook_configs.update()
                .where(webhook_configs.c.id == config_id)
                .values(**values, updated_at=now_us())
            )
            return await _owned(connection, project_id, config_id)

    async def delete(self, project_id: str, config_id: str) -> None:
        """Delete a configuration; errors as of `get`."""
        async with self._database.write() as connection:
            await _owned(connection, project_id, config_id)
            await connection.execute(
                webhook_configs.delete().where(webhook_configs.c.id == config_id)
            )

    async def page(
        self, project_id: str, position: tuple[int, str] | None, limit: int
    ) -> tuple[list[WebhookConfigRow], int]:
        """Return configurations behind a position (created_at, id), newest first, and their sum."""
        saved = sa.and_(webhook_configs.c.project_id == project_id, _SAVED)
        query = page_of(_SELECT.where(saved), _ORDER, position, limit)
        count = sa.select(sa.func.count()).select_from(webhook_configs).where(saved)
        async with self._database.read() as connection:
            rows = [WebhookConfigRow(**row._mapping) for row in await connection.execute(query)]
            return rows, int(await connection.scalar(count) or 0)

    async def reseal(self, renewed: Callable[[bytes], bytes | None]) -> tuple[int, int]:
        """Replace the seal of every receiver, also of those that single jobs named.

        Idempotent; a seal that was changed since it was read is left, since it is newer.

        Args:
            renewed: gives the new seal, or None for one that cannot be opened, which stays.

        Returns:
            How many were replaced, and how many cannot be opened.
        """
        replaced = broken = 0
        last: str | None = None
        while rows := await self._seals_behind(last):
            last = rows[-1][0]
            new = [(one, old, renewed(old)) for one, old in rows]
            broken += sum(seal is None for _, _, seal in new)
            async with self._database.write() as connection:
                for config_id, old, seal in new:
                    if seal is not None:
                        done = await connection.execute(
                            webhook_configs.update()
                            .where(
                                webhook_configs.c.id == config_id, webhook_configs.c.sealed == old
                            )
                            .values(sealed=seal)
                        )
                        replaced += done.rowcount
        return replaced, broken

    async def _seals_behind(self, last: str | None) -> list[tuple[str, bytes]]:
        query = sa.select(webhook_configs.c.id, webhook_configs.c.sealed)
        if last is not None:
            query = query.where(webhook_configs.c.id > last)
        query = query.order_by(webhook_configs.c.id).limit(IN_CHUNK)
        async with self._database.read() as connection:
            return [(row.id, row.sealed) for row in await connection.execute(query)]

    async def missing(self, project_id: str, config_ids: Sequence[str]) -> list[str]:
        """Return those of a few ids that name no configuration of the project."""
        if not config_ids:
            return []
        query = sa.select(webhook_configs.c.id).where(
            webhook_configs.c.id.in_(config_ids), webhook_configs.c.project_id == project_id, _SAVED
        )
        async with self._database.read() as connection:
            known = set(await connection.scalars(query))
        return [config_id for config_id in config_ids if config_id not in known]


async def _row(connection: AsyncConnection, config_id: str) -> WebhookConfigRow | None:
    query = _SELECT.where(webhook_configs.c.id == config_id, _SAVED)
    row = (await connection.execute(query)).first()
    return WebhookConfigRow(**row._mapping) if row else None


async def _owned(connection: AsyncConnection, project_id: str, config_id: str) -> WebhookConfigRow:
    row = await _row(connection, config_id)
    if row is None or row.project_id != project_id:
        raise NotFoundError(f"no webhook configuration {config_id[:64]}")
    return row
