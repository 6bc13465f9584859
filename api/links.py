"""Links that give a file's bytes without a key: signed, and good for a time."""

import hashlib
import hmac
import time
from typing import Annotated

from fastapi import HTTPException, Query, Request

from api.state import ApiState
from models.files import PresignedUrl
from rules.times import moment

DEFAULT_SECONDS = 3600
MAX_SECONDS = 7 * 24 * 3600
"""As long as presigned URLs of S3 last."""

Expires = Annotated[int, Query(ge=0, lt=2**40)]
Signature = Annotated[str, Query(max_length=128)]

DOWNLOAD_HEADERS = {
    # Bytes of strangers: a browser saves them, and takes them for nothing that runs.
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cache-Control": "private, no-store",
}


def signed_link(
    request: Request, state: ApiState, path: str, seconds: int = DEFAULT_SECONDS
) -> PresignedUrl:
    """Return a link to a path of this API, good for so many seconds and for that path alone."""
    expires = int(time.time()) + seconds
    base = (state.settings.api_url or str(request.base_url)).rstrip("/")
    query = f"expires={expires}&signature={_signature(state, path, expires)}"
    return PresignedUrl(url=f"{base}{path}?{query}", expires_at=moment(expires * 1_000_000))


def file_path(file_id: str) -> str:
    """Return the path under which a link gives an uploaded file's bytes."""
    return f"/api/v1/beta/files/{file_id}/download"


def check_link(request: Request, state: ApiState, expires: int, signature: str) -> None:
    """Refuse a request by a link that this server did not make, or that has expired."""
    known = _signature(state, request.url.path, expires)
    # Bytes: a comparison of texts fails for letters that are not ASCII.
    is_known = hmac.compare_digest(known.encode(), signature.encode())
    if not is_known or expires <= time.time():
        raise HTTPException(403, "The link has expired, or this server did not make it.")


def _signature(state: ApiState, path: str, expires: int) -> str:
    message = f"{path} {expires}".encode()
    return hmac.new(state.signing_key, message, hashlib.sha256).hexdigest()
