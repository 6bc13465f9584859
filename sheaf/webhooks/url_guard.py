"""The guard: the one way by which a URL that a caller gave is followed.

A URL is parsed once, its name is looked up once, and the connection goes to the address that was
checked, with the name as Host and as what the certificate must be for. Nothing is looked up a
second time, so a name that changes its answer in between gains nothing.

httpx-secure 2.0.0 was tried for this. It opens a connection to the name first and judges the
address that answered, so a refused address is connected to (empty, but seen by a port scan of a
network that the caller cannot reach); and it keeps that verdict for ten minutes.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import TracebackType
from typing import Self

from sheaf.rules.webhooks.addresses import Address
from sheaf.rules.webhooks.outbound_urls import (
    OutboundPolicy,
    RefusedUrlError,
    Target,
    check_address,
    check_target,
    check_text,
    target,
)
from sheaf.runtime import http_client

LOOKUP_SECONDS = 5.0
_LOOKUPS = ThreadPoolExecutor(16, thread_name_prefix="lookup")
"""Of its own, so that a name server that does not answer takes no thread from other work."""


class Guard:
    """Decides where URLs of callers may lead."""

    def __init__(self, policy: OutboundPolicy) -> None:
        self._policy = policy

    async def check(self, url: str, lookup_seconds: float = 1.0) -> None:
        """Refuse a URL on its way in.

        A name that cannot be looked up now is let through: it is looked up again at each send.

        Raises:
            RefusedUrlError: the URL is malformed, or leads where this server does not connect to.
        """
        found, _ = self.parse(url)
        try:
            await self.admit(found, lookup_seconds)
        except OSError:
            return

    def parse(self, url: str) -> tuple[Target, http_client.URL]:
        """Return where a URL leads by its text, and the URL; errors as of `check`."""
        check_text(url)
        try:
            parsed = http_client.URL(url)
            # Decoded by IDNA when it is read, here and by every request that httpx makes.
            _ = parsed.host
        except UnicodeError as error:
            raise RefusedUrlError("has a host that is no name by IDNA") from error
        except (http_client.InvalidURL, ValueError) as error:
            raise RefusedUrlError("is malformed") from error
        userinfo = parsed.userinfo.decode("ascii", "replace")
        # As it is sent and looked up.
        host = parsed.raw_host.decode("ascii")
        found = target(parsed.scheme, userinfo, host, parsed.port)
        check_target(found, self._policy)
        return found, parsed

    async def admit(self, found: Target, lookup_seconds: float = LOOKUP_SECONDS) -> Address:
        """Return the address to connect to; every address of the name has been judged.

        Raises:
            RefusedUrlError: one of them is denied.
            OSError: the name cannot be looked up, or not in time.
        """
        literal = found.literal
        addresses = [literal] if literal else await _look_up(found, lookup_seconds)
        for address in addresses:
            check_address(found, address, self._policy)
        return addresses[0]


class GuardedTransport(http_client.AsyncBaseTransport):
    """Sends requests through the guard; each is judged anew, also over a connection kept open.

    For one host: a connection is kept by its address, and another host of the same address must
    not be sent over one whose certificate was checked for this host. And for one request at a
    time: httpx looks at every connection of a pool for every request, so that 16 pools of one
    are twice as fast as one pool of 16.
    """

    def __init__(self, guard: Guard, context: ssl.SSLContext) -> None:
        self._guard = guard
        limits = http_client.Limits(max_connections=1, max_keepalive_connections=1)
        self._direct = http_client.AsyncHTTPTransport(
            verify=context, trust_env=False, limits=limits
        )

    async def handle_async_request(self, request: http_client.Request) -> http_client.Response:
        """Send a request to the address that its host was found to have.

        Raises:
            RefusedUrlError: see `Guard.admit`.
            http_client.HTTPError: the name is unknown, or the sending failed.
        """
        found, url = self._guard.parse(str(request.url))
        try:
            address = await self._guard.admit(found)
        except OSError as error:
            raise http_client.ConnectError("the name cannot be looked up") from error
        pinned = http_client.Request(
            request.method,
            url.copy_with(host=str(address)),
            headers=request.headers,
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": found.host.rstrip(".")},
        )
        return await self._direct.handle_async_request(pinned)

    async def __aenter__(self) -> Self:
        await self._direct.__aenter__()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self._direct.__aexit__(exc_type, exc_value, traceback)

    async def aclose(self) -> None:
        """Close every connection."""
        await self._direct.aclose()


async def _look_up(found: Target, seconds: float) -> Sequence[Address]:
    loop = asyncio.get_running_loop()
    ask = partial(socket.getaddrinfo, found.host, found.port, type=socket.SOCK_STREAM)
    async with asyncio.timeout(seconds):
        answers = await loop.run_in_executor(_LOOKUPS, ask)
    # IPv4 first: receivers that have both are often reached by it alone from a container.
    ordered = sorted(answers, key=lambda answer: answer[0] != socket.AF_INET)
    return [ipaddress.ip_address(answer[4][0]) for answer in ordered]
