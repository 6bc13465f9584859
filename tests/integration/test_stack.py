"""`make stack` as a person leaves it up, uses it from another terminal, and stops it."""

import os
import re
import signal
import stat
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from deploy.second_terminal import NAMES, write_env
from tests.integration.test_up import until

ROOT = Path(__file__).parents[2]


def in_a_shell(env_file: str, command: str) -> str:
    """Run a command in a shell that knows of nothing but the file."""
    return subprocess.run(
        ["/bin/sh", "-ec", f". {env_file}; {command}"],
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_a_shell_reads_what_was_written_and_others_do_not(tmp_path: Path) -> None:
    values = {name: f'{{"*": ["it\'s {name}"]}}' for name in NAMES}
    file = write_env(tmp_path / "env", values, "sk-sheaf-1")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    read = in_a_shell(str(file), "env; command -v python")
    assert {f"{name}={value}" for name, value in values.items()} <= set(read.splitlines())
    assert read.splitlines()[-1] == str(Path(sys.executable).parent / "python")
    assert "KEY=sk-sheaf-1\n" in read


@pytest.mark.postgres
def test_a_stack_is_used_from_another_terminal_and_stopped(tmp_path: Path) -> None:
    output = tmp_path / "output"
    with output.open("wb") as file:
        # As a shell starts what ends in `&`.
        stack = subprocess.Popen(
            ["/bin/sh", "-c", 'trap "" INT; exec "$0" -m deploy.stack --keep', sys.executable],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        until(lambda: "/batch-processing\n" in output.read_text(), 120, "the stack to be up")
        said = output.read_text()
        (env_file,) = re.findall(r"^  \. (\S+)$", said, re.MULTILINE)
        assert " completed 22/26 " in in_a_shell(env_file, "sheaf list")
        api, key = re.findall(r"^API (?:key )?(\S+)$", said, re.MULTILINE)
        answer = httpx.get(
            f"{api}/api/v1/beta/batch-processing",
            headers={"Authorization": f"Bearer {key}"},
            trust_env=False,
        )
        assert answer.json()["total_size"] == 1
    finally:
        os.kill(stack.pid, signal.SIGINT)
        code = stack.wait(60)
    assert code == 130, output.read_text()
    assert output.read_text().endswith("\nStopping ...\n")
    assert "Traceback" not in output.read_text()
    assert not Path(env_file).parent.exists()
