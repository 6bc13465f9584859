"""Commands see the jobs of the project that the settings name, and no others."""

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sheaf.config import Settings
from sheaf.embedded.home import Home
from sheaf.ledger.database import Database
from sheaf.ledger.items.claims import ClaimLedger
from sheaf.ledger.jobs.jobs import JobLedger
from sheaf.ledger.migrate import migrate
from starter import app
from tests.integration.test_ledger import completed, enumerate_files, files, make_job


@pytest.fixture
def job_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A job of the project `p` with one file that was read."""
    monkeypatch.setenv("SHEAF_HOME", str(tmp_path))
    settings = Settings()
    Home(settings.home).prepare()

    async def make() -> str:
        database = Database(settings.ledger_url)
        await migrate(database)
        made = await make_job(database)
        await enumerate_files(database, made, files(1))
        claims = ClaimLedger(database, "w")
        claimed, _ = await claims.claim(made, 1, 1)
        await claims.record(made, [completed(one) for one in claimed])
        await database.close()
        return made

    return asyncio.run(make())


def commands(job_id: str, tmp_path: Path) -> list[list[str]]:
    return [
        ["show", job_id],
        ["show", job_id, "--json"],
        ["watch", job_id],
        ["results", job_id, "f000.txt"],
        ["export", job_id, "--out", str(tmp_path / "out")],
        ["cancel", job_id],
    ]


def test_a_job_of_another_project_is_as_unknown_as_none(
    job_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHEAF_PROJECT", "other")
    told = []
    for asked in (job_id, "bjb-" + "0" * 32):
        for command in commands(asked, tmp_path):
            answer = CliRunner().invoke(app, command)
            assert answer.exit_code != 0
            assert "f000.txt" not in answer.output.replace("results", "")
            told.append(str(answer.exception or answer.output).replace(asked, "JOB"))
    assert told[: len(told) // 2] == told[len(told) // 2 :]
    assert not (tmp_path / "out").exists()
    listed = CliRunner().invoke(app, ["list", "--json"])
    assert json.loads(listed.output) == []

    async def cancelled() -> object:
        database = Database(Settings().ledger_url)
        found = (await JobLedger(database).get(job_id)).cancel_requested_at
        await database.close()
        return found

    assert asyncio.run(cancelled()) is None


def test_its_own_project_sees_it(job_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHEAF_PROJECT", "p")
    shown = CliRunner().invoke(app, ["show", job_id, "--json"])
    assert shown.exit_code == 0, shown.output
    assert [item["status"] for item in json.loads(shown.output)["items"]] == ["completed"]
