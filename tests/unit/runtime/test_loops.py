"""Loops that are told to stop end between two steps."""

import asyncio

from sheaf.runtime.loops import ended, repeat


async def test_a_step_that_has_begun_is_finished_before_the_loop_ends() -> None:
    stop, begun, steps = asyncio.Event(), asyncio.Event(), []

    async def step() -> None:
        begun.set()
        await asyncio.sleep(0.05)
        steps.append("whole")

    loop = asyncio.create_task(repeat(step, 3600, stop))
    await begun.wait()
    stop.set()
    await ended([loop], grace_seconds=60)
    assert steps == ["whole"]
    assert not loop.cancelled()


async def test_a_loop_that_waits_for_its_next_step_ends_at_once() -> None:
    stop, stepped = asyncio.Event(), asyncio.Event()

    async def step() -> None:
        stepped.set()

    loop = asyncio.create_task(repeat(step, 3600, stop))
    await stepped.wait()
    stop.set()
    await ended([loop], grace_seconds=60)
    assert not loop.cancelled()


async def test_a_step_that_hangs_is_given_up_after_the_grace() -> None:
    stop, begun = asyncio.Event(), asyncio.Event()

    async def step() -> None:
        begun.set()
        await asyncio.Event().wait()

    loop = asyncio.create_task(repeat(step, 3600, stop))
    await begun.wait()
    stop.set()
    await ended([loop], grace_seconds=0.01)
    assert loop.cancelled()
