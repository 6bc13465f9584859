"""Only what is certainly gone is told as gone."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from sheaf.sources import vanished as module
from sheaf.sources.local import walk
from sheaf.sources.vanished import vanished


def make(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x")


@pytest.fixture
def unlistable(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Folders by name, with the error that listing them meets; also as root there are some."""
    codes: dict[str, int] = {}
    scandir = os.scandir

    def guarded(path: Any) -> Any:
        code = codes.get(os.path.basename(os.fsdecode(path)))  # noqa: PTH119 - may be bytes
        if code:
            raise OSError(code, os.strerror(code))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", guarded)
    return codes


def test_what_is_there_is_not_gone_and_what_is_not_is(tmp_path: Path) -> None:
    make(tmp_path, "a.txt", "sub/b.txt")
    assert vanished(tmp_path, ["a.txt", "sub/b.txt", "sub/c.txt", "no/d.txt", "e.txt"]) == [
        *("sub/c.txt", "no/d.txt", "e.txt")
    ]


@pytest.mark.parametrize("code", [errno.EACCES, errno.EIO, errno.ESTALE, errno.EMFILE])
def test_nothing_is_gone_under_a_folder_that_cannot_be_listed(
    tmp_path: Path, unlistable: dict[str, int], code: int
) -> None:
    make(tmp_path, "shut/a.txt", "shut/deep/b.txt", "open/c.txt")
    unlistable["shut"] = code
    keys = ["shut/a.txt", "shut/gone.txt", "shut/deep/b.txt", "shut/deep/gone.txt", "open/gone.txt"]
    assert vanished(tmp_path, keys) == ["open/gone.txt"]


def test_a_source_that_is_absent_as_a_whole_has_lost_nothing(tmp_path: Path) -> None:
    assert vanished(tmp_path / "unmounted", ["a.txt", "sub/b.txt"]) == []


def test_what_became_a_folder_or_lies_behind_a_link_is_gone(tmp_path: Path) -> None:
    make(tmp_path / "in", "was-file/x.txt")
    make(tmp_path / "out", "y.txt")
    (tmp_path / "in" / "was-folder").symlink_to(tmp_path / "out")
    (tmp_path / "in" / "link").symlink_to(tmp_path / "out")
    keys = ["was-file", "was-folder/y.txt", "link"]
    assert vanished(tmp_path / "in", keys) == keys
    # Its listing shows none of them either.
    assert [file.unique_id for file in walk(tmp_path / "in")] == ["was-file/x.txt"]


def test_names_that_are_no_text_are_looked_for_by_their_bytes(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xff.txt")).write_text("x")
    (file,) = walk(tmp_path)
    assert vanished(tmp_path, [file.unique_id, "%/%FE.txt"]) == ["%/%FE.txt"]


def test_a_folder_is_looked_at_once_for_all_of_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path, "sub/a.txt")
    looked: list[bytes] = []
    listed = module._listed

    def count(path: bytes, parts: tuple[bytes, ...]) -> Any:
        looked.append(path)
        return listed(path, parts)

    monkeypatch.setattr(module, "_listed", count)
    keys = [f"sub/{number}.txt" for number in range(100)]
    assert vanished(tmp_path, keys) == keys
    assert len(looked) == 2


@pytest.mark.parametrize("code", [errno.EIO, errno.ESTALE, errno.EMFILE, errno.ENOMEM])
def test_a_folder_that_cannot_be_listed_now_is_not_left_out_of_a_listing(
    tmp_path: Path, unlistable: dict[str, int], code: int
) -> None:
    make(tmp_path, "a.txt", "sub/b.txt")
    unlistable["sub"] = code
    with pytest.raises(OSError, match=os.strerror(code)):
        list(walk(tmp_path))
