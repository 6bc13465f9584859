"""A process whose event loop stands still ends itself, also where native code holds it."""

import asyncio
import os
import subprocess
import time
from pathlib import Path

import pytest

from sheaf.runtime.children import child_environment, python_command
from sheaf.runtime.liveness import beating

ROOT = Path(__file__).parents[3]
HOLDS = {
    "a wait": "time.sleep(60)",
    "a regular expression": "re.match(r'(a+)+$', 'a' * 40 + 'b')",
}
CODE = """
import asyncio, re, sys, time
from sheaf.runtime.liveness import beating

async def hold():
    {hold}

async def main():
    async with beating(1.0):
        await asyncio.sleep(1.5)
        print("went on", flush=True)
        await hold()

asyncio.run(main())
"""


@pytest.mark.parametrize("hold", HOLDS.values(), ids=HOLDS)
def test_a_process_that_hangs_ends_itself_and_says_where(hold: str, tmp_path: Path) -> None:
    module = tmp_path / "hangs.py"
    module.write_text(CODE.format(hold=hold))
    done = subprocess.run(
        python_command("hangs"),
        env=child_environment(PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout == "went on\n"
    assert done.returncode == 1
    assert "Timeout" in done.stderr
    assert "in hold" in done.stderr


async def test_a_loop_that_turns_moves_the_time_of_the_ready_file_and_makes_none(
    tmp_path: Path,
) -> None:
    ready, absent = tmp_path / "ready", tmp_path / "absent"
    ready.touch()
    os.utime(ready, (1, 1))
    async with beating(60, absent), beating(60, ready):
        deadline = time.monotonic() + 10
        while ready.stat().st_mtime == 1 and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
    assert ready.stat().st_mtime > 1
    assert not absent.exists()
