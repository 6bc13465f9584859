"""The entries of a folder come by name, whether they fit into memory or not."""

import os
import sqlite3
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sheaf.rules.outside_faults import is_outside_fault
from sheaf.sources import sorted_entries as module
from sheaf.sources.local import walk
from sheaf.sources.sorted_entries import SpilledEntry, sorted_entries

FEW = 3


def spill(monkeypatch: pytest.MonkeyPatch, few: int = FEW) -> None:
    monkeypatch.setattr(module, "ENTRIES_IN_MEMORY", few)


def names(folder: Path) -> list[bytes]:
    return [entry.name for entry in sorted_entries(os.fsencode(folder))]


@settings(max_examples=40, suppress_health_check=list(HealthCheck), deadline=None)
@given(
    st.sets(
        st.binary(min_size=1, max_size=12).filter(
            lambda name: not set(name) & {0, ord("/")} and name not in {b".", b".."}
        ),
        min_size=FEW + 1,
        max_size=20,
    )
)
def test_entries_come_by_the_bytes_of_their_names(
    tmp_path_factory: pytest.TempPathFactory, made: set[bytes]
) -> None:
    folder = tmp_path_factory.mktemp("in")
    for name in made:
        (folder / os.fsdecode(name)).write_bytes(b"")
    with pytest.MonkeyPatch.context() as patch:
        spill(patch)
        assert names(folder) == sorted(made)
    assert names(folder) == sorted(made)


def test_what_was_on_the_disk_is_as_it_is_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("text")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "inner").write_text("x")
    (tmp_path / "link").symlink_to("folder")
    (tmp_path / "nowhere").symlink_to("nothing")
    kept = list(sorted_entries(os.fsencode(tmp_path)))
    listed = list(walk(tmp_path))
    spill(monkeypatch)
    spilled = list(sorted_entries(os.fsencode(tmp_path)))
    assert all(isinstance(entry, SpilledEntry) for entry in spilled)
    for one, other in zip(kept, spilled, strict=True):
        assert (one.name, one.path) == (other.name, other.path)
        assert one.is_symlink() == other.is_symlink()
        assert one.is_dir(follow_symlinks=False) == other.is_dir(follow_symlinks=False)
        assert one.stat(follow_symlinks=False) == other.stat(follow_symlinks=False)
    assert list(walk(tmp_path)) == listed


def test_a_type_that_was_not_known_is_looked_up(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    folder = os.fsencode(tmp_path)
    assert SpilledEntry(folder, b"folder", None).is_dir(follow_symlinks=False)
    with pytest.raises(FileNotFoundError):
        SpilledEntry(folder, b"gone", None).is_dir(follow_symlinks=False)


def test_a_listing_goes_on_behind_any_entry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spill(monkeypatch)
    for number in range(20):
        (tmp_path / f"{number:02}.txt").write_text("x")
        (tmp_path / f"{number:02}").mkdir()
        (tmp_path / f"{number:02}" / "inner.txt").write_text("x")
    whole = [file.unique_id for file in walk(tmp_path)]
    assert len(whole) == 40
    for position, key in enumerate(whole):
        assert [file.unique_id for file in walk(tmp_path, key)] == whole[position + 1 :]


def test_many_entries_take_no_more_memory_than_some(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spill(monkeypatch, 100)

    def peak(count: int) -> int:
        for number in range(count):
            (tmp_path / f"{number:06}").touch()
        tracemalloc.start()
        try:
            assert sum(1 for _ in sorted_entries(os.fsencode(tmp_path))) == count
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    some = peak(200)
    assert peak(4000) < 2 * some


def test_a_folder_that_is_gone_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        sorted_entries(os.fsencode(tmp_path / "gone"))


def test_no_room_to_sort_passes() -> None:
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL
    assert is_outside_fault(error)
