"""Cancelling an Activity: between its steps, never inside one."""

import asyncio
from collections.abc import AsyncGenerator
from typing import cast

import pytest
from temporalio.testing import ActivityEnvironment

from activities.cancellation import CancellableParser, stop_if_cancelled, to_its_end
from sheaf.contracts.documents import EngineFailure, EngineRequest, EngineResult
from sheaf.contracts.failures import FailureKind
from sheaf.parser_pool.pool import ParserPool
from sheaf.parser_pool.requests import ParseRequest, ParseRequests, RequestList

REQUEST = EngineRequest(path="/nowhere", name="a.txt")
ANSWER = EngineResult(failure=EngineFailure(kind=FailureKind.EMPTY, message="nothing in it"))


class SlowPool:
    """Takes `seconds` for a file, and knows how its last run ended."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.ended = "not begun"

    async def run_many(
        self, project_id: str, requests: ParseRequests, stop: asyncio.Future[None]
    ) -> AsyncGenerator[EngineResult, None]:
        assert project_id == "prj-1"
        while requests.take():
            done, _ = await asyncio.wait({stop}, timeout=self.seconds)
            self.ended = "stopped" if done else "answered"
            if done:
                raise asyncio.CancelledError
            yield ANSWER


async def read_one(pool: SlowPool) -> EngineResult:
    parser = CancellableParser(cast("ParserPool", pool))
    (answer,) = [
        one async for one in parser.run_many("prj-1", RequestList([ParseRequest(REQUEST, 60)]))
    ]
    return answer


async def test_a_step_that_is_cancelled_often_goes_on_to_its_end() -> None:
    steps: list[str] = []

    async def transaction() -> str:
        for step in ("begin", "write", "commit"):
            steps.append(step)
            await asyncio.sleep(0.01)
        return "committed"

    caller = asyncio.create_task(to_its_end(transaction()))
    for _ in range(3):
        await asyncio.sleep(0.005)
        caller.cancel()
    assert await caller == "committed"
    assert steps == ["begin", "write", "commit"]


async def test_an_error_of_a_step_reaches_its_caller() -> None:
    async def broken() -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        await to_its_end(broken())


async def test_a_cancelled_activity_stops_at_the_next_step() -> None:
    environment = ActivityEnvironment()
    steps = 0

    async def body() -> None:
        nonlocal steps
        while True:
            stop_if_cancelled()
            steps += 1
            await asyncio.sleep(0.01)

    async def run() -> None:
        await to_its_end(body())

    running = asyncio.create_task(environment.run(run))
    await asyncio.sleep(0.05)
    environment.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert steps > 0


async def test_a_cancelled_activity_stops_the_parse_it_waits_for() -> None:
    environment = ActivityEnvironment()
    pool = SlowPool(60)

    async def run() -> EngineResult:
        return await to_its_end(read_one(pool))

    running = asyncio.create_task(environment.run(run))
    await asyncio.sleep(0.05)
    environment.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert pool.ended == "stopped"


async def test_an_answer_of_the_parser_is_passed_on() -> None:
    pool = SlowPool(0)
    answer = await ActivityEnvironment().run(read_one, pool)
    assert answer is ANSWER
    assert pool.ended == "answered"
