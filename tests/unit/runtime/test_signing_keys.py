"""The keys of a home, which another process may replace at any time."""

import shutil
from pathlib import Path

import pytest
from pydantic import ValidationError

from sheaf.config import Settings
from sheaf.embedded.home import Home
from sheaf.runtime.signing_keys import HomeKeys, PreviousKey


def test_each_process_sees_a_renewal_by_another_at_its_next_look(tmp_path: Path) -> None:
    here, there = (Home(tmp_path).signing_keys() for _ in range(2))
    first = here.now()
    assert there.now() == first
    there.renew()
    second = here.now()
    assert second == there.now()
    assert second.current != first.current
    assert [one.key for one in second.previous] == [first.current]
    here.renew()
    assert [one.key for one in there.now().previous] == [first.current, second.current]


def test_files_are_read_only_when_they_have_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = Home(tmp_path).signing_keys()
    keys.now()
    keys.now()
    reads: list[object] = []
    monkeypatch.setattr(HomeKeys, "_read", lambda _: reads.append(1))
    assert [keys.now() for _ in range(100)] == [keys.now()] * 100
    assert reads == []


def test_a_key_that_is_gone_goes_on_in_what_runs_and_none_takes_its_place(tmp_path: Path) -> None:
    keys = Home(tmp_path).signing_keys()
    held = keys.now()
    (tmp_path / "signing.key").unlink()
    assert keys.now() == held
    shutil.rmtree(tmp_path)
    assert keys.now() == held
    tmp_path.mkdir()
    (tmp_path / "signing.key").write_text("no key")
    assert keys.now() == held
    (tmp_path / "signing.key").write_text("ab" * 32)
    assert keys.now().current == bytes.fromhex("ab" * 32)


def test_a_file_of_the_version_before_opens_and_checks_no_links(tmp_path: Path) -> None:
    (tmp_path / "signing.keys.previous").write_text("ab12\n\ncd34\n")
    previous = Home(tmp_path).signing_keys().now().previous
    assert previous == (PreviousKey(bytes.fromhex("ab12")), PreviousKey(bytes.fromhex("cd34")))
    assert {one.links_until for one in previous} == {0}


def test_only_this_user_may_read_keys(tmp_path: Path) -> None:
    Home(tmp_path).signing_keys().renew()
    for name in ("signing.key", "signing.keys.previous"):
        assert (tmp_path / name).stat().st_mode & 0o077 == 0
    assert {one.name for one in tmp_path.iterdir() if "sign" in one.name} == {
        "signing.key", "signing.keys.previous", "signing.lock",
    }  # fmt: skip


def test_keys_that_the_settings_name_are_kept_out_of_the_home(tmp_path: Path) -> None:
    keys = Home(tmp_path).signing_keys([PreviousKey(b"named")])
    first = keys.now().current
    keys.renew()
    assert [one.key for one in keys.now().previous] == [b"named", first]
    assert [one.key for one in keys.previous()] == [first]


@pytest.mark.parametrize("empty", ["", " ", "[]"])
def test_no_previous_keys_is_empty_or_an_empty_list(
    empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHEAF_PREVIOUS_SIGNING_KEYS", empty)
    assert Settings().previous_signing_keys == ()


@pytest.mark.parametrize("name", ["SHEAF_PREVIOUS_SIGNING_KEYS", "SHEAF_SIGNING_KEY"])
@pytest.mark.parametrize("text", ["s3cret-key", '{"s3cret-key": 1}', '["s3cret-key", 5'])
def test_a_bad_setting_is_said_without_what_may_be_a_key(
    name: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, text)
    with pytest.raises(ValidationError) as raised:
        Settings()
    assert "s3cret" not in str(raised.value)
