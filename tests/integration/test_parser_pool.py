"""The pool of parser processes against files that hang, crash and eat memory."""

import asyncio
import errno
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any, cast

import psutil
import pytest

from sheaf.contracts.documents import EngineRequest, EngineResult
from sheaf.contracts.failures import FailureKind, OutageError
from sheaf.parser_pool import process as parser_process
from sheaf.parser_pool.pipeline import MOST_AHEAD
from sheaf.parser_pool.pool import ParserPool
from sheaf.parser_pool.process import ParserProcess
from sheaf.parser_pool.requests import ParseRequest, ParseRequests
from sheaf.rules.outside_faults import Blame, blame
from sheaf.storage.scratch import Scratch

DEADLINE = 60.0
OF_MACHINE = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM)
PROJECT = "prj-of-these-tests"

MakeRequest = Callable[[str], EngineRequest]


@pytest.fixture
async def pool() -> AsyncIterator[ParserPool]:
    async with ParserPool(1, "sheaf.testing.faulty_engine", memory_bytes=1024**3) as pool:
        yield pool
    assert living_children() == []


@pytest.fixture
def make(tmp_path: Path) -> MakeRequest:
    def make(content: str) -> EngineRequest:
        path = tmp_path / f"{abs(hash(content))}.txt"
        path.write_text(content)
        return EngineRequest(path=str(path), name="note.txt")

    return make


def parser_processes() -> list[psutil.Process]:
    """Return the parser processes of this very process, not those of a worker it started."""
    found = []
    for child in psutil.Process().children():
        try:
            if "sheaf.parser_pool.child" in child.cmdline():
                found.append(child)
        except psutil.NoSuchProcess:
            continue
    return found


def living_children() -> list[int]:
    return [child.pid for child in parser_processes()]


def kind_of(result: EngineResult) -> FailureKind | None:
    return result.failure.kind if result.failure else None


def message_of(result: EngineResult) -> str:
    assert result.failure is not None
    return result.failure.message


def members_of_group(group: int) -> list[int]:
    members = []
    for pid in psutil.pids():
        try:
            status = psutil.Process(pid).status()
            if os.getpgid(pid) == group and status != psutil.STATUS_ZOMBIE:
                members.append(pid)
        except (ProcessLookupError, psutil.NoSuchProcess):
            continue
    return members


async def until_busy() -> None:
    """Wait until a parser process has been running for a moment."""
    while not parser_processes():
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.7)


async def test_a_file_comes_back_as_a_document(pool: ParserPool, make: MakeRequest) -> None:
    result = await pool.run(PROJECT, make("plain words"), DEADLINE)
    assert result.document is not None
    assert result.document.pages[0].text == "plain words"


@pytest.mark.parametrize(
    ("cue", "kind", "words"),
    [
        ("segfault", FailureKind.CRASHED, "parser process died: SIGSEGV"),
        ("exit", FailureKind.CRASHED, "parser process died: exit code 3"),
        ("nothing", FailureKind.CRASHED, "empty answer"),
        ("garbage", FailureKind.CRASHED, "malformed answer"),
        ("foreign", FailureKind.CRASHED, "no answer to the request for this file"),
        ("huge", FailureKind.TOO_LARGE, "the result is over"),
        ("memory", FailureKind.TOO_LARGE, "more memory than is allowed"),
        ("abort", FailureKind.TOO_LARGE, "more memory than is allowed (1024 MiB)"),
        ("recursion", FailureKind.TOO_LARGE, "nested too deeply"),
        ("raise", FailureKind.CRASHED, "ValueError: the engine gave up"),
        *((f"system={code}", FailureKind.UNAVAILABLE, os.strerror(code)) for code in OF_MACHINE),
        *((f"rust={code}", FailureKind.UNAVAILABLE, os.strerror(code)) for code in OF_MACHINE),
        (f"system={errno.EFBIG}", FailureKind.TOO_LARGE, "temporary file over the limit"),
        (f"system={errno.EINVAL}", FailureKind.CRASHED, "OSError: [Errno 22] Invalid argument"),
        ("import", FailureKind.UNAVAILABLE, "an engine cannot be loaded: libengine.so.1"),
        ("descriptors", FailureKind.UNAVAILABLE, "Too many open files"),
    ],
)
async def test_a_fault_fails_its_file_and_the_next_one_is_read(
    pool: ParserPool, make: MakeRequest, cue: str, kind: FailureKind, words: str
) -> None:
    failed = await pool.run(PROJECT, make(f"fault: {cue}"), DEADLINE)
    assert kind_of(failed) == kind
    assert words in message_of(failed)
    assert (await pool.run(PROJECT, make("fine"), DEADLINE)).document is not None


@pytest.mark.parametrize("cue", ["sleep", "spin", "fork"])
async def test_a_file_is_killed_at_its_deadline_with_all_it_started(
    pool: ParserPool, make: MakeRequest, cue: str
) -> None:
    await pool.run(PROJECT, make("warm"), DEADLINE)
    (group,) = living_children()
    started = time.monotonic()
    result = await pool.run(PROJECT, make(f"fault: {cue}"), 1.0)
    assert kind_of(result) is FailureKind.TIMEOUT
    assert 1.0 <= time.monotonic() - started < 3.0
    await pool.close()
    assert members_of_group(group) == []


async def test_a_file_over_its_processor_time_is_a_timeout(
    pool: ParserPool, make: MakeRequest
) -> None:
    request = make("fault: spin").changed(cpu_seconds=1)
    result = await pool.run(PROJECT, request, DEADLINE)
    assert kind_of(result) is FailureKind.TIMEOUT
    assert "processor time" in message_of(result)


async def test_ten_megabytes_of_chatter_do_not_disturb_the_answer(
    pool: ParserPool, make: MakeRequest
) -> None:
    result = await pool.run(PROJECT, make("fault: print"), DEADLINE)
    assert result.document is not None


async def test_temporary_files_do_not_outlive_their_file(
    pool: ParserPool, make: MakeRequest
) -> None:
    await pool.run(PROJECT, make("fault: litter"), DEADLINE)
    (process,) = parser_processes()
    assert list(Path(process.cwd()).iterdir()) == []


async def test_a_closed_pool_leaves_no_process_and_no_folder(make: MakeRequest) -> None:
    async with ParserPool(2) as pool:
        await asyncio.gather(*(pool.run(PROJECT, make(f"text {n}"), DEADLINE) for n in range(4)))
        assert len(parser_processes()) == 2
        (folder,) = {Path(process.cwd()).parent for process in parser_processes()}
    assert living_children() == []
    assert not folder.exists()


async def test_folders_of_a_pool_that_was_killed_are_swept_and_others_kept() -> None:
    code = (
        "import os, signal; from sheaf.storage.scratch import Scratch; s = Scratch();"
        "print(s.subfolder(), flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    left_behind = Path(output.decode().strip())
    assert left_behind.is_dir()
    held, sweeper = Scratch(), Scratch()
    assert not left_behind.parent.exists()
    assert held.folder.is_dir()
    held.delete()
    sweeper.delete()
    assert not held.folder.exists()


async def test_a_closing_pool_does_not_wait_for_a_file_that_hangs(make: MakeRequest) -> None:
    pool = ParserPool(1, "sheaf.testing.faulty_engine")
    run = asyncio.create_task(pool.run(PROJECT, make("fault: sleep"), DEADLINE))
    await until_busy()
    started = time.monotonic()
    await pool.close()
    assert time.monotonic() - started < 5
    with pytest.raises(OutageError, match="their pool was closed"):
        await run


async def test_a_process_is_replaced_after_its_share_of_files(make: MakeRequest) -> None:
    async with ParserPool(1, files_per_process=2) as pool:
        seen = set()
        for number in range(4):
            await pool.run(PROJECT, make(f"text {number}"), DEADLINE)
            seen.update(living_children())
        assert len(seen) >= 2


async def test_cancelling_a_run_kills_its_process(pool: ParserPool, make: MakeRequest) -> None:
    run = asyncio.create_task(pool.run(PROJECT, make("fault: sleep"), DEADLINE))
    await until_busy()
    (before,) = living_children()
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert (await pool.run(PROJECT, make("fine"), DEADLINE)).document is not None
    assert before not in living_children()


async def test_a_process_killed_while_idle_harms_no_file(
    pool: ParserPool, make: MakeRequest
) -> None:
    await pool.run(PROJECT, make("first"), DEADLINE)
    (idle,) = living_children()
    os.kill(idle, signal.SIGKILL)
    await asyncio.sleep(0.2)
    assert (await pool.run(PROJECT, make("second"), DEADLINE)).document is not None


async def test_a_module_that_cannot_start_is_no_fault_of_a_file(make: MakeRequest) -> None:
    async with ParserPool(1, "tests.no_such_engine") as pool:
        with pytest.raises(OutageError, match="no_such_engine"):
            await pool.run(PROJECT, make("text"), DEADLINE)


@pytest.mark.parametrize(
    "code", [errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENOENT, errno.EACCES, errno.ENOSPC]
)
async def test_a_machine_without_a_process_to_give_is_no_fault_of_a_file(
    make: MakeRequest, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    async with ParserPool(2) as pool:
        # One was read, and its process had its share: the next needs another.
        assert (await pool.run(PROJECT, make("first"), DEADLINE)).document
        (idle,) = living_children()
        os.kill(idle, signal.SIGKILL)
        await asyncio.sleep(0.2)

        async def refused(*_: Any, **__: Any) -> Any:
            raise OSError(code, os.strerror(code))

        with monkeypatch.context() as patch:
            patch.setattr(asyncio, "create_subprocess_exec", refused)
            requests = in_one_group([make(f"text {n}") for n in range(3)])
            async with aclosing(pool.run_many(PROJECT, requests)) as responses:
                with pytest.raises(OutageError, match="one could not start") as raised:
                    await anext(responses)
            assert os.strerror(code) in str(raised.value)
            assert blame(raised.value) is Blame.OUTSIDE
        # The place in the pool is free again, and so is the folder.
        results = await asyncio.gather(
            *(pool.run(PROJECT, make(f"later {n}"), DEADLINE) for n in range(2))
        )
        assert all(one.document for one in results)
        assert len({Path(one.cwd()) for one in parser_processes()}) <= 2


async def test_waiting_for_a_process_does_not_count_against_the_deadline(
    pool: ParserPool, make: MakeRequest
) -> None:
    await pool.run(PROJECT, make("warm"), DEADLINE)
    slow = asyncio.create_task(pool.run(PROJECT, make("fault: sleep"), 2.0))
    await asyncio.sleep(0.1)
    result = await pool.run(PROJECT, make("waits its turn"), 1.5)
    assert result.document is not None
    await slow


async def test_a_parser_process_has_no_secret_of_its_parent(
    monkeypatch: pytest.MonkeyPatch, make: MakeRequest
) -> None:
    monkeypatch.setenv("SHEAF_TEST_SECRET", "hush")
    async with ParserPool(1) as pool:
        await pool.run(PROJECT, make("text"), DEADLINE)
        (process,) = parser_processes()
        passed = {"PATH", "LANG", "TESSDATA_PREFIX"}
        made = {"PYTHONPATH", "PYTHONSAFEPATH", "TMPDIR"}
        assert set(process.environ()) <= passed | made


async def test_hundreds_of_files_do_not_grow_the_parent(
    pool: ParserPool, make: MakeRequest
) -> None:
    request = make("a line of text\n" * 2000)

    async def read_many() -> int:
        for _ in range(400):
            await pool.run(PROJECT, request, DEADLINE)
        return int(psutil.Process().memory_info().rss)

    first = await read_many()
    second = await read_many()
    assert second - first < 8 * 1024**2


async def test_a_process_that_holds_on_to_memory_is_replaced(
    make: MakeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sheaf.parser_pool.pool.MAX_IDLE_BYTES", 1024**2)
    async with ParserPool(1) as pool:
        await pool.run(PROJECT, make("first"), DEADLINE)
        before = living_children()
        await pool.run(PROJECT, make("second"), DEADLINE)
        assert not set(before) & set(living_children())


def in_one_group(requests: list[EngineRequest], deadline: float = DEADLINE) -> ParseRequests:
    asked = [ParseRequest(str(n), one, deadline) for n, one in enumerate(requests)]
    return ParseRequests.of([asked])


async def read_all(
    pool: ParserPool, requests: list[EngineRequest], deadline: float = DEADLINE
) -> list[EngineResult]:
    asked = in_one_group(requests, deadline)
    responses = [response async for response in pool.run_many(PROJECT, asked)]
    assert [one.request_id for one in responses] == [str(n) for n in range(len(requests))]
    return [one.result for one in responses]


def texts(results: list[EngineResult]) -> list[str]:
    return [one.document.pages[0].text if one.document else str(kind_of(one)) for one in results]


async def test_many_files_come_back_in_order_from_one_process(
    pool: ParserPool, make: MakeRequest
) -> None:
    words = [f"text {number}" for number in range(100)]
    assert texts(await read_all(pool, [make(word) for word in words])) == words
    assert len(living_children()) == 1


@pytest.mark.parametrize("cue", ["segfault", "exit", "garbage", "foreign", "huge", "abort"])
async def test_a_crash_is_blamed_on_its_file_and_those_behind_it_are_read_again(
    pool: ParserPool, make: MakeRequest, cue: str
) -> None:
    words = [f"text {number}" for number in range(60)]
    requests = [make(word) for word in words]
    for place in (0, 20, 21, 59):
        requests[place] = make(f"fault: {cue}")
    found = texts(await read_all(pool, requests))
    for place in (0, 20, 21, 59):
        words[place] = "TooLarge" if cue in {"huge", "abort"} else "Crashed"
    assert found == words


async def test_a_file_sent_ahead_has_its_whole_time(pool: ParserPool, make: MakeRequest) -> None:
    requests = [make(f"text {number}") for number in range(30)]
    requests.insert(15, make("fault: sleep"))
    found = texts(await read_all(pool, requests, deadline=1.0))
    assert found[15] == "Timeout"
    assert [word for word in found if word != "Timeout"] == [f"text {n}" for n in range(30)]


async def test_requests_are_taken_only_as_there_is_room(
    pool: ParserPool, make: MakeRequest
) -> None:
    taken = 0

    def begins() -> bool:
        nonlocal taken
        taken += 1
        return True

    responses = pool.run_many(PROJECT, in_one_group([make("text")] * 1000), begins)
    for _ in range(5):
        await anext(responses)
    await responses.aclose()
    assert taken <= 5 + MOST_AHEAD + 1
    assert (await pool.run(PROJECT, make("after"), DEADLINE)).document is not None


async def test_a_stop_kills_what_runs_and_what_waits_for_a_process(
    pool: ParserPool, make: MakeRequest
) -> None:
    stop = asyncio.get_running_loop().create_future()

    async def read(request: EngineRequest) -> None:
        async for _ in pool.run_many(PROJECT, in_one_group([request]), stop=stop):
            pass

    reads = [asyncio.create_task(read(make("fault: sleep"))) for _ in range(3)]
    await until_busy()
    stop.set_result(None)
    for one in reads:
        with pytest.raises(asyncio.CancelledError):
            await one
    assert (await pool.run(PROJECT, make("fine"), DEADLINE)).document is not None


async def test_a_process_whose_folder_cannot_be_emptied_is_replaced_and_harms_no_file(
    pool: ParserPool, make: MakeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: ParserProcess) -> None:
        raise PermissionError

    with monkeypatch.context() as patch:
        patch.setattr(ParserProcess, "tidy", refuse)
        assert (await pool.run(PROJECT, make("first"), DEADLINE)).document is not None
    before = living_children()
    assert (await pool.run(PROJECT, make("second"), DEADLINE)).document is not None
    assert not set(before) & set(living_children())


async def test_a_process_that_the_machine_failed_in_reads_no_further_file(
    pool: ParserPool, make: MakeRequest
) -> None:
    await pool.run(PROJECT, make("warm"), DEADLINE)
    before = living_children()
    words = [f"text {number}" for number in range(40)]
    requests = [make(word) for word in words]
    requests[20] = make("fault: descriptors")
    found = texts(await read_all(pool, requests))
    words[20] = "Unavailable"
    assert found == words
    assert not set(before) & set(living_children())


async def test_a_file_that_vanished_and_one_that_may_not_be_read_say_so(
    pool: ParserPool, make: MakeRequest, tmp_path: Path
) -> None:
    gone = make("gone")
    Path(gone.path).unlink()
    assert kind_of(await pool.run(PROJECT, gone, DEADLINE)) is FailureKind.SOURCE_CHANGED
    folder = make("x").changed(path=str(tmp_path))
    assert kind_of(await pool.run(PROJECT, folder, DEADLINE)) is FailureKind.REFUSED


async def test_a_process_that_cannot_be_killed_is_left(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(parser_process, "STOP_SECONDS", 0.1)
    folder = tmp_path / "process"
    folder.mkdir()
    process = await ParserProcess.start("sheaf.testing.slow_engine", 2**32, folder, "p")
    really = process._process
    process._process = cast("Any", Unkillable())
    assert await process.wait() == -signal.SIGKILL
    really.kill()
    await really.wait()


class Unkillable:
    """A process that hangs in the kernel: it heeds no signal and does not end."""

    stdin = None
    returncode = None

    pid = 2**22 + 1
    """Over the highest id of a process."""

    async def wait(self) -> int:
        await asyncio.Event().wait()
        raise AssertionError
