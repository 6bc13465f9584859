"""Links that give a file's bytes without a key: signed, and good for a time."""

import hashlib
import hmac
import time
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, HTTPException, Query, Request

from sheaf.api.dependencies.auth import Caller, CurrentCaller, State
from sheaf.api.dependencies.link_base import link_base
from sheaf.api.state import ApiState
from sheaf.contracts.http.files import PresignedUrl
from sheaf.ledger.access.keys import KeyLedger
from sheaf.rules.times import moment

DEFAULT_SECONDS = 3600
_SECOND = 1_000_000
"""In microseconds."""
Expires = Annotated[int, Query(ge=0, lt=2**40)]
Signature = Annotated[str, Query(max_length=128)]

KeyId = Annotated[str, Query(max_length=64)]

DOWNLOAD_HEADERS = {
    # Bytes of strangers: a browser saves them, and takes them for nothing that runs.
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cache-Control": "private, no-store",
}


@dataclass(frozen=True)
class Linking:
    """Who is given links: by which request, and under which key, whose end is theirs."""

    request: Request
    state: ApiState
    caller: Caller


def signed_link(to: Linking, path: str, seconds: int = DEFAULT_SECONDS) -> PresignedUrl:
    """Return a link to a path of this API, for that path alone.

    It is good for so many seconds, and no longer than the key that it is given out under.
    """
    expires = int(time.time()) + seconds
    ends_at = to.caller.key_expires_at
    if ends_at is not None:
        expires = min(expires, ends_at // _SECOND)
    key = to.caller.key_id
    signature = _signature(to.state.signing_keys.now().current, path, expires, key)
    query = f"expires={expires}&key={key}&signature={signature}"
    url = f"{link_base(to.request, to.state)}{path}?{query}"
    return PresignedUrl(url=url, expires_at=moment(expires * _SECOND))


def file_path(file_id: str) -> str:
    """Return the path under which a link gives an uploaded file's bytes."""
    return f"/api/v1/beta/files/{file_id}/download"


async def check_link(
    request: Request, state: State, expires: Expires, key: KeyId, signature: Signature
) -> None:
    """Refuse a link that this server did not make, that has expired, or whose key has ended.

    One that was signed under a signing key of before lasts as it says.
    """
    keys = state.signing_keys.now()
    signed_by = (keys.current, *(one.key for one in keys.previous if expires <= one.links_until))
    known = (_signature(one, request.url.path, expires, key).encode() for one in signed_by)
    # Bytes: a comparison of texts fails for letters that are not ASCII.
    is_known = any(hmac.compare_digest(one, signature.encode()) for one in known)
    if not is_known or expires <= time.time() or not await KeyLedger(state.database).is_valid(key):
        raise HTTPException(403, "The link has ended, or this server did not make it.")


async def _linking(request: Request, state: State, caller: CurrentCaller) -> Linking:
    return Linking(request, state, caller)


Links = Annotated[Linking, Depends(_linking)]
"""Makes links for the caller."""
BY_LINK = Depends(check_link)
"""Of an address that needs no key, but a link."""


def _signature(signing_key: bytes, path: str, expires: int, key: str) -> str:
    message = f"{path} {expires} {key}".encode()
    return hmac.new(signing_key, message, hashlib.sha256).hexdigest()
