"""Every Python child, and the environment of each, is made in one place."""

import ast
import inspect
import os
import re
import subprocess
from pathlib import Path

import pytest

from sheaf.embedded.temporal_server import temporal_binary
from sheaf.runtime.children import child_environment, python_command

ROOT = Path(__file__).parents[3]
MAKER = Path(inspect.getfile(python_command))
FOLDERS = ("activities", "deploy", "examples", "sheaf", "workflows")
MODULES = sorted(
    {
        *ROOT.glob("*.py"),
        *(path for name in FOLDERS for path in (ROOT / name).rglob("*.py")),
    }
    - set((ROOT / "sheaf" / "testing").rglob("*.py"))
)
CONTAINERS = [
    ROOT / "Dockerfile",
    ROOT / "docker-compose.yml",
    *sorted((ROOT / "deploy").rglob("*.yaml")),
    *sorted((ROOT / "deploy").rglob("*.sh")),
]


def attributes_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    return {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_other_module_names_the_interpreter(path: Path) -> None:
    if path != MAKER:
        assert "sys.executable" not in attributes_of(path)


@pytest.mark.parametrize("path", CONTAINERS, ids=lambda path: str(path.relative_to(ROOT)))
def test_containers_keep_their_working_directory_off_the_path(path: Path) -> None:
    for command in re.findall(r"\bpython3?\b[^\n]*", path.read_text()):
        if re.search(r"-[mc]\b", command):
            assert re.match(r'python3?"?,? "?-P\b', command), command


def test_documents_name_no_command_that_runs_what_lies_in_the_folder() -> None:
    installed = ("worker", "webhook_worker", "starter", r"sheaf\.\S+")
    unsafe = re.compile(rf"python3? -m ({'|'.join(installed)})\b")
    for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        assert unsafe.search(path.read_text()) is None, path


def test_a_python_child_imports_nothing_of_its_working_directory(tmp_path: Path) -> None:
    for name in ("structlog", "sheaf", "sitecustomize"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported')")
    done = subprocess.run(
        python_command("webhook_worker"),
        cwd=tmp_path,
        env=child_environment(
            {**os.environ, "PYTHONPATH": ":.:relative", "TEMPORAL_ADDRESS": "127.0.0.1:1"},
            SHEAF_SHUTDOWN_GRACE_SECONDS="no number",
        ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "imported" not in done.stderr
    assert "shutdown_grace_seconds" in done.stderr


def test_a_childs_environment_leads_to_no_relative_path() -> None:
    given = {
        "PATH": f":/usr/bin:.:bin:{os.sep}bin:",
        "PYTHONPATH": ":",
        "PYTHONSTARTUP": "start.py",
        "PYTHONINSPECT": "1",
        "LANG": "C",
    }
    assert child_environment(given, NAME="value") == {
        "PATH": "/usr/bin:/bin",
        "LANG": "C",
        "NAME": "value",
        "PYTHONSAFEPATH": "1",
    }
    kept = child_environment({"PYTHONPATH": "/opt/parsers:relative"})
    assert kept["PYTHONPATH"] == "/opt/parsers"


def test_the_temporal_binary_is_never_one_of_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "temporal"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", ":.")
    assert temporal_binary(None).is_absolute()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert temporal_binary(None) == program
