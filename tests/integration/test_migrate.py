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

from sheaf.ledger.database import Database
from sheaf.ledger.items.items import ItemLedger
from sheaf.ledger.items.listing import ItemListing
from sheaf.ledger.items.reuse import FileKey, ResultKey
from sheaf.ledger.jobs.jobs import JobLedger
from sheaf.ledger.migrate import alembic_config, is_current, migrate
from sheaf.ledger.records import ResultPlace
from sheaf.ledger.revisions import known_revisions, revision_of
from sheaf.rules.name_hints import name_hint
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


async def make_old(database: Database, revision: str = OLD) -> None:
    def upgrade(connection: sa.Connection) -> None:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)

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


TEXT_IDS = "0006"
JOB, DIRECTORY, FILE = (f"{prefix}-{'0a' * 16}" for prefix in ("bjb", "dir", "dfl"))
TASK = "00000000-0000-7000-8000-0000000000ff"
ROWS: dict[str, dict[str, Any]] = {
    "directories": {
        "id": DIRECTORY, "project_id": "p", "name": "in", "source_uri": "file:///in",
        "created_at": 1, "updated_at": 1,
    },
    "directory_files": {
        "id": FILE, "project_id": "p", "directory_id": DIRECTORY, "unique_id": "a.txt",
        "display_name": "a.txt", "size_bytes": 1, "mtime_ns": 1, "content_sha256": "0b" * 32,
        "seen_by": JOB, "created_at": 1, "updated_at": 1,
    },
    "jobs": {
        "id": JOB, "project_id": "p", "job_type": "parse", "status": "completed",
        "directory_id": DIRECTORY, "request": "{}", "run": "{}", "parameters_hash": "k",
        "engine_fingerprint": "e", "unsupported_parameters": "[]", "has_webhooks": False,
        "total": 1, "completed": 1, "failed": 0, "skipped": 0, "cancelled": 0,
        "enumeration_fence": 1, "is_enumerated": True, "created_at": 1, "updated_at": 1,
    },
    "items": {
        "job_id": JOB, "ordinal": 1, "file_id": FILE, "task_id": TASK, "status": "completed",
        "fence": 1, "lost_claims": 0, "attempts": 0, "result_id": TASK, "completed_at": 1,
    },
    "results": {
        "id": TASK, "job_id": JOB, "file_id": FILE, "job_type": "parse", "parameters_hash": "k",
        "engine_fingerprint": "e", "content_sha256": "0b" * 32, "engine": "x 1",
        "media_type": "text/plain", "pages": 1, "size_bytes": 1, "output_metadata": "{}",
        "is_reusable": True, "processed_at": 1,
    },
    "attempts": {
        "id": 1, "job_id": JOB, "ordinal": 1, "fence": 1, "worker": "w", "outcome": "refused",
        "ended_at": 1,
    },
}  # fmt: skip


async def fill_old(database: Database, rows: dict[str, dict[str, Any]]) -> None:
    """Make a ledger whose ids were text, with these rows, and bring it to the newest schema."""
    await make_old(database, TEXT_IDS)
    async with database.write() as connection:
        for table, row in rows.items():
            names = ", ".join(row)
            values = ", ".join(f":{name}" for name in row)
            await connection.execute(
                sa.text(f"INSERT INTO {table} ({names}) VALUES ({values})"), row
            )
    await migrate(database)


async def test_rows_whose_ids_were_text_are_read_after_the_upgrade(empty: Database) -> None:
    await fill_old(empty, ROWS)
    (item,) = await ItemListing(empty).after(JOB)
    assert (item.task_id, item.file_id, item.unique_id) == (TASK, FILE, "a.txt")
    assert item.place == ResultPlace(JOB, TASK)
    key, file = ResultKey("p", "k", "e"), FileKey("0b" * 32, "")
    assert await ItemLedger(empty).reusable("another", [file], key) == {file: TASK}
    (row,) = await ItemListing(empty).results_of_file("p", FILE, None)
    assert (row.job_type, row.parameters_hash) == ("parse", "k")
    assert (await JobLedger(empty).get(JOB)).directory_id == DIRECTORY


@pytest.mark.parametrize(
    ("name", "hint"), [("a.CSV", ".csv"), ("a.csv.txt", ""), (".csv", ""), ("acsv", "")]
)
async def test_results_that_were_there_are_of_the_names_of_their_files(
    empty: Database, name: str, hint: str
) -> None:
    named = {**ROWS["directory_files"], "display_name": name, "unique_id": name}
    await fill_old(empty, {**ROWS, "directory_files": named})
    key, file = ResultKey("p", "k", "e"), FileKey("0b" * 32, name_hint(name))
    assert file.name_hint == hint
    other = FileKey("0b" * 32, "" if hint else ".csv")
    found = await ItemLedger(empty).reusable("another", [file, other], key)
    assert found == {file: TASK}
