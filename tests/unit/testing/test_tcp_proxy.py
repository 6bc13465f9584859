"""The proxy that tests cut connections by leaves none of its own open."""

import asyncio
import gc
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from sheaf.testing.listening import stop_listening
from sheaf.testing.tcp_proxy import tcp_proxy

SECONDS = 10
ENDED = (ConnectionResetError, asyncio.IncompleteReadError)


@asynccontextmanager
async def target() -> AsyncIterator[tuple[int, asyncio.Queue[asyncio.StreamWriter]]]:
    """A port, and the connections that it took."""
    taken: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()

    async def take(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        taken.put_nowait(writer)

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], taken
    finally:
        await stop_listening(server)
        while not taken.empty():
            taken.get_nowait().transport.abort()


async def test_a_reset_of_one_end_closes_the_other() -> None:
    async with target() as (port, taken), asyncio.timeout(SECONDS):
        with tcp_proxy(port) as proxy:
            reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
            writer.write(b"a request")
            await writer.drain()
            other = await taken.get()
            linger = struct.pack("ii", 1, 0)
            other.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            other.transport.abort()
            with pytest.raises(ENDED):
                await reader.readexactly(1)
            writer.transport.abort()


async def test_what_is_being_connected_while_the_proxy_goes_is_cut(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connect = asyncio.open_connection
    goes_on, is_there = asyncio.Event(), asyncio.Event()
    ours = asyncio.get_running_loop()

    async def slowly(host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        made = await connect(host, port)
        ours.call_soon_threadsafe(is_there.set)
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(goes_on.wait(), ours))
        return made

    async with target() as (port, taken), asyncio.timeout(SECONDS):
        with tcp_proxy(port) as proxy:
            reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
            monkeypatch.setattr(asyncio, "open_connection", slowly)
            late = await connect("127.0.0.1", proxy.port)
            await is_there.wait()
            await asyncio.to_thread(proxy.refuse)
            goes_on.set()
            for one in (reader, late[0]):
                with pytest.raises(ENDED):
                    await one.readexactly(1)
            (await taken.get()).transport.abort()
            await asyncio.sleep(0.1)
            for end in (writer, late[1]):
                end.transport.abort()
    del proxy
    # What nobody closed is told of where it is collected, and a warning is an error.
    gc.collect()
