"""What is tethered ends with who started it, whatever ends that."""

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from sheaf.runtime.children import child_environment, python_command

ROOT = Path(__file__).parents[3]
STARTER = """
import subprocess
from sheaf.runtime.tether import tethered

command = [word.replace("sheaf.runtime.tether", "MODULE") for word in tethered(["sleep", "60"])]
subprocess.Popen(command).wait()
"""
# On other systems than Linux a process stays between the two; here it is made to.
ELSEWHERE = """
import sys
sys.platform = "darwin"
from sheaf.runtime.tether import main
main(sys.argv[1:])
"""


def until(is_so: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def child_of(process: subprocess.Popen[bytes], name: str) -> psutil.Process | None:
    for child in psutil.Process(process.pid).children(recursive=True):
        if name in child.cmdline()[:1]:
            return child
    return None


@pytest.fixture(params=["linux", "elsewhere"])
def parent(request: pytest.FixtureRequest, tmp_path: Path) -> subprocess.Popen[bytes]:
    (tmp_path / "elsewhere.py").write_text(ELSEWHERE)
    module = "sheaf.runtime.tether" if request.param == "linux" else "elsewhere"
    (tmp_path / "starts.py").write_text(STARTER.replace("MODULE", module))
    paths = f"{tmp_path}{os.pathsep}{ROOT}"
    return subprocess.Popen(python_command("starts"), env=child_environment(PYTHONPATH=paths))


def test_a_killed_parent_takes_its_child_along(parent: subprocess.Popen[bytes]) -> None:
    found: list[psutil.Process] = []

    def is_started() -> bool:
        found[:] = filter(None, [child_of(parent, "sleep")])
        return bool(found)

    until(is_started)
    parent.kill()
    parent.wait()
    until(lambda: not found[0].is_running() or found[0].status() == psutil.STATUS_ZOMBIE)


def test_signals_and_the_exit_code_are_passed_on(parent: subprocess.Popen[bytes]) -> None:
    until(lambda: child_of(parent, "sleep"))
    (tethered,) = psutil.Process(parent.pid).children()
    tethered.terminate()
    assert parent.wait(20) == 0
    assert not tethered.is_running()
