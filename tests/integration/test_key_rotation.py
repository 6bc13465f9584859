"""A new signing key takes over what was sealed under the old one."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from cli.keys import keys as cli
from config import Settings
from services.deployment import seals
from services.home import Home
from services.key_rotation import HomeInUseError, rotate
from services.ledger.database import Database
from services.ledger.webhook_configs import WebhookConfigLedger
from services.seals import SealBrokenError, Seals

TOLD = {"webhook_url": "https://example.org/hook", "secret": "s3cret"}
OLD, NEW = SecretStr("o" * 32), SecretStr("n" * 32)


async def saved(database: Database, sealed: bytes, number: int = 1) -> str:
    values: dict[str, Any] = {"sealed": sealed, "events": None, "output_format": "json"}
    row = await WebhookConfigLedger(database).create("p", values, f"{number:032x}")
    return row.id


async def sealed(database: Database, config_id: str) -> bytes:
    return (await WebhookConfigLedger(database).get("p", config_id)).sealed


async def test_a_home_gets_a_key_of_its_own_and_the_old_one_opens_nothing_more(
    database: Database, tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path)
    old_key = Home(tmp_path).signing_key()
    config_id = await saved(database, seals(settings).seal(TOLD))
    done = await rotate(settings, database)
    assert (done.is_new_key, done.resealed, done.broken) == (True, 1, 0)
    assert Seals(Home(tmp_path).signing_key()).open(await sealed(database, config_id)) == TOLD
    with pytest.raises(SealBrokenError):
        Seals(old_key).open(await sealed(database, config_id))


async def test_a_rotation_that_broke_off_before_the_rows_loses_none(
    database: Database, tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path)
    config_id = await saved(database, seals(settings).seal(TOLD))
    Home(tmp_path).renew_signing_key()
    assert seals(settings).open(await sealed(database, config_id)) == TOLD
    await rotate(settings, database)
    assert Seals(Home(tmp_path).signing_key()).open(await sealed(database, config_id)) == TOLD
    assert (tmp_path / "signing.keys.previous").stat().st_mode & 0o077 == 0
    assert (tmp_path / "signing.key").stat().st_mode & 0o077 == 0


async def test_a_home_in_which_something_runs_keeps_its_key(
    database: Database, tmp_path: Path
) -> None:
    before = Home(tmp_path).signing_key()
    with Home(tmp_path).lock() as is_free:
        assert is_free
        with pytest.raises(HomeInUseError):
            await rotate(Settings(home=tmp_path), database)
    assert Home(tmp_path).signing_key() == before


async def test_a_deployments_rows_go_over_to_the_key_that_its_settings_name(
    database: Database, tmp_path: Path
) -> None:
    old = Settings(home=tmp_path, signing_key=OLD)
    config_id = await saved(database, seals(old).seal(TOLD))
    lost_id = await saved(database, Seals(b"nobody has it").seal(TOLD), 2)
    lost = await sealed(database, lost_id)
    done = await rotate(
        Settings(home=tmp_path, signing_key=NEW, previous_signing_keys=[OLD]), database
    )
    assert (done.is_new_key, done.resealed, done.broken) == (False, 1, 1)
    alone = Settings(home=tmp_path, signing_key=NEW)
    assert seals(alone).open(await sealed(database, config_id)) == TOLD
    assert await sealed(database, lost_id) == lost


async def test_more_rows_than_one_transaction_takes_are_all_sealed_anew(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.ledger.webhook_configs.IN_CHUNK", 2)
    settings = Settings(home=tmp_path)
    for number in range(1, 6):
        await saved(database, seals(settings).seal(TOLD), number)
    assert (await rotate(settings, database)).resealed == 5


def test_the_command_says_what_it_did_and_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHEAF_HOME", str(tmp_path))
    done = CliRunner().invoke(cli, ["rotate", "--json"])
    assert json.loads(done.stdout) == {"is_new_key": True, "resealed": 0, "broken": 0}
    with Home(tmp_path).lock():
        refused = CliRunner().invoke(cli, ["rotate"])
    assert refused.exit_code != 0
    assert "`sheaf down` first" in str(refused.exception) + refused.output
