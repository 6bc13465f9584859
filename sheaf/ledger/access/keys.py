"""Projects and API keys."""

import hashlib
import secrets
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from sheaf.contracts.apis import Scope
from sheaf.contracts.ids import new_id
from sheaf.ledger.database import Database, now_us
from sheaf.ledger.records import NotFoundError
from sheaf.ledger.tables import api_keys, projects

KEY_PREFIX = "sk-sheaf-"
KEY_BYTES = 32
HINT_CHARACTERS = 14


@dataclass(frozen=True)
class ApiKey:
    """A key as the ledger has it; the key itself is known to its owner alone."""

    id: str
    project_id: str
    name: str
    hint: str
    scope: Scope
    created_at: int
    expires_at: int | None
    revoked_at: int | None

    @property
    def is_valid(self) -> bool:
        """Whether the key opens anything now."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now_us())


class KeyLedger:
    """Projects and the keys to them. A key is stored as its SHA-256 only."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(
        self, project_id: str, name: str, scope: Scope, expires_at: int | None = None
    ) -> tuple[ApiKey, str]:
        """Make a key; return it and the secret, which cannot be shown again.

        Args:
            name: for people.
            scope: what it allows.
            project_id: made when it does not exist yet.
            expires_at: microseconds of the epoch; None lasts until it is revoked.
        """
        secret = KEY_PREFIX + secrets.token_urlsafe(KEY_BYTES)
        return await self._insert(project_id, name, scope, expires_at, secret), secret

    async def keep(self, project_id: str, name: str, scope: Scope, secret: str) -> bool:
        """Make a key that the caller holds known, and say whether it is valid.

        Idempotent by the secret; one that was revoked stays so.
        """
        if await self.find(secret) is None:
            try:
                await self._insert(project_id, name, scope, None, secret)
            except sa.exc.IntegrityError:
                # It was revoked, or another process was first.
                return await self.find(secret) is not None
        return True

    async def find(self, secret: str) -> ApiKey | None:
        """Return the valid key with this secret."""
        query = api_keys.select().where(
            api_keys.c.key_sha256 == _sha256(secret),
            api_keys.c.revoked_at.is_(None),
            sa.or_(api_keys.c.expires_at.is_(None), api_keys.c.expires_at > now_us()),
        )
        async with self._database.read() as connection:
            row = (await connection.execute(query)).first()
        return _key(row) if row else None

    async def is_valid(self, key_id: str) -> bool:
        """Whether there is a key of this id that opens something now."""
        query = api_keys.select().where(api_keys.c.id == key_id)
        async with self._database.read() as connection:
            row = (await connection.execute(query)).first()
        return row is not None and _key(row).is_valid

    async def all(self, project_id: str | None = None) -> list[ApiKey]:
        """Return the keys of a project or of all, oldest first."""
        query = api_keys.select().order_by(api_keys.c.created_at, api_keys.c.id)
        if project_id:
            query = query.where(api_keys.c.project_id == project_id)
        async with self._database.read() as connection:
            return [_key(row) for row in await connection.execute(query)]

    async def project(self, project_id: str) -> tuple[str, int]:
        """Return the name of a project and when it was made, in microseconds of the epoch."""
        query = sa.select(projects.c.name, projects.c.created_at).where(projects.c.id == project_id)
        async with self._database.read() as connection:
            row = (await connection.execute(query)).first()
        if row is None:
            raise NotFoundError(f"no project {project_id}")
        return row.name, row.created_at

    async def revoke(self, key_id: str) -> None:
        """End a key now; NotFoundError when there is none. Idempotent."""
        async with self._database.write() as connection:
            known = await connection.scalar(sa.select(api_keys.c.id).where(api_keys.c.id == key_id))
            if known is None:
                raise NotFoundError(f"no key {key_id}; `sheaf keys list` shows the keys there are")
            await connection.execute(
                api_keys.update()
                .where(api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None))
                .values(revoked_at=now_us())
            )

    async def _insert(
        self, project_id: str, name: str, scope: Scope, expires_at: int | None, secret: str
    ) -> ApiKey:
        key = ApiKey(
            id=new_id("key"),
            project_id=project_id,
            name=name,
            hint=secret[:HINT_CHARACTERS],
            scope=scope,
            created_at=now_us(),
            expires_at=expires_at,
            revoked_at=None,
        )
        async with self._database.write() as connection:
            known = await connection.scalar(
                sa.select(projects.c.id).where(projects.c.id == project_id)
            )
            if known is None:
                await connection.execute(
                    projects.insert().values(id=project_id, name=project_id, created_at=now_us())
                )
            await connection.execute(
                api_keys.insert().values(**vars(key), key_sha256=_sha256(secret))
            )
        return key


def _sha256(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _key(row: sa.Row[Any]) -> ApiKey:
    values = {name: value for name, value in row._mapping.items() if name != "key_sha256"}
    return ApiKey(**values)
