"""Links that give a file's bytes without a key: signed, and good for a time."""

import hashlib
import hmac
import time
from functools import lru_cache
from pathlib import Path

from fastapi import Request

from api.state import ApiState
from api.times import moment
from models.files import PresignedUrl
from services.home import Home

DEFAULT_SECONDS = 3600
MAX_SECONDS = 7 * 24 * 3600
"""As long as presigned URLs of S3 last."""


def signed_link(
    request: Request, state: ApiState, file_id: str, seconds: int = DEFAULT_SECONDS
) -> PresignedUrl:
    """Return a link to an uploaded file's bytes, good for so many seconds."""
    expires = int(time.time()) + seconds
    base = (state.settings.api_url or str(request.base_url)).rstrip("/")
    query = f"expires={expires}&signature={_signature(state, file_id, expires)}"
    return PresignedUrl(
        url=f"{base}/api/v1/beta/files/{file_id}/download?{query}",
        expires_at=moment(expires * 1_000_000),
    )


def is_valid_link(state: ApiState, file_id: str, expires: int, signature: str) -> bool:
    """Whether this server made a link, and it has not expired."""
    known = _signature(state, file_id, expires)
    # Bytes: a comparison of texts fails for letters that are not ASCII.
    return hmac.compare_digest(known.encode(), signature.encode()) and expires > time.time()


def _signature(state: ApiState, file_id: str, expires: int) -> str:
    message = f"file {file_id} {expires}".encode()
    return hmac.new(_key(state.settings.home), message, hashlib.sha256).hexdigest()


@lru_cache(maxsize=8)
def _key(home: Path) -> bytes:
    return Home(home).signing_key()
