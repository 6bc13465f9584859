"""API keys on real databases."""

from pathlib import Path

import pytest

from sheaf.contracts.apis import Scope
from sheaf.ledger.access.keys import KEY_PREFIX, KeyLedger
from sheaf.ledger.database import Database, now_us
from sheaf.ledger.migrate import migrate
from sheaf.ledger.records import NotFoundError

HOUR_US = 3_600_000_000


async def test_a_key_opens_its_project_with_its_scope(database: Database) -> None:
    keys = KeyLedger(database)
    made, secret = await keys.create("invoices", "ingest", Scope.WRITE)
    assert secret.startswith(KEY_PREFIX)
    assert await keys.find(secret) == made
    assert (made.project_id, made.scope) == ("invoices", Scope.WRITE)
    assert made.is_valid


@pytest.mark.parametrize("wrong", ["", "sk-sheaf-", "sk-sheaf-unknown", "' OR 1=1 --", "ключ"])
async def test_what_is_no_key_opens_nothing(database: Database, wrong: str) -> None:
    keys = KeyLedger(database)
    await keys.create("p", "one", Scope.ADMIN)
    assert await keys.find(wrong) is None


async def test_an_expired_key_opens_nothing(database: Database) -> None:
    keys = KeyLedger(database)
    expired, old = await keys.create("p", "old", Scope.READ, now_us() - 1)
    lasting, new = await keys.create("p", "new", Scope.READ, now_us() + HOUR_US)
    assert await keys.find(old) is None
    assert await keys.find(new) == lasting
    assert (expired.is_valid, lasting.is_valid) == (False, True)


async def test_a_revoked_key_opens_nothing_and_keeps_the_time_of_its_end(
    database: Database,
) -> None:
    keys = KeyLedger(database)
    made, secret = await keys.create("p", "gone", Scope.READ)
    await keys.revoke(made.id)
    (first,) = await keys.all()
    await keys.revoke(made.id)
    (second,) = await keys.all()
    assert await keys.find(secret) is None
    assert not first.is_valid
    assert first == second


async def test_an_unknown_key_cannot_be_revoked(database: Database) -> None:
    with pytest.raises(NotFoundError, match="sheaf keys list"):
        await KeyLedger(database).revoke("key-unknown")


async def test_keys_are_listed_by_project_oldest_first(database: Database) -> None:
    keys = KeyLedger(database)
    for project, name in (("a", "1"), ("b", "2"), ("a", "3")):
        await keys.create(project, name, Scope.READ)
    assert [key.name for key in await keys.all()] == ["1", "2", "3"]
    assert [key.name for key in await keys.all("a")] == ["1", "3"]


async def test_a_key_that_a_home_keeps_is_stored_once(database: Database) -> None:
    keys = KeyLedger(database)
    for _ in range(2):
        assert await keys.keep("p", "local", Scope.ADMIN, "sk-sheaf-mine")
    assert len(await keys.all()) == 1


async def test_a_key_that_a_home_keeps_stays_revoked(database: Database) -> None:
    keys = KeyLedger(database)
    await keys.keep("p", "local", Scope.ADMIN, "sk-sheaf-mine")
    await keys.revoke((await keys.all())[0].id)
    assert not await keys.keep("p", "local", Scope.ADMIN, "sk-sheaf-mine")
    assert await keys.find("sk-sheaf-mine") is None


async def test_the_database_files_never_hold_a_secret(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'ledger.db'}")
    await migrate(database)
    made, secret = await KeyLedger(database).create("p", "hidden", Scope.READ)
    files = [path.read_bytes() for path in tmp_path.iterdir()]
    await database.close()
    files += [path.read_bytes() for path in tmp_path.iterdir()]
    assert any(made.hint.encode() in content for content in files)
    assert not any(secret.removeprefix(KEY_PREFIX).encode() in content for content in files)
    assert not any(secret[-20:].encode() in content for content in files)


def test_each_scope_allows_what_the_ones_before_it_do() -> None:
    allowed = {
        scope: [needed for needed in Scope if scope.allows(needed)]
        for scope in (Scope.READ, Scope.WRITE, Scope.ADMIN)
    }
    assert allowed == {
        Scope.READ: [Scope.READ],
        Scope.WRITE: [Scope.READ, Scope.WRITE],
        Scope.ADMIN: [Scope.READ, Scope.WRITE, Scope.ADMIN],
    }
