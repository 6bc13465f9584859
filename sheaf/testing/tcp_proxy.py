"""A proxy of TCP that can fall silent, as a firewall does that forgets, or be gone."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager

from sheaf.testing.listening import stop_listening

BLOCK_BYTES = 64 * 1024


class TcpProxy:
    """Passes bytes to a port of this machine, until it is told otherwise.

    Args:
        target: port to pass to.
        own: its own port; any that is free for 0.
    """

    def __init__(self, target: int, own: int = 0) -> None:
        self._target = target
        self.port = own
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._age = 0
        """Raised by each fault; connections of an earlier age pass nothing any more."""
        self._is_silent = False
        self.connections = 0
        """How many were taken so far."""
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def start(self) -> None:
        """Take connections."""
        self._thread.start()
        self._run(self._listen())

    def stop(self) -> None:
        """Close everything."""
        self._run(self._close())
        self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def silence(self) -> None:
        """Pass nothing more, on the connections there are and on new ones; close none.

        Those there are stay silent for good, on both sides.
        """
        self._loop.call_soon_threadsafe(self._fall_silent)

    def refuse(self) -> None:
        """Be gone: connections are cut, and new ones refused."""
        self._run(self._close())

    def heal(self) -> None:
        """Pass the bytes of new connections again."""
        self._run(self._listen())

    def _run(self, work: Coroutine[object, object, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    def _fall_silent(self) -> None:
        self._is_silent = True
        self._age += 1

    async def _listen(self) -> None:
        self._is_silent = False
        self._age += 1
        if self._server is None:
            self._server = await asyncio.start_server(self._taken, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        self._age += 1
        if self._server is not None:
            server, self._server = self._server, None
            await stop_listening(server)
        self._cut(*self._writers)

    async def _end(self) -> None:
        rest = asyncio.all_tasks(self._loop) - {asyncio.current_task(self._loop)}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    async def _taken(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        if self._server is None:
            self._cut(writer)
            return
        if self._is_silent:
            return
        age = self._age
        try:
            other = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            self._cut(writer)
            return
        self._writers.add(other[1])
        if self._server is None:
            # Refused since: whoever cut the connections did not know of this one.
            self._cut(writer, other[1])
            return
        ways = ((reader, other[1]), (other[0], writer))
        await asyncio.gather(*(self._passed(*way, age) for way in ways))
        if age == self._age:
            self._writers -= {writer, other[1]}

    async def _passed(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, age: int
    ) -> None:
        """Pass bytes one way until its reader ends, which closes its writer as well."""
        try:
            while block := await reader.read(BLOCK_BYTES):
                if age != self._age:
                    return
                writer.write(block)
                await writer.drain()
        except OSError:
            # Reset by either end. An end that is left open would be nobody's from here on.
            writer.transport.abort()
        if age == self._age:
            writer.close()

    def _cut(self, *writers: asyncio.StreamWriter) -> None:
        for writer in writers:
            writer.transport.abort()
        self._writers -= {*writers}


@contextmanager
def tcp_proxy(target: int) -> Iterator[TcpProxy]:
    """Run a proxy before a port."""
    proxy = TcpProxy(target)
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.stop()
