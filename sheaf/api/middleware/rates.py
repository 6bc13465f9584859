"""How many requests are served: of one key in a second, and of all at once."""

import hashlib
import json
import math
import time
from collections import OrderedDict
from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

MAX_CALLERS = 10_000
"""Callers remembered; who was quiet longest is forgotten first, and starts anew."""
BURST_SECONDS = 2
"""A caller that was quiet may send the requests of so many seconds at once."""
_OPEN = ("/livez", "/readyz", "/metrics", "/scaling")


class RequestRates:
    """Answers 429 with Retry-After where a caller sends too much, or the process has too much.

    Callers are told apart by their Authorization header, before anybody looks it up: guessing
    keys is bounded too. Each API process counts for itself.

    Args:
        app: what serves the requests.
        limits: returns requests a second of one caller, and requests at once of all.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        app: ASGIApp,
        limits: Callable[[Scope], tuple[float, int]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app = app
        self._limits = limits
        self._clock = clock
        self._running = 0
        self._left: OrderedDict[bytes, tuple[float, float]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or answer 429."""
        if scope["type"] != "http" or scope["path"] in _OPEN:
            await self._app(scope, receive, send)
            return
        rate, at_once = self._limits(scope)
        wait = self._take(_caller(scope), rate)
        if wait > 0:
            await _refuse(send, f"More than {rate:g} requests a second with this key.", wait)
        elif self._running >= at_once:
            await _refuse(send, f"The server works on {at_once} requests already.", 1)
        else:
            self._running += 1
            try:
                await self._app(scope, receive, send)
            finally:
                self._running -= 1

    def _take(self, caller: bytes, rate: float) -> float:
        """Take one request of a caller's; return the seconds to wait where none is left."""
        now = self._clock()
        most = max(1.0, rate * BURST_SECONDS)
        left, since = self._left.pop(caller, (most, now))
        left = min(most, left + (now - since) * rate)
        wait = 0.0 if left >= 1 else (1 - left) / rate
        self._left[caller] = (left if wait else left - 1, now)
        if len(self._left) > MAX_CALLERS:
            self._left.popitem(last=False)
        return wait


def _caller(scope: Scope) -> bytes:
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    given = next((value for name, value in headers if name == b"authorization"), b"")
    # Hashed, so that no key lies about in memory.
    return hashlib.sha256(given).digest()


async def _refuse(send: Send, detail: str, wait: float) -> None:
    seconds = str(max(1, math.ceil(wait))).encode()
    body = json.dumps({"detail": f"{detail} Try again after Retry-After."}).encode()
    headers = [(b"content-type", b"application/json"), (b"retry-after", seconds)]
    await send({"type": "http.response.start", "status": 429, "headers": headers})
    await send({"type": "http.response.body", "body": body})
