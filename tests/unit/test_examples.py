"""The sample documents are what their generator makes, and the README tells of each of them."""

import io
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

from examples import demo
from sheaf.embedded.home import Home, Running

EXAMPLES = Path(__file__).parents[2] / "examples"
MAX_BYTES = 1_500_000


def files_below(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def committed() -> dict[str, bytes]:
    return files_below(EXAMPLES / "documents")


def content(data: bytes) -> bytes | dict[str, bytes]:
    """Return a file, or the entries of a container: zlib packs them as its version does."""
    if not zipfile.is_zipfile(io.BytesIO(data)):
        return data
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_generator_makes_the_committed_files(
    tmp_path: Path, committed: dict[str, bytes]
) -> None:
    script = EXAMPLES / "make_documents.py"
    subprocess.run([sys.executable, "-B", script, "--to", tmp_path], check=True)
    made = files_below(tmp_path)
    assert sorted(made) == sorted(committed)
    assert [name for name in made if content(made[name]) != content(committed[name])] == []


def test_the_samples_are_small(committed: dict[str, bytes]) -> None:
    assert sum(map(len, committed.values())) < MAX_BYTES


def test_the_readme_names_every_file(committed: dict[str, bytes]) -> None:
    readme = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    named = re.findall(r"^\| `([^`]+)` \|", readme, flags=re.MULTILINE)
    assert sorted(named) == sorted(committed)


def test_the_readme_counts_the_outcomes() -> None:
    readme = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    completed = readme.count("| completed")
    failed = readme.count("| failed")
    assert f"So {completed} complete and {failed} fail." in readme


def test_the_rules_fit_the_contract_and_the_readme() -> None:
    config = yaml.safe_load((EXAMPLES / "rules.yaml").read_text(encoding="utf-8"))
    assert set(config) == {"rules", "mode", "parsing_configuration"}
    assert all(10 <= len(rule["description"]) <= 2000 for rule in config["rules"])
    types = {rule["type"] for rule in config["rules"]}
    readme = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    named = re.findall(r"^\| `[^`]+` \|.*\| (\w+) \|$", readme, flags=re.MULTILINE)
    assert set(named) == types


def test_a_demo_that_is_kept_says_where_it_is_and_how_it_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    running = Running(1, {}, "127.0.0.1:7233", "http://127.0.0.1:8233", "http://127.0.0.1:8484")
    monkeypatch.setattr(Home, "running", lambda _: running)
    demo.tell(Home(tmp_path / "a home"))
    said = capsys.readouterr().out.splitlines()
    assert said[1:3] == ["Temporal UI http://127.0.0.1:8233", "API http://127.0.0.1:8484"]
    command = rf"  SHEAF_HOME='{tmp_path / 'a home'}' \S*sheaf down"
    assert re.fullmatch(command, said[-1]), said[-1]
