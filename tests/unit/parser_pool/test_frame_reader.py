"""Frames come out of a pipe as they went in, however they were cut on the way."""

import asyncio
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sheaf.parser_pool.frame_reader import ForeignFrameError, FrameReader, FrameTooLargeError
from sheaf.parser_pool.frames import HEADER, MAX_FRAME_BYTES, new_nonce

NONCE = new_nonce()


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
        nonces = [new_nonce() for _ in frames]
        data = b"".join(
            HEADER.pack(nonce, len(frame)) + frame
            for nonce, frame in zip(nonces, frames, strict=True)
        )
        pouring = asyncio.create_task(pour(data, sizes, writing))
        found = [await reader.frame(nonce, pause) for nonce in nonces]
        with pytest.raises(EOFError):
            await reader.frame(NONCE)
        await pouring
        reader.close()
        reader.close()
        return found

    assert asyncio.run(read()) == frames


async def test_a_frame_that_breaks_off_is_no_frame() -> None:
    reading, writing = os.pipe()
    reader = FrameReader(reading)
    os.write(writing, HEADER.pack(NONCE, 5) + b"abc")
    os.close(writing)
    with pytest.raises(EOFError):
        await reader.frame(NONCE)
    reader.close()


async def test_an_announced_size_over_the_limit_is_not_waited_for() -> None:
    reading, writing = os.pipe()
    reader = FrameReader(reading)
    os.write(writing, HEADER.pack(NONCE, MAX_FRAME_BYTES + 1))
    with pytest.raises(FrameTooLargeError):
        await reader.frame(NONCE)
    os.close(writing)
    reader.close()


@settings(max_examples=200, deadline=None)
@given(
    stray=st.one_of(
        st.binary(min_size=1, max_size=64),
        st.builds(
            lambda nonce, length, body: HEADER.pack(nonce, length) + body,
            st.binary(min_size=16, max_size=16),
            st.one_of(st.integers(0, 64), st.integers(0, 2**32 - 1)),
            st.binary(max_size=64),
        ),
    ),
    before=st.integers(min_value=0, max_value=3),
    behind=st.integers(min_value=1, max_value=3),
    sizes=st.lists(st.integers(min_value=1, max_value=50), max_size=20),
)
def test_stray_bytes_never_come_back_as_a_frame_wherever_they_lie(
    stray: bytes, before: int, behind: int, sizes: list[int]
) -> None:
    async def read() -> None:
        reading, writing = os.pipe()
        reader = FrameReader(reading)
        nonces = [new_nonce() for _ in range(before + behind)]
        answers = [HEADER.pack(nonce, 2) + b"{}" for nonce in nonces]
        data = b"".join([*answers[:before], stray, *answers[before:]])
        pouring = asyncio.create_task(pour(data, sizes, writing))
        for nonce in nonces[:before]:
            assert await reader.frame(nonce) == b"{}"
        with pytest.raises(ForeignFrameError):
            await reader.frame(nonces[before])
        await pouring
        reader.close()

    asyncio.run(read())


async def test_an_answer_to_a_request_further_behind_is_foreign() -> None:
    reading, writing = os.pipe()
    reader = FrameReader(reading)
    behind = new_nonce()
    os.write(writing, HEADER.pack(behind, 2) + b"{}")
    with pytest.raises(ForeignFrameError):
        await reader.frame(NONCE)
    os.close(writing)
    reader.close()


async def test_a_foreign_frame_is_told_before_what_it_announces_is_waited_for() -> None:
    reading, writing = os.pipe()
    reader = FrameReader(reading)
    os.write(writing, HEADER.pack(new_nonce(), 1000))
    async with asyncio.timeout(10):
        with pytest.raises(ForeignFrameError):
            await reader.frame(NONCE)
    os.close(writing)
    reader.close()


@pytest.mark.parametrize("left", [b"x", HEADER.pack(NONCE, 2) + b"{}", HEADER.pack(NONCE, 9)])
@pytest.mark.parametrize("is_read", [True, False])
async def test_a_byte_that_no_one_has_taken_is_told(left: bytes, is_read: bool) -> None:
    reading, writing = os.pipe()
    reader = FrameReader(reading)
    assert reader.is_empty()
    answer = HEADER.pack(NONCE, 2) + b"{}"
    os.write(writing, answer + left if is_read else answer)
    assert await reader.frame(NONCE) == b"{}"
    if not is_read:
        assert reader.is_empty()
        os.write(writing, left)
    assert not reader.is_empty()
    assert not reader.is_empty()
    os.close(writing)
    reader.close()


async def test_a_pipe_at_its_end_is_not_empty() -> None:
    reading, writing = os.pipe()
    reader = FrameReader(reading)
    os.close(writing)
    assert not reader.is_empty()
    reader.close()
