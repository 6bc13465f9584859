"""A new signing key takes over what was sealed under the old one."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from sheaf.cli.key_rotation import LinksStayError, rotate
from sheaf.cli.keys import keys as cli
from sheaf.composition import seals
from sheaf.config import Settings
from sheaf.embedded.home import Home
from sheaf.ledger.database import Database
from sheaf.ledger.webhooks.configs import WebhookConfigLedger
from sheaf.runtime.signing_keys import FixedKeys
from sheaf.webhooks.seals import SealBrokenError, Seals

TOLD = {"webhook_url": "https://example.org/hook", "secret": "s3cret"}
WEEK = 7 * 24 * 3600
OLD, NEW = SecretStr("o" * 32), SecretStr("n" * 32)


def only(key: bytes) -> Seals:
    return Seals(FixedKeys(key))


def home_key(root: Path) -> bytes:
    return Home(root).signing_keys().now().current


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
    old_key = home_key(tmp_path)
    config_id = await saved(database, seals(settings).seal(TOLD))
    done = await rotate(settings, database)
    assert (done.is_new_key, done.resealed, done.broken) == (True, 1, 0)
    assert only(home_key(tmp_path)).open(await sealed(database, config_id)) == TOLD
    with pytest.raises(SealBrokenError):
        only(old_key).open(await sealed(database, config_id))


async def test_a_rotation_that_broke_off_before_the_rows_loses_none(
    database: Database, tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path)
    config_id = await saved(database, seals(settings).seal(TOLD))
    Home(tmp_path).signing_keys().renew()
    assert seals(settings).open(await sealed(database, config_id)) == TOLD
    await rotate(settings, database)
    assert only(home_key(tmp_path)).open(await sealed(database, config_id)) == TOLD
    assert (tmp_path / "signing.keys.previous").stat().st_mode & 0o077 == 0
    assert (tmp_path / "signing.key").stat().st_mode & 0o077 == 0


async def test_what_runs_in_a_home_seals_under_its_new_key_and_opens_both(
    database: Database, tmp_path: Path
) -> None:
    running = seals(Settings(home=tmp_path))
    before = running.seal(TOLD)
    with Home(tmp_path).lock() as is_free:
        assert is_free
        await rotate(Settings(home=tmp_path), database)
    assert running.open(before) == TOLD
    assert only(home_key(tmp_path)).open(running.seal(TOLD)) == TOLD


async def test_a_key_of_before_is_dropped_once_no_link_can_be_signed_by_it(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, now = Settings(home=tmp_path), time.time()
    for later, forgotten in ((0, 0), (WEEK - 60, 0), (WEEK + 60, 1), (3 * WEEK, 2)):
        monkeypatch.setattr("sheaf.runtime.signing_keys.time.time", lambda at=now + later: at)
        assert (await rotate(settings, database)).forgotten == forgotten
    assert len(Home(tmp_path).signing_keys().now().previous) == 1


async def test_links_of_a_key_that_the_settings_name_are_not_ended_here(
    database: Database, tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path, signing_key=NEW, previous_signing_keys=[OLD])
    with pytest.raises(LinksStayError):
        await rotate(settings, database, ends_links=True)


async def test_a_deployments_rows_go_over_to_the_key_that_its_settings_name(
    database: Database, tmp_path: Path
) -> None:
    old = Settings(home=tmp_path, signing_key=OLD)
    config_id = await saved(database, seals(old).seal(TOLD))
    lost_id = await saved(database, only(b"nobody has it").seal(TOLD), 2)
    lost = await sealed(database, lost_id)
    done = await rotate(
        Settings(home=tmp_path, signing_key=NEW, previous_signing_keys=[OLD]), database
    )
    assert (done.is_new_key, done.resealed, done.broken) == (False, 1, 1)
    by_itself = Settings(home=tmp_path, signing_key=NEW)
    assert seals(by_itself).open(await sealed(database, config_id)) == TOLD
    assert await sealed(database, lost_id) == lost


async def test_more_rows_than_one_transaction_takes_are_all_sealed_anew(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sheaf.ledger.webhooks.configs.IN_CHUNK", 2)
    settings = Settings(home=tmp_path)
    for number in range(1, 6):
        await saved(database, seals(settings).seal(TOLD), number)
    assert (await rotate(settings, database)).resealed == 5


def test_the_command_says_what_it_did_and_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHEAF_HOME", str(tmp_path))
    done = CliRunner().invoke(cli, ["rotate", "--json"])
    assert json.loads(done.stdout) == {
        "is_new_key": True, "resealed": 0, "broken": 0, "forgotten": 0,
    }  # fmt: skip
    monkeypatch.setenv("SHEAF_SIGNING_KEY", "n" * 32)
    refused = CliRunner().invoke(cli, ["rotate", "--end-links"])
    assert refused.exit_code != 0
    assert "SHEAF_PREVIOUS_SIGNING_KEYS" in str(refused.exception) + refused.output
