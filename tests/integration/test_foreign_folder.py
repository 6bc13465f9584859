"""Nothing of the folder that Sheaf is called in is executed, whatever its files are called."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import httpx
import pytest

from sheaf.cli.commands import COMMANDS, imported
from sheaf.embedded.home import Home
from sheaf.embedded.temporal_server import free_port

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
PROGRAMS = ("temporal", "tesseract", "python", "python3", "sheaf", "sh", "env")
RULES = "rules:\n  - {type: letter, description: a letter to someone}\n"
END_SECONDS = 90


class Folder:
    """A folder full of what Python, or a shell, would take for its own.

    Each module and program in it leaves a mark when it is executed.
    """

    def __init__(self, root: Path) -> None:
        self.path = root / "foreign"
        self.home = Home(root / "home")
        self._marks = root / "marks"
        self._ran: set[tuple[str, ...]] = set()
        self._marks.mkdir()
        (self.path / "in").mkdir(parents=True)
        for number in range(3):
            (self.path / "in" / f"{number}.txt").write_text(f"words of file {number}")
        (self.path / "rules.yaml").write_text(RULES)
        for name in self._module_names():
            mark = f"open({str(self._marks / name)!r}, 'w').close()\n"
            (self.path / f"{name}.py").write_text(mark)
            if name in PROGRAMS:
                continue
            (self.path / name).mkdir(exist_ok=True)
            (self.path / name / "__init__.py").write_text(mark)
        for name in PROGRAMS:
            program = self.path / name
            program.write_text(f"#!/bin/sh\n: > {self._marks / f'program-{name}'}\nexit 1\n")
            program.chmod(0o755)

    @staticmethod
    def _module_names() -> set[str]:
        installed = {name for name in packages_distributions() if name.isidentifier()}
        ours = {path.stem for path in ROOT.iterdir() if path.suffix == ".py"}
        ours |= {path.parent.name for path in ROOT.glob("*/__init__.py")}
        of_python = {name for name in sys.stdlib_module_names if not name.startswith("__")}
        return installed | ours | of_python | {"sitecustomize", "usercustomize"}

    @property
    def environment(self) -> dict[str, str]:
        left_out = ("TEMPORAL_", "SHEAF_", "PYTHON")
        kept = {name: v for name, v in os.environ.items() if not name.startswith(left_out)}
        return kept | {
            "SHEAF_HOME": str(self.home.root),
            "PATH": f":.:{kept['PATH']}:",
            "PYTHONSTARTUP": "structlog.py",
        }

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        self._ran.add(tuple(word for word in arguments if word.isalpha() and len(word) > 1))
        return subprocess.Popen(
            [str(BIN / "sheaf"), *arguments],
            cwd=self.path,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def sheaf(self, *arguments: str, code: int = 0) -> str:
        process = self.start(*arguments)
        output, errors = process.communicate(timeout=END_SECONDS)
        assert self.executed() == set(), arguments
        assert process.returncode == code, output + errors
        return output

    def save_receiver(self) -> str:
        """Save a receiver of events where nobody listens, and return its id."""
        running = self.home.running()
        assert running is not None
        saved = httpx.post(
            f"{running.api_address}/api/v1/beta/webhook-configs",
            headers={"Authorization": f"Bearer {self.home.local_key()}"},
            json={"webhook_url": f"http://127.0.0.1:{free_port(24_000, offsets=(0,))}/"},
            trust_env=False,
        )
        assert saved.is_success, saved.text
        return str(saved.json()["id"])

    def executed(self) -> set[str]:
        return {path.name for path in self._marks.iterdir()}

    def has_run(self, command: tuple[str, ...]) -> bool:
        return any(ran[: len(command)] == command for ran in self._ran)


def every_command() -> Iterator[tuple[str, ...]]:
    for name in COMMANDS:
        inner = getattr(imported(name), "commands", None)
        yield from ((name, sub) for sub in inner) if inner else [(name,)]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    made = Folder(tmp_path)
    yield made
    subprocess.run([BIN / "sheaf", "down"], env=made.environment, cwd=tmp_path, check=False)


def test_no_command_executes_what_lies_in_the_folder_that_it_is_called_in(folder: Folder) -> None:
    folder.sheaf("migrate")
    folder.sheaf("up", "--detach")
    receiver = folder.save_receiver()
    job = json.loads(folder.sheaf("run", "in", "--out", "out", "--json"))
    assert job["completed"] == 3
    folder.sheaf("run", "in", "--classify", "rules.yaml")
    folder.sheaf("results", job["id"], "1.txt")
    folder.sheaf("export", job["id"], "--out", "out")
    for command in ("show", "watch", "cancel"):
        folder.sheaf(command, job["id"])
    folder.sheaf("list")
    folder.sheaf("doctor")
    key = json.loads(folder.sheaf("keys", "create", "ops", "--json"))
    folder.sheaf("keys", "list")
    folder.sheaf("keys", "revoke", key["id"])
    folder.sheaf("webhooks", "list")
    folder.sheaf("webhooks", "deliveries")
    folder.sheaf("webhooks", "redeliver", "--job", job["id"])
    # Nobody listens there; the process that tells receivers has started all the same.
    assert "not sent yet" not in folder.sheaf("webhooks", "test", receiver, code=1)
    serving = folder.start("serve", "--port", "0")
    assert serving.stdout is not None
    assert serving.stdout.readline().startswith("API http")
    serving.send_signal(signal.SIGTERM)
    serving.communicate(timeout=END_SECONDS)
    folder.sheaf("down")
    folder.sheaf("keys", "rotate")

    assert folder.executed() == set()
    assert [command for command in every_command() if not folder.has_run(command)] == []
