"""Who sent a request, found by its key before anything of its body is read."""

from fastapi import HTTPException
from fastapi.security.utils import get_authorization_scheme_param
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as Connection

from sheaf.api.errors import answer
from sheaf.api.middleware.limits import may_have_body
from sheaf.ledger.access.keys import ApiKey, KeyLedger

_CHALLENGE = {"WWW-Authenticate": "Bearer"}
_KNOWN = "sheaf.key"


class KeysBeforeBodies:
    """Answers 401 to a request that may have a body and has no valid key, with the body unread.

    The framework reads and decodes a body before it asks who sent it. What is only read is left to
    the routes, of which some need no key; no address that is written to is open.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        """Serve a request, or answer 401; 503 where the ledger is away."""
        if scope["type"] == "http" and may_have_body(scope):
            try:
                scope[_KNOWN] = await _found(scope)
            except Exception as error:  # noqa: BLE001 - the application has a handler for each
                await answer(error, scope, receive, send)
                return
        await self._app(scope, receive, send)


async def authenticated(scope: Connection) -> ApiKey:
    """Return the key of a request.

    Raises:
        HTTPException: 401, there is none, or it is not valid.
    """
    known: ApiKey | None = scope.get(_KNOWN)
    return known or await _found(scope)


async def _found(scope: Connection) -> ApiKey:
    kind, secret = get_authorization_scheme_param(Headers(scope=scope).get("authorization"))
    if kind.lower() != "bearer" or not secret:
        raise HTTPException(401, "Not authenticated", _CHALLENGE)
    key = await KeyLedger(scope["app"].state.sheaf.database).find(secret)
    if key is None:
        raise HTTPException(401, "Invalid API Key, or it has expired or was revoked", _CHALLENGE)
    return key
