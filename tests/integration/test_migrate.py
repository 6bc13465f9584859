"""`sheaf migrate`, on a home of its own and on Postgres."""

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa
from alembic import command

from services.ledger.database import Database
from services.ledger.migrate import _config, is_current
from services.revisions import known_revisions, revision_of
from tests.integration.conftest import fresh_postgres

AT_ONCE = 5
OLD = "0003"


@pytest_asyncio.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
async def empty(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """A database without tables."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}"
    if request.param == "postgres":
        url = await fresh_postgres(os.environ["SHEAF_TEST_POSTGRES_URL"])
    made = Database(url)
    yield made
    await made.close()


async def make_old(database: Database) -> None:
    def upgrade(connection: sa.Connection) -> None:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, OLD)

    async with database.write() as connection:
        await connection.run_sync(upgrade)


def start(url: str | None, home: Path, *arguments: str) -> subprocess.Popen[str]:
    names = {**os.environ, "SHEAF_HOME": str(home)}
    names.pop("SHEAF_DATABASE_URL", None)
    return subprocess.Popen(
        [sys.executable, "-m", "starter", "migrate", *arguments],
        env={**names, "SHEAF_DATABASE_URL": url} if url else names,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(url: str | None, home: Path, *arguments: str) -> tuple[int, str, str]:
    process = start(url, home, *arguments)
    out, err = process.communicate(timeout=60)
    return process.returncode, out, " ".join(err.split())


def url_of(database: Database) -> str:
    return database.engine.url.render_as_string(hide_password=False)


async def test_it_says_from_which_revision_to_which_and_does_nothing_twice(
    empty: Database, tmp_path: Path
) -> None:
    newest = known_revisions()[0]
    await make_old(empty)
    said: list[dict[str, Any]] = []
    for _ in range(2):
        code, out, err = run(url_of(empty), tmp_path, "--json")
        assert code == 0, err
        said.append(json.loads(out))
    assert [(one["from"], one["to"]) for one in said] == [(OLD, newest), (newest, newest)]
    assert await is_current(empty)


async def test_many_processes_at_once_migrate_once(empty: Database, tmp_path: Path) -> None:
    processes = [start(url_of(empty), tmp_path, "--json") for _ in range(AT_ONCE)]
    for process in processes:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        assert json.loads(out)["to"] == known_revisions()[0]
    assert await is_current(empty)


async def test_a_ledger_of_a_newer_version_is_left_alone(empty: Database, tmp_path: Path) -> None:
    await make_old(empty)
    async with empty.write() as connection:
        await connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    code, _, err = run(url_of(empty), tmp_path)
    assert (code, await revision_of(empty)) == (1, "9999")
    assert "revision 9999" in err
    assert "newer version" in err


def test_the_ledger_of_a_new_home_is_made(tmp_path: Path) -> None:
    code, out, err = run(None, tmp_path / "home")
    assert code == 0, err
    assert f"{tmp_path / 'home' / 'ledger.db'}: made at revision {known_revisions()[0]}" in out
    code, out, _ = run(None, tmp_path / "home")
    assert (code, "already" in out) == (0, True)


def test_no_home_is_made_where_the_ledger_is_elsewhere(tmp_path: Path) -> None:
    run(f"sqlite+aiosqlite:///{tmp_path / 'apart.db'}", tmp_path / "home")
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    ("url", "code", "said"),
    [
        ("postgresql+asyncpg://a:hush@127.0.0.1:1/b", 4, "a:***@127.0.0.1:1/b does not answer"),
        ("postgresql://a:hush@127.0.0.1:1/b", 2, "SHEAF_DATABASE_URL is no"),
        ("hush", 2, "SHEAF_DATABASE_URL is no"),
    ],
)
def test_what_cannot_be_reached_is_named_without_its_password(
    tmp_path: Path, url: str, code: int, said: str
) -> None:
    got, out, err = run(url, tmp_path)
    assert (got, out) == (code, "")
    assert said in err
    assert "hush" not in err
    assert "Traceback" not in err


@pytest.mark.postgres
def test_a_database_that_is_not_there_is_named(tmp_path: Path) -> None:
    url = sa.make_url(os.environ["SHEAF_TEST_POSTGRES_URL"]).set(database="missing")
    code, _, err = run(url.render_as_string(hide_password=False), tmp_path)
    assert code == 1
    assert 'cannot be migrated: database "missing" does not exist' in err
