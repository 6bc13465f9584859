"""Requests through processes: what is sent when, and which response is whose."""

import asyncio
from collections import Counter
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheaf.contracts.documents import EngineRequest, EngineResult, ParsedDocument, ParsedPage
from sheaf.contracts.failures import OutageError
from sheaf.parser_pool.frame_reader import ForeignFrameError
from sheaf.parser_pool.pipeline import MOST_AHEAD, RequestPipeline
from sheaf.parser_pool.process import ParserProcess, ProcessDiedError
from sheaf.parser_pool.requests import ParseRequest, ParseRequests, ParseResponse
from sheaf.runtime.stages import Stages


def result(text: str) -> EngineResult:
    page = ParsedPage(page=1, text=text, md=text)
    return EngineResult(
        document=ParsedDocument(
            pages=(page,), media_type="text/plain", engine="fake", engine_version="1", total_pages=1
        )
    )


class FakeProcess:
    """Answers with the names of files; at some it dies, or sends what is no answer."""

    memory_bytes = most_bytes = 1

    def __init__(self, pool: "FakePool") -> None:
        self.pool = pool
        self.waiting: dict[bytes, str] = {}
        self.files_taken = self.files_answered = 0
        self.is_alive, self.was_killed = True, False

    def send(self, frames: list[bytes]) -> list[bytes]:
        assert self.is_alive
        nonces = []
        for frame in frames:
            name = EngineRequest.model_validate_json(frame).name
            self.pool.nonces += 1
            nonces.append(self.pool.nonces.to_bytes(16, "big"))
            self.waiting[nonces[-1]] = name
            self.pool.sent[name] += 1
        self.files_taken += len(frames)
        self.pool.most_sent = max(self.pool.most_sent, len(self.waiting))
        return nonces

    def received(self, nonce: bytes) -> bytes | None:
        assert nonce == next(iter(self.waiting)), "the oldest is waited for"

    async def receive(self, nonce: bytes, pause_seconds: float) -> bytes:
        await asyncio.sleep(0)
        if not self.is_alive:
            raise ProcessDiedError
        name = self.waiting.pop(nonce)
        if name.startswith("dies"):
            self.is_alive = False
            raise ProcessDiedError
        if name.startswith("stray"):
            raise ForeignFrameError
        self.files_answered += 1
        return result(name).model_dump_json().encode()

    def kill(self) -> None:
        self.is_alive, self.was_killed = False, True

    async def wait(self) -> int:
        return -9

    def ran_out_of_memory(self) -> bool:
        return False


class FakePool:
    """Has a new process for each that was given back dead."""

    def __init__(self, files_per_process: int = 1000) -> None:
        self.files_per_process = files_per_process
        self.nonces = 0
        self.sent = Counter[str]()
        self.most_sent = 0
        self.processes: list[FakeProcess] = []
        self.taken: FakeProcess | None = None
        self.refuses = False

    async def take(self, project_id: str, stop: asyncio.Future[None] | None) -> ParserProcess:
        assert self.taken is None
        if self.refuses:
            raise OSError("no process to give")
        if not self.processes or not self.processes[-1].is_alive or self.worn():
            self.processes.append(FakeProcess(self))
        self.taken = self.processes[-1]
        return cast("ParserProcess", self.taken)

    def worn(self) -> bool:
        return self.processes[-1].files_taken >= self.files_per_process

    def give_back(self, process: ParserProcess) -> None:
        assert cast("FakeProcess", process) is self.taken
        self.taken = None

    def is_worn(self, process: ParserProcess) -> bool:
        return process.files_taken >= self.files_per_process


def requests(names: list[str]) -> list[ParseRequest]:
    return [
        ParseRequest(f"id of {n} {name}", EngineRequest(path="in", name=f"{name} {n}"), 60)
        for n, name in enumerate(names)
    ]


async def read(pool: FakePool, asked: list[ParseRequest]) -> list[ParseResponse]:
    pipeline = RequestPipeline(pool, "project", ParseRequests.of([asked] if asked else []))
    return [response async for response in pipeline.responses()]


@given(
    st.lists(st.sampled_from(["text", "text", "text", "dies", "stray"]), max_size=80),
    st.integers(1, 40),
)
def test_each_response_bears_the_id_of_its_request_and_no_text_of_another(
    names: list[str], files_per_process: int
) -> None:
    pool = FakePool(files_per_process)
    asked = requests(names)
    found = asyncio.run(read(pool, asked))
    assert [one.request_id for one in found] == [one.id for one in asked]
    for one, request in zip(found, asked, strict=True):
        name = request.engine_request.name
        if name.startswith("text"):
            assert one.result.document is not None
            assert one.result.document.pages[0].text == name
        else:
            assert one.result.document is None
            assert one.result.failure is not None
        assert one.seconds >= 0
    assert pool.most_sent <= MOST_AHEAD + 1
    assert pool.taken is None


async def test_a_stray_frame_fails_a_file_only_where_its_process_has_read_no_other() -> None:
    pool = FakePool()
    found = await read(pool, requests(["text", "stray", "text"]))
    assert pool.sent["stray 1"] == 2
    assert [one.result.document is None for one in found] == [False, True, False]


async def test_a_request_that_is_sent_again_has_another_nonce() -> None:
    pool = FakePool()
    asked = requests(["text"] * 10 + ["dies"] + ["text"] * 10)
    await read(pool, asked)
    assert pool.nonces == sum(pool.sent.values()) > len(asked)


async def test_nothing_is_begun_after_a_no_and_what_was_sent_is_answered() -> None:
    pool, begun = FakePool(), 0

    def begins() -> bool:
        nonlocal begun
        begun += 1
        return begun <= 7

    queue = ParseRequests.of([requests(["text"] * 5), requests(["text"] * 5)])
    pipeline = RequestPipeline(pool, "project", queue, begins)
    found = [response async for response in pipeline.responses()]
    assert len(found) == sum(pool.sent.values()) == 7
    assert begun == 8
    assert queue.is_closed


async def test_no_process_is_held_while_files_are_waited_for() -> None:
    pool = FakePool()
    queue = ParseRequests(1)
    found = 0

    async def read_all() -> None:
        nonlocal found
        async for _ in RequestPipeline(pool, "project", queue).responses():
            found += 1

    async def write() -> None:
        for number in range(3):
            await queue.put(requests([f"group {number}"]))
            while found <= number or pool.taken is not None:
                await asyncio.sleep(0)

    async with asyncio.timeout(10), Stages() as stages:
        stages.start(write(), writes=(queue,))
        stages.start(read_all(), reads=(queue,))
    assert found == 3
    assert len(pool.processes) == 1


async def test_a_stop_ends_also_what_waits_for_files() -> None:
    pool, stop = FakePool(), asyncio.get_running_loop().create_future()
    queue = ParseRequests(1)

    async def read_all() -> None:
        async for _ in RequestPipeline(pool, "project", queue, stop=stop).responses():
            pass

    reading = asyncio.create_task(read_all())
    await asyncio.sleep(0.01)
    stop.set_result(None)
    with pytest.raises(asyncio.CancelledError, match="the parse was stopped"):
        await reading
    assert queue.is_closed


async def test_a_pool_without_a_process_to_give_is_no_fault_of_a_file() -> None:
    pool = FakePool()
    pool.refuses = True
    with pytest.raises(OutageError, match="no process to give"):
        await read(pool, requests(["text"]))
