"""The check that tells whether a peer of bench/peers worked on each file once."""

from pathlib import Path

import pytest

from bench.peers.work import FOLDER, file_names, mistakes


@pytest.mark.parametrize(
    ("noted", "completed", "wrong"),
    [
        ([0, 1, 2], 3, None),
        ([0, 2], 3, "of 3 files 3 ended, 1 never ran, 0 ran again, 0 are unknown"),
        ([0, 1, 2, 1], 3, "of 3 files 3 ended, 0 never ran, 1 ran again, 0 are unknown"),
        ([0, 1, 2, 3], 3, "of 3 files 3 ended, 0 never ran, 0 ran again, 1 are unknown"),
        ([0, 1, 2], 2, "of 3 files 2 ended, 0 never ran, 0 ran again, 0 are unknown"),
    ],
)
def test_a_file_that_did_not_run_once_is_told(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    noted: list[int],
    completed: int,
    wrong: str | None,
) -> None:
    monkeypatch.setenv(FOLDER, str(tmp_path))
    names = [*(f"file-{number:07}.txt" for number in noted), *file_names("warm", 0, 2)]
    (tmp_path / "log").write_text("".join(f"{name}\n" for name in names))
    assert mistakes("file", 3, completed) == wrong
