"""Errors as the contract shapes them: `{"detail": …}`, a text or the list of what is invalid.

The SDKs try again after 409 and every 5xx, so neither is answered where another try cannot help.
"""

import errno
import math
import uuid
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send
from temporalio.service import RPCError

from sheaf.api.middleware.limits import MAX_UPLOAD_BYTES, BodyTooLargeError
from sheaf.api.not_served import not_served
from sheaf.contracts.failures import OutageError
from sheaf.contracts.http.requests import true_errors
from sheaf.ledger.records import NotFoundError
from sheaf.rules.outside_faults import is_outside_fault
from sheaf.storage.object_store import ObjectStoreError
from sheaf.views.views import BusyError, UnwritableError

log = structlog.get_logger(__name__)

RETRY_AFTER_SECONDS = 5
MOST_ERRORS_SHOWN = 20
MOST_INPUT_SHOWN = 200


class ErrorText(BaseModel):
    """What is wrong, and what to do."""

    detail: str


class InvalidField(BaseModel):
    """One field that cannot be honoured."""

    loc: list[str | int]
    """Where it stands, such as `["body", "page_size"]`."""
    msg: str
    type: str
    input: Any = None
    """What stood there, unless it may be secret or is not a plain value."""


class InvalidFields(BaseModel):
    """Every field that cannot be honoured, up to 20."""

    detail: list[InvalidField]


DOCUMENTED: dict[int | str, dict[str, Any]] = {
    400: {"model": ErrorText, "description": "The body cannot be read"},
    401: {"model": ErrorText, "description": "No key, or one that is not valid"},
    403: {"model": ErrorText, "description": "The key's scope, or the link, does not allow it"},
    404: {"model": ErrorText, "description": "There is no such thing in the key's project"},
    405: {"model": ErrorText, "description": "`Allow` names the methods of the address"},
    413: {
        "model": ErrorText,
        "description": "The body is too large, or what is asked for of a result is too large, or "
        "takes too long",
    },
    414: {"model": ErrorText, "description": "The query is too long"},
    422: {"model": InvalidFields, "description": "Fields that cannot be honoured"},
    429: {"model": ErrorText, "description": "Too many requests; Retry-After says when again"},
    500: {"model": ErrorText, "description": "An error of the server, with a correlation ID"},
    503: {
        "model": ErrorText,
        "description": "The database, storage or Temporal is away, or too many results are being "
        "written; see Retry-After",
    },
    507: {"model": ErrorText, "description": "The server's disk is full"},
}
"""The errors that any address may answer, for its description."""


class InvalidError(Exception):
    """A request that is well-formed and cannot be honoured: 422, naming field and fix.

    Args:
        field: where it stands, such as `("body", "page_size")`.
        message: what is wrong and what to send.
    """

    def __init__(self, field: tuple[str | int, ...], message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


def install(app: FastAPI) -> None:
    """Give an application the handlers of every error that may leave one of ours."""
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(ValidationError, _invalid_request)
    app.add_exception_handler(InvalidError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(NotFoundError, _not_found)
    app.add_exception_handler(BodyTooLargeError, _too_large)
    app.add_exception_handler(UnwritableError, _unwritable)
    app.add_exception_handler(BusyError, _busy)
    for away in (
        *(RPCError, OperationalError, PoolTimeoutError, ConnectionError, TimeoutError),
        *(ObjectStoreError, OutageError),
    ):
        app.add_exception_handler(away, _away)
    app.add_exception_handler(OSError, _outside)
    app.add_exception_handler(DBAPIError, _outside)
    app.add_exception_handler(Exception, _unexpected)


async def answer(error: Exception, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer an error that was raised before the application had the request, as it would."""
    handlers = scope["app"].exception_handlers
    handler = next(handlers[kind] for kind in type(error).__mro__ if kind in handlers)
    response = await handler(Request(scope), error)
    await response(scope, receive, send)


async def _invalid_request(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError | ValidationError)
    listed = [_detail(one) for one in true_errors(error.errors())[:MOST_ERRORS_SHOWN]]
    return JSONResponse({"detail": listed}, status_code=422)


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, InvalidError)
    listed = [{"loc": list(error.field), "msg": error.message, "type": "value_error"}]
    return JSONResponse({"detail": listed}, status_code=422)


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = ", ".join(_methods_at(request))
    detail = error.detail
    if error.status_code == 404 and detail == HTTPStatus.NOT_FOUND.phrase:
        detail = not_served(request.method, request.url.path)
    return JSONResponse({"detail": detail}, status_code=error.status_code, headers=headers)


def _methods_at(request: Request) -> list[str]:
    """Name every method of an address; the router knows only that of the first route there."""
    path = request.url.path
    routes = [
        route
        for route in iter_route_contexts(request.app.routes)
        if route.path_regex.match(path) and route.path_format
    ]
    # Of `/files/upload` and `/files/{id}`, which both match, the former is the address.
    closest = min((str(route.path_format).count("{") for route in routes), default=0)
    return sorted(
        {
            method
            for route in routes
            if str(route.path_format).count("{") == closest
            for method in route.methods or ()
        }
    )


async def _not_found(_: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"detail": str(error)}, status_code=404)


async def _too_large(_: Request, __: Exception) -> JSONResponse:
    detail = f"The upload is larger than {MAX_UPLOAD_BYTES} bytes."
    return JSONResponse({"detail": detail}, status_code=413)


async def _unwritable(_: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"detail": str(error)}, status_code=413)


async def _busy(_: Request, error: Exception) -> JSONResponse:
    detail = f"{str(error).rstrip('.')}. Try again in a few seconds."
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
    return JSONResponse({"detail": detail}, status_code=503, headers=headers)


async def _away(request: Request, error: Exception) -> JSONResponse:
    log.warning("a service is away", path=request.url.path, error=repr(error)[:500])
    detail = (
        "The server cannot reach its database, storage or Temporal. Try again in a few seconds."
    )
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
    return JSONResponse({"detail": detail}, status_code=503, headers=headers)


async def _outside(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, OSError) or error.errno not in {errno.ENOSPC, errno.EDQUOT}:
        return await (_away if is_outside_fault(error) else _unexpected)(request, error)
    log.error("the disk is full", path=request.url.path, error=str(error))
    return JSONResponse({"detail": "The server's disk is full."}, status_code=507)


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    correlation_id = str(uuid.uuid4())
    log.error(
        "unexpected error", path=request.url.path, correlation_id=correlation_id, exc_info=error
    )
    detail = f"An unexpected error; the server's log has it under correlation ID {correlation_id}."
    return JSONResponse({"detail": detail}, status_code=500)


def _may_be_secret(location: Sequence[object]) -> bool:
    """Whether what stood at a place is not to be repeated, not even to who sent it."""
    names = " ".join(map(str, location)).lower()
    return any(part in names for part in ("secret", "headers", "key", "proxy", "password"))


def _detail(error: object) -> dict[str, object]:
    """Return one validation error without the parts that may be huge or cannot be JSON."""
    given = jsonable_encoder(error, custom_encoder={Exception: str, bytes: lambda _: "<bytes>"})
    shown: dict[str, object] = {
        "loc": list(given["loc"]),
        "msg": str(given["msg"]),
        "type": str(given["type"]),
    }
    value = None if _may_be_secret(given["loc"]) else given.get("input")
    if isinstance(value, float) and not math.isfinite(value):
        shown["input"] = str(value)  # no number of JSON
    elif value is not None and isinstance(value, int | float | bool):
        shown["input"] = value
    elif isinstance(value, str):
        shown["input"] = value[:MOST_INPUT_SHOWN]
    return shown
