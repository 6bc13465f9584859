"""Frames come out of a pipe as they went in, however they were cut on the way."""

import asyncio
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.engines.frame_reader import FrameReader, FrameTooLargeError
from services.engines.frames import HEADER, MAX_FRAME_BYTES


async def pour(data: bytes, sizes: list[int], descriptor: int) -> None:
    """Write bytes in parts of these sizes, then the rest, then close."""
    for size in sizes:
        os.write(descriptor, data[:size])
        data = data[size:]
        await asyncio.sleep(0)
    os.write(descriptor, data)
    os.close(descriptor)


@settings(max_examples=60, deadline=None)
@given(
    frames=st.lists(st.binary(max_size=200), max_size=8),
    sizes=st.lists(st.integers(min_value=1, max_value=50), max_size=20),
    pause=st.sampled_from([0.0, 0.001]),
)
def test_frames_come_back_whole_and_in_order(
    frames: list[bytes], sizes: list[int], pause: float
) -> None:
    async def read() -> list[bytes]:
        reading, writing = os.pipe()
        reader = FrameReader(reading)
        data = b"".join(HEADER.pack(len(frame)) + frame for frame in frames)
        pouring = asyncio.create_task(pour(data, sizes, writing))
        found = [await reader.frame(pause) for _ in frames]
        with pytest.raises(EOFError):
            await reader.frame()
        await pouring
        reader.close()
        reader.close()
        return found

    assert asyncio.run(read()) == frames


async def test_a_frame_that_breaks_off_is_no_frame() -> None:
    reading, writing = os.pipe()
    reader = FrameReader(reading)
    os.write(writing, HEADER.pack(5) + b"abc")
    os.close(writing)
    with pytest.raises(EOFError):
        await reader.frame()
    reader.close()


async def test_an_announced_size_over_the_limit_is_not_waited_for() -> None:
    reading, writing = os.pipe()
    reader = FrameReader(reading)
    os.write(writing, HEADER.pack(MAX_FRAME_BYTES + 1))
    with pytest.raises(FrameTooLargeError):
        await reader.frame()
    os.close(writing)
    reader.close()
