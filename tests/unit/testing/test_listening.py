"""A server of a test that stops loses no connection that it has just accepted."""

import asyncio
import gc
import socket

import pytest

from sheaf.testing.listening import stop_listening


@pytest.mark.parametrize("steps", range(6))
async def test_a_connection_that_was_just_accepted_is_handed_on(steps: int) -> None:
    taken: list[asyncio.StreamWriter] = []

    async def take(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        taken.append(writer)

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    with socket.create_connection(server.sockets[0].getsockname()):
        for _ in range(steps):
            await asyncio.sleep(0)
        await stop_listening(server)
        for writer in taken:
            writer.transport.abort()
        await asyncio.sleep(0)
    # A socket that nobody has is told of where it is collected, and a warning is an error.
    gc.collect()
