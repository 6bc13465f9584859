"""A command imports what it needs, and no more: that is most of its time."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

from sheaf.cli.commands import COMMANDS, imported
from sheaf.ledger.migrate import REVISION
from sheaf.ledger.revisions import known_revisions
from sheaf.runtime.children import child_environment
from starter import app

NEEDED_BY_NO_LOOK = {
    *("temporalio", "alembic", "asyncpg", "fastapi", "httpx", "obstore", "boto3", "numpy"),
}
CALL = """
import json, sys, starter
sys.argv = json.loads(sys.argv[1])
try:
    starter.app()
except SystemExit as end:
    assert not end.code, end.code
finally:
    print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})), file=sys.stderr)
"""


def loaded_by(*words: str, home: Path) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-P", "-c", CALL, json.dumps(["sheaf", *words])],
        env=child_environment(SHEAF_HOME=str(home), PYTHONPATH=str(Path.cwd())),
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.returncode, done.stderr
    return set(json.loads(done.stderr.splitlines()[-1]))


@pytest.mark.parametrize("word", ["--help", "--version"])
def test_help_and_version_import_nothing_of_a_deployment(word: str, tmp_path: Path) -> None:
    loaded = loaded_by(word, home=tmp_path)
    assert not loaded & {*NEEDED_BY_NO_LOOK, "sqlalchemy", "pydantic", "structlog", "yaml"}
    if word == "--version":
        assert "rich" not in loaded


def test_a_look_at_the_ledger_imports_neither_temporal_nor_migrations(tmp_path: Path) -> None:
    loaded_by("list", home=tmp_path)
    assert not loaded_by("list", home=tmp_path) & NEEDED_BY_NO_LOOK


def test_the_newest_migration_is_the_one_that_a_look_compares() -> None:
    assert known_revisions()[0] == REVISION


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_has_the_first_line_of_each_ones_help(name: str) -> None:
    told = imported(name).help
    assert told.partition("\n")[0] == COMMANDS[name].summary


def test_the_commands_are_those_of_the_table() -> None:
    assert list(typer.main.get_group(app).commands) == list(COMMANDS)


def test_a_mistyped_command_is_told_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        app(["lst"])
    assert "Did you mean 'list'?" in capsys.readouterr().err
