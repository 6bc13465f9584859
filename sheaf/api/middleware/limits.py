"""Bounds on what a caller sends, before anything of it is parsed."""

import json
import re
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sheaf.rules.parameters.finite_json import NotFiniteError, read_json

MAX_JSON_BYTES = 8 * 1024**2
"""Body of every request but an upload; 100,000 item ids are 4 MB."""
MAX_UPLOAD_BYTES = 513 * 1024**2
"""512 MiB of file, the contract's limit, and room for the other parts."""
MAX_JSON_DEPTH = 64
MAX_QUERY_BYTES = 48 * 1024
"""A thousand ids."""

_STRINGS = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
"""Also one that has no end, which would else be looked for again from every later quote."""


class RequestLimits:
    """Refuses bodies that are too large or too deep, and bytes that no database can keep."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or answer 413 or 422."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if len(scope["query_string"]) > MAX_QUERY_BYTES:
            await _refuse(send, 414, f"The query is longer than {MAX_QUERY_BYTES} bytes.")
            return
        if b"%00" in scope["query_string"] or "\0" in scope["path"]:
            await _refuse(send, 422, _invalid("query", "NUL characters are not allowed."))
            return
        if not may_have_body(scope):
            await self._app(scope, _replayed(b"", receive), send)
            return
        if Headers(scope=scope).get("content-type", "").startswith("multipart/form-data"):
            if _length(scope) > MAX_UPLOAD_BYTES:
                await _refuse(send, 413, f"The upload is larger than {MAX_UPLOAD_BYTES} bytes.")
            else:
                await self._app(scope, _counted(receive), send)
            return
        body = await _read(receive) if _length(scope) <= MAX_JSON_BYTES else None
        if body is None:
            await _refuse(send, 413, f"The body is larger than {MAX_JSON_BYTES} bytes.")
        elif why := fault_of(body):
            await _refuse(send, 422, _invalid("body", why))
        elif wrong := _not_finite(body):
            await _refuse(send, 422, _invalid("body", str(wrong), *wrong.place))
        else:
            await self._app(scope, _replayed(body, receive), send)


class BodyTooLargeError(Exception):
    """An upload went over the limit while it was read."""


def may_have_body(scope: Scope) -> bool:
    """Whether a body of a request is read at all: what comes with a GET never is."""
    return scope["method"] not in {"GET", "HEAD", "OPTIONS"}


def fault_of(body: bytes) -> str | None:
    """Return what makes a body one that is not read, or None."""
    depth = deepest = 0
    if body.count(b"[") + body.count(b"{") > MAX_JSON_DEPTH:
        for byte in _STRINGS.sub(b"", body):
            if byte in b"[{":
                depth += 1
                deepest = max(deepest, depth)
            elif byte in b"]}":
                depth -= 1
    if deepest > MAX_JSON_DEPTH:
        return f"The body is nested deeper than {MAX_JSON_DEPTH} levels."
    if b"\\u0000" in body or b"\0" in body:
        return "NUL characters are not allowed."
    if b"\\ud" in body.lower() and not _is_text(body):
        return "Half of a surrogate pair is no character."
    return None


def _not_finite(body: bytes) -> NotFiniteError | None:
    try:
        read_json(body)
    except NotFiniteError as error:
        return error
    except (ValueError, RecursionError):
        pass  # Not JSON: its handler says so.
    return None


def _is_text(body: bytes) -> bool:
    """Whether every text of a JSON document can be written as UTF-8."""
    try:
        json.dumps(json.loads(body), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    except ValueError:
        pass  # Not JSON: its handler says so.
    return True


async def _read(receive: Receive) -> bytes | None:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b"".join(parts)
        part = message.get("body", b"")
        size += len(part)
        if size > MAX_JSON_BYTES:
            return None
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)


def _replayed(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def replay() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _counted(receive: Receive) -> Receive:
    size = 0

    async def counted() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > MAX_UPLOAD_BYTES:
            raise BodyTooLargeError
        return message

    return counted


def _length(scope: Scope) -> int:
    """Return the length that a body says it has; 0 where it says none, and is counted."""
    said = Headers(scope=scope).get("content-length", "")
    return int(said) if said.isdecimal() else 0


def _invalid(place: str, message: str, *within: str | int) -> list[dict[str, Any]]:
    return [{"loc": [place, *within], "msg": message, "type": "value_error"}]


async def _refuse(send: Send, status: int, detail: object) -> None:
    content = json.dumps({"detail": detail}).encode()
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
