"""Cancelling an Activity: between its steps, never inside one."""

import asyncio

import pytest
from temporalio.testing import ActivityEnvironment

from activities.cancellation import (
    cancellation,
    cancelled_by,
    stop_if_cancelled,
    to_its_end,
)


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


async def test_what_a_cancelled_activity_waits_for_is_told_at_once() -> None:
    environment = ActivityEnvironment()
    seen: list[bool] = []

    async def body() -> None:
        async with cancellation() as cancelled:
            seen.append(cancelled.done())
            await asyncio.wait({cancelled})
            seen.append(cancelled.done() and not cancelled.cancelled())
        stop_if_cancelled()

    async def run() -> None:
        await to_its_end(body())

    running = asyncio.create_task(environment.run(run))
    await asyncio.sleep(0.05)
    environment.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert seen == [False, True]


async def test_one_job_of_several_in_an_activity_is_told_of_its_own_cancel() -> None:
    async def body() -> tuple[bool, bool]:
        own = asyncio.Event()
        with cancelled_by(own):
            async with cancellation() as cancelled:
                own.set()
                await asyncio.wait({cancelled}, timeout=1)
                told = cancelled.done()
        async with cancellation() as cancelled:
            await asyncio.sleep(0)
            return told, cancelled.done()

    assert await ActivityEnvironment().run(body) == (True, False)


async def test_an_activity_that_ends_leaves_nobody_waiting_for_its_cancel() -> None:
    async def body() -> bool:
        async with cancellation() as cancelled:
            pass
        await asyncio.wait({cancelled})
        return cancelled.cancelled()

    assert await ActivityEnvironment().run(body)
