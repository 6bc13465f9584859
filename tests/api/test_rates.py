"""Too many requests: who is told to wait, and how long."""

import asyncio

import httpx
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from sheaf.api.middleware.rates import RequestRates


class Clock:
    """Seconds that pass when told."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


async def ok(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("ok")(scope, receive, send)


def client(app: RequestRates, key: str = "a") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app)
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.AsyncClient(transport=transport, base_url="http://sheaf.test", headers=headers)


async def test_a_caller_that_sends_too_much_is_told_when_to_come_again() -> None:
    clock = Clock()
    app = RequestRates(ok, lambda _: (0.5, 10), clock)
    async with client(app) as one, client(app, "b") as other:
        assert (await one.get("/x")).status_code == 200
        refused = await one.get("/x")
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "2")
        assert "0.5 requests a second" in refused.json()["detail"]
        assert (await other.get("/x")).status_code == 200
        assert (await one.get("/livez")).status_code == 200
        clock.now = 2.0
        assert (await one.get("/x")).status_code == 200


async def test_more_requests_than_can_be_served_at_once_are_refused() -> None:
    release = asyncio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await release.wait()
        await ok(scope, receive, send)

    app = RequestRates(slow, lambda _: (1000.0, 2))
    async with client(app) as one:
        waiting = [asyncio.ensure_future(one.get("/x")) for _ in range(2)]
        await asyncio.sleep(0)
        await asyncio.sleep(0.01)
        refused = await one.get("/x")
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
        release.set()
        assert [answer.status_code for answer in await asyncio.gather(*waiting)] == [200, 200]
        assert (await one.get("/x")).status_code == 200
