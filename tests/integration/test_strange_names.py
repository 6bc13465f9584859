"""A batch over entries with every kind of name: each has its end, and no command breaks on one."""

import json
import os
import pty
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from sheaf.embedded.home import Home
from tests.integration.test_up import ROOT, environment, sheaf
from tests.strange_entries import LONGEST, StrangeTree, strange_tree


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    root = tmp_path_factory.mktemp("strange") / "home"
    yield root
    sheaf(root, "down")


@pytest.fixture(scope="module")
def tree() -> Iterator[StrangeTree]:
    with strange_tree() as made:
        yield made


def entries(out: Path) -> dict[str, dict[str, object]]:
    lines = (out / "manifest.jsonl").read_text().splitlines()
    return {entry["name"]: entry for entry in map(json.loads, lines)}


def on_a_terminal(home: Path, *arguments: str) -> str:
    """Return what a command shows on a terminal."""
    master, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "starter", *arguments],
        cwd=ROOT,
        env=environment(home) | {"FORCE_COLOR": "", "NO_COLOR": "1", "TERM": "xterm"},
        stdin=subprocess.DEVNULL,
        stdout=terminal,
        stderr=terminal,
    )
    os.close(terminal)
    shown = bytearray()
    try:
        while part := os.read(master, 65_536):
            shown += part
    except OSError:
        pass  # the end of a terminal that nobody holds any more
    os.close(master)
    assert process.wait(60) == 0, shown.decode()
    return shown.decode()


def test_entries_with_any_name_are_parsed_shown_and_exported(
    home: Path, tree: StrangeTree, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    done = sheaf(home, "run", str(tree.root), "--out", str(out), "--json")
    assert done.returncode == 3, done.stderr
    job = json.loads(done.stdout)
    expected = tree.keys(is_root=os.geteuid() == 0)
    found = entries(out)
    assert set(found) == expected
    assert job["total_items"] == job["completed"] + job["failed"] == len(expected)
    assert job["unwritten"] == 0
    completed = {key for key, entry in found.items() if entry["status"] == "completed"}
    assert completed >= tree.readable
    assert set(job["failures"]) <= {"Refused", "SourceChanged"}

    # Each has files of its own, which hold what it says.
    written = Counter(entry["markdown"] for entry in found.values() if "markdown" in entry)
    assert set(written.values()) == {1}
    assert len(written) == len(completed)
    for key in completed:
        assert "words" in (out / str(found[key]["markdown"])).read_text()
    listed = {str(path.relative_to(out)) for path in (out / "files").rglob("*") if path.is_file()}
    assert listed == set(written)

    lines = sheaf(home, "show", job["id"]).stdout
    assert "\x1b" not in lines
    assert r"\x1b[31mred\x1b[0m.txt" in lines
    assert r"new\nline.txt" in lines
    assert "[bold]x.txt" in lines
    screen = on_a_terminal(home, "show", job["id"])
    assert "[bold]x.txt" in screen
    assert "\x1b[31mred" not in screen
    for key in ("[/]", "-rf", LONGEST, "%/caf%E9.txt", "\x1b[31mred\x1b[0m.txt"):
        assert "words" in sheaf(home, "results", job["id"], "--", key).stdout, key
    refused = sheaf(home, "results", job["id"], "--", "loop-a")
    assert refused.returncode == 3
    assert "loop-a is failed: Refused" in refused.stderr


def test_what_cannot_be_written_costs_its_own_entry(home: Path, tmp_path: Path) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    for name in ("a.txt", "b.txt", "c.txt"):
        (folder / name).write_text(f"words of {name}")
    # In the place of a result, something that is no file.
    (out / "files" / "b.txt.md").mkdir(parents=True)
    done = sheaf(home, "run", str(folder), "--out", str(out))
    assert done.returncode == 1
    assert "but for 1 files: see export_error" in done.stdout
    found = entries(out)
    assert "Is a directory" in str(found["b.txt"]["export_error"])
    assert [found[name]["markdown"] for name in ("a.txt", "c.txt")] == [
        "files/a.txt.md",
        "files/c.txt.md",
    ]
    blocked = tmp_path / "blocked"
    blocked.write_text("a file, where a folder is to be")
    listed = json.loads(sheaf(home, "list", "--json").stdout)
    refused = sheaf(home, "export", listed[0]["id"], "--out", str(blocked))
    assert refused.returncode == 1
    assert "cannot be written" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert Home(home).running() is not None


def test_paths_that_lead_nowhere_are_refused_in_words(home: Path, tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    for path in (tmp_path / "loop", tmp_path / ("n" * 300), tmp_path / "[/red]\x1b[31m"):
        refused = sheaf(home, "run", str(path))
        assert refused.returncode == 2, refused.stderr
        assert refused.stderr.startswith("sheaf: PATH: ")
        assert "\x1b" not in refused.stderr
