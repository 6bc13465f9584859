"""Nothing of a body is read before its key is known, nor of one that is too large."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts
from sqlalchemy.exc import OperationalError

from sheaf.api.app import create_app
from sheaf.api.middleware.limits import MAX_JSON_BYTES, MAX_UPLOAD_BYTES
from sheaf.api.state import ApiState
from sheaf.contracts.apis import Scope
from sheaf.ledger.access.keys import KeyLedger
from tests.api.conftest import Served

Receive = Callable[[], Awaitable[dict[str, Any]]]


def operations() -> list[tuple[str, str]]:
    """Return method and path of every operation that writes, described or not."""
    app = create_app(lambda: (_ for _ in ()).throw(AssertionError))  # type: ignore[arg-type]
    return sorted(
        {
            (method.lower(), str(route.path_format))
            for route in iter_route_contexts(app.routes)
            for method in route.methods or ()
            if method not in {"GET", "HEAD"}
        }
    )


class Body:
    """A body that no one may ask for."""

    asked = 0

    async def never(self) -> dict[str, Any]:
        """Give another part; there is always one more."""
        self.asked += 1
        assert self.asked < 100, "the body was read"
        return {"type": "http.request", "body": b'{"', "more_body": True}


async def ask(
    state: ApiState, method: str, path: str, receive: Receive, **headers: str
) -> tuple[int, dict[bytes, bytes]]:
    """Call the application as a server does; return its status and headers."""
    app = create_app(lambda: (_ for _ in ()).throw(AssertionError))  # type: ignore[arg-type]
    app.state.sheaf = state
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": method.upper(),
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "scheme": "http",
        "http_version": "1.1",
        "headers": [
            (name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()
        ],
        "server": ("sheaf.test", 80),
        "client": ("127.0.0.1", 1),
    }
    await app(scope, receive, send)  # type: ignore[arg-type]
    start = next(message for message in sent if message["type"] == "http.response.start")
    return start["status"], dict(start["headers"])


@pytest.mark.parametrize(
    ("content_type", "length"),
    [
        ("application/json", {"content_length": "40000"}),
        ("application/json", {"transfer_encoding": "chunked"}),
        ("multipart/form-data; boundary=b", {"content_length": "40000"}),
        ("text/plain", {"transfer_encoding": "chunked"}),
    ],
)
@pytest.mark.parametrize(("method", "path"), operations())
async def test_a_body_without_a_key_is_refused_unread(
    served: Served, method: str, path: str, content_type: str, length: dict[str, str]
) -> None:
    for header in ({}, {"authorization": "Bearer nobody"}, {"authorization": "Basic eDp5"}):
        body = Body()
        status, headers = await ask(
            served.state, method, path, body.never, content_type=content_type, **length, **header
        )
        assert (status, body.asked) == (401, 0)
        assert headers[b"www-authenticate"] == b"Bearer"


@pytest.mark.parametrize(("method", "path"), operations())
async def test_a_body_that_says_it_is_too_large_is_refused_unread(
    served: Served, method: str, path: str
) -> None:
    key = (await served.key())["Authorization"]
    for content_type, limit in (
        ("application/json", MAX_JSON_BYTES),
        ("multipart/form-data; boundary=b", MAX_UPLOAD_BYTES),
    ):
        body = Body()
        status, _ = await ask(
            *(served.state, method, path, body.never),
            authorization=key,
            content_type=content_type,
            content_length=str(limit + 1),
        )
        assert (status, body.asked) == (413, 0)


async def test_an_endless_body_ends_at_its_limit(served: Served) -> None:
    key = (await served.key())["Authorization"]
    parts = 0

    async def endless() -> dict[str, Any]:
        nonlocal parts
        parts += 1
        return {"type": "http.request", "body": b" " * 2**20, "more_body": True}

    status, _ = await ask(
        *(served.state, "post", "/api/v1/beta/batch-processing", endless),
        authorization=key,
        content_type="application/json",
        transfer_encoding="chunked",
    )
    assert status == 413
    assert parts <= MAX_JSON_BYTES // 2**20 + 1


async def test_a_body_that_no_address_takes_is_not_read(served: Served) -> None:
    body = Body()
    status, _ = await ask(served.state, "get", "/livez", body.never, content_length="10")
    assert (status, body.asked) == (200, 0)


async def test_a_ledger_that_is_away_is_told_before_the_body_is_read(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise OperationalError("SELECT", {}, Exception("no answer"))

    monkeypatch.setattr(KeyLedger, "find", away)
    body = Body()
    status, headers = await ask(
        *(served.state, "post", "/api/v2/parse", body.never),
        authorization="Bearer some",
        content_type="application/json",
        content_length="2",
    )
    assert (status, body.asked) == (503, 0)
    assert int(headers[b"retry-after"]) > 0


async def test_a_key_is_looked_up_once_for_a_request_with_a_body(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    find = KeyLedger.find

    async def counted(self: KeyLedger, secret: str) -> Any:
        asked.append(secret)
        return await find(self, secret)

    monkeypatch.setattr(KeyLedger, "find", counted)
    key = await served.key(scope=Scope.WRITE)
    answer = await served.client.post("/api/v2/parse", json={}, headers=key)
    assert answer.status_code == 422
    assert len(asked) == 1
