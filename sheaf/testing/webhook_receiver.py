"""A receiver of events that behaves as a test says, down to the bytes on the wire."""

import asyncio
import json
import socket
import ssl
import struct
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from sheaf.testing.listening import stop_listening

Behaviour = str | bytes
"""`ok`, `hang`, `drip`, `reset`, `close`, `huge`, or the bytes of an answer."""


@dataclass(frozen=True)
class Received:
    """One request."""

    at: float
    path: str
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes

    @property
    def event_id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def event_type(self) -> str:
        return self.headers["x-webhook-event-type"]

    @property
    def event(self) -> dict[str, Any]:
        """The event, of either output format."""
        value = json.loads(self.body)
        found: dict[str, Any] = json.loads(value) if isinstance(value, str) else value
        return found


def answer(status: int, *headers: str) -> bytes:
    """Return an answer without a body."""
    lines = [f"HTTP/1.1 {status} Status", "Content-Length: 0", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


@dataclass
class Receiver:
    """What it got, and how it behaves: by a function of the request, `ok` otherwise."""

    port: int = 0
    scheme: str = "http"
    behave: Callable[[Received], Behaviour] = lambda _: "ok"
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    serving: set[asyncio.Task[None]] = field(default_factory=set)

    def url(self, path: str = "/hook") -> str:
        return f"{self.scheme}://localhost:{self.port}{path}"

    def taken(self, event_type: str | None = None) -> list[Received]:
        """Requests, of one type or of all."""
        return [one for one in self.received if event_type in {None, one.event_type}]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self.serving.add(task)
        try:
            while await self._request(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self.serving.discard(task)
            writer.close()

    async def _request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {
            name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:])
        }
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        one = Received(time.time(), head[0].split(" ")[1], headers, body)
        self.received.append(one)
        return await self._answer(self.behave(one), writer)

    async def _answer(self, behaviour: Behaviour, writer: asyncio.StreamWriter) -> bool:
        match behaviour:
            case "ok":
                writer.write(answer(200))
            case "hang":
                await asyncio.sleep(3600)
            case "drip":
                writer.write(b"HTTP/1.1 200 OK\r\n")
                while True:
                    writer.write(b"X-Slow: 1\r\n")
                    await writer.drain()
                    await asyncio.sleep(0.5)
            case "reset":
                linger = struct.pack("ii", 1, 0)
                writer.get_extra_info("socket").setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, linger
                )
                return False
            case "close":
                return False
            case "huge":
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
                while True:
                    writer.write(b"x" * 65536)
                    await writer.drain()
            case bytes():
                writer.write(behaviour)
        await writer.drain()
        return True


@asynccontextmanager
async def receiving(context: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """A receiver on a free port of this machine."""
    receiver = Receiver(scheme="https" if context else "http")
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0, ssl=context)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        await stop_listening(server)
        # Senders keep their connections open, and may live longer than this.
        left = list(receiver.serving)
        for one in left:
            one.cancel()
        await asyncio.gather(*left)
