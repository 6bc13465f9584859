"""Calls to file systems that do not return: who waits for them, for how long, and what is left."""

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
import pytest_asyncio

from sheaf.rules.outside_faults import is_outside_fault, kind_of_errno
from sheaf.runtime.file_calls import FileCalls, StalledError, Step
from tests.hanging import hanging

STALL = 0.3


class Gates:
    """Calls that return when a test says so."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.inside = 0

    def wait(self, _: Step) -> str:
        self.inside += 1
        self.open.wait()
        return "at last"


@pytest_asyncio.fixture
async def gates() -> AsyncIterator[Gates]:
    made = Gates()
    yield made
    made.open.set()


def calls(place_threads: int = 2, most_hung: int = 8) -> FileCalls:
    return FileCalls(STALL, place_threads, most_hung)


async def until_none_hangs(made: FileCalls) -> None:
    async with asyncio.timeout(10):
        while made.hung:
            await asyncio.sleep(0.01)


async def test_a_read_that_hangs_in_the_kernel_is_left_and_its_thread_comes_back(
    tmp_path: Path,
) -> None:
    made, file = calls(), tmp_path / "a.txt"
    file.write_text("text")
    with hanging(file):
        with pytest.raises(StalledError, match=r"in \(a\.txt\): no answer for 0\.3 s") as raised:
            await made.run("in", lambda step: [step.at("a.txt"), file.read_text()])
        assert is_outside_fault(raised.value)
        assert kind_of_errno(raised.value.errno).is_transient
        assert made.hung == ["in (a.txt)"]
        assert await made.run("in", lambda _: "others go on") == "others go on"
    await until_none_hangs(made)
    assert await made.run("in", lambda _: file.read_text()) == "text"


async def test_a_call_that_comes_forward_may_take_as_long_as_it_does() -> None:
    def slow(step: Step) -> str:
        for _ in range(8):
            time.sleep(STALL / 4)
            step.moved()
        return "done"

    assert await calls().run("in", slow) == "done"


async def test_what_a_call_raises_is_raised() -> None:
    def gone(_: Step) -> None:
        raise FileNotFoundError(2, "gone")

    with pytest.raises(FileNotFoundError):
        await calls().run("in", gone)


async def test_a_place_loses_so_many_threads_and_others_go_on(gates: Gates) -> None:
    made = calls(place_threads=2)
    hung = await asyncio.gather(
        *(made.run("dead", gates.wait) for _ in range(5)), return_exceptions=True
    )
    assert all(isinstance(one, StalledError) for one in hung)
    assert gates.inside == 2
    began = time.monotonic()
    with pytest.raises(StalledError, match="2 earlier calls to it have not returned"):
        await made.run("dead", gates.wait)
    assert time.monotonic() - began < STALL
    assert await made.run("alive", lambda _: 1) == 1
    gates.open.set()
    await until_none_hangs(made)
    assert await made.run("dead", gates.wait) == "at last"


async def test_calls_wait_for_their_turn_at_a_place() -> None:
    made = calls(place_threads=1)
    found = await asyncio.gather(*(made.run("in", lambda _: 1) for _ in range(50)))
    assert found == [1] * 50


async def test_what_hangs_is_not_called_again_beside_itself(gates: Gates) -> None:
    made = calls()

    def read(step: Step) -> str:
        step.at("a.txt")
        return gates.wait(step)

    for _ in range(3):
        with pytest.raises(StalledError):
            await made.run("in", read)
    assert gates.inside == 1
    asyncio.get_running_loop().call_later(STALL / 4, gates.open.set)
    assert await made.run("in", read) == "at last"


async def test_a_place_that_was_asked_in_vain_is_refused_until_it_answers(gates: Gates) -> None:
    made = calls()
    made.refuse_silent("in")
    with pytest.raises(StalledError):
        await made.ask("in", gates.open.wait)
    with pytest.raises(StalledError):
        made.refuse_silent("in")
    made.refuse_silent("other")
    with pytest.raises(StalledError):
        await made.ask("in", lambda: None)
    gates.open.set()
    await until_none_hangs(made)
    await made.ask("in", lambda: None)


async def test_a_call_whose_caller_is_cancelled_counts_while_it_hangs(gates: Gates) -> None:
    made = calls(most_hung=1)
    task = asyncio.create_task(made.run("in", gates.wait))
    while not gates.inside:
        await asyncio.sleep(0.01)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    async with asyncio.timeout(10):
        while not made.is_exhausted:
            await asyncio.sleep(0.01)
    gates.open.set()
    await until_none_hangs(made)
    assert not made.is_exhausted


PROCESS = """
import asyncio, os, signal, sys
from pathlib import Path
from sheaf.runtime.file_calls import FILE_CALLS
from sheaf.runtime.liveness import beating

async def run():
    stop = asyncio.Event()
    if sys.argv[2] == "stops":
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    else:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    FILE_CALLS.stall_seconds, FILE_CALLS.most_hung = 0.2, 2
    ready = Path(sys.argv[1], "ready")
    ready.touch()
    async with beating(1.5, ready):
        for name in "ab":
            fifo = Path(sys.argv[1], name)
            os.mkfifo(fifo)
            try:
                await FILE_CALLS.run("in", lambda _: fifo.read_bytes())
            except OSError as error:
                print(error, flush=True)
        await stop.wait()
    print("gave back what it held", flush=True)

asyncio.run(run())
"""


@pytest.mark.parametrize(
    ("how", "code"), [("stops", 0), ("hangs", 1)], ids=["in good order", "where that hangs"]
)
def test_a_process_that_has_lost_too_many_threads_ends(tmp_path: Path, how: str, code: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROCESS, str(tmp_path), how],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == code, done
    assert done.stdout.count("no answer for 0.2 s") == 2
    assert "too many calls to file systems hang" in done.stdout + done.stderr
    assert ("gave back what it held" in done.stdout) is (how == "stops")
    assert ("read_bytes" in done.stderr) is (how == "hangs"), "it says where its threads are"
