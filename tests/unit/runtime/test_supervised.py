"""A process that another one keeps, whoever keeps it."""

import asyncio
import time
from pathlib import Path

import pytest

from sheaf.runtime import supervised
from sheaf.runtime.children import child_environment
from sheaf.runtime.supervised import Child, Watch

STUBBORN = "trap '' TERM; echo ready; while true; do sleep 0.05; done"
GENTLE = "trap 'echo ended; exit 0' TERM; echo ready; while true; do sleep 0.05; done"


@pytest.fixture
def log_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(supervised, "FIRST_PAUSE_SECONDS", 0.02)
    return tmp_path / "child.log"


def child(script: str, log_file: Path, watch: Watch | None = None) -> Child:
    return Child("test", ["/bin/sh", "-c", script], child_environment(), log_file, watch)


async def until_said(log_file: Path, times: int = 1) -> None:
    async with asyncio.timeout(20):
        while not log_file.exists() or log_file.read_text().count("ready") < times:
            await asyncio.sleep(0.02)


async def test_it_is_asked_to_end_and_what_it_says_is_in_its_log(log_file: Path) -> None:
    made = child(GENTLE, log_file)
    await made.spawn()
    await until_said(log_file)
    assert made.is_running
    await made.end(20)
    assert not made.is_running
    assert log_file.read_text() == "ready\nended\n"


async def test_one_that_does_not_end_is_killed_after_its_grace(log_file: Path) -> None:
    made = child(STUBBORN, log_file)
    await made.spawn()
    await until_said(log_file)
    await made.end(0.2)
    assert made.process is not None
    assert made.process.returncode == -9


async def test_one_that_was_never_started_has_ended_already(log_file: Path) -> None:
    made = child(GENTLE, log_file)
    assert made.age_seconds == float("inf")
    await made.end(1)


async def test_one_that_dies_or_hangs_is_started_again(log_file: Path) -> None:
    async def probe() -> str | None:
        return "it stands still" if log_file.read_text().count("ready") == 2 else None

    made = child(STUBBORN, log_file, Watch(probe, limit_seconds=0.4, start_seconds=0.4))
    await made.spawn()
    keeping = asyncio.create_task(made.keep(lambda: None))
    await until_said(log_file)
    assert made.process is not None
    made.process.kill()
    await until_said(log_file, 2)
    assert made.restarts.last_why == "it ended with code -9"
    await until_said(log_file, 3)
    assert made.restarts.last_why.startswith("it stands still, for ")
    assert made.restarts.count == 2
    assert made.restarts.last_at <= time.time()
    keeping.cancel()
    await asyncio.wait([keeping])
    await made.end(0)


async def test_one_without_a_probe_is_started_again_as_well(log_file: Path) -> None:
    made = child("echo ready", log_file)
    await made.spawn()
    keeping = asyncio.create_task(made.keep(lambda: None))
    await until_said(log_file, 3)
    keeping.cancel()
    await asyncio.wait([keeping])
    await made.end(0)


async def test_a_probe_that_fails_ends_neither_the_child_nor_who_keeps_it(log_file: Path) -> None:
    asked = 0

    async def probe() -> str | None:
        nonlocal asked
        asked += 1
        raise ValueError("not foreseen")

    made = child(STUBBORN, log_file, Watch(probe, limit_seconds=0.1, start_seconds=0.1))
    await made.spawn()
    keeping = asyncio.create_task(made.keep(lambda: None))
    async with asyncio.timeout(20):
        while asked < 3:
            await asyncio.sleep(0.02)
    assert made.is_running
    assert not keeping.done()
    keeping.cancel()
    await asyncio.wait([keeping])
    await made.end(0)
