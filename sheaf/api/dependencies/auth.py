"""Who asks: the project and scope of a request, from its key alone."""

import uuid
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, HTTPException, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from sheaf.api.middleware.authentication import authenticated
from sheaf.api.state import ApiState, api_state
from sheaf.contracts.apis import Scope
from sheaf.contracts.http.projects import is_project

_BEARER = HTTPBearer(auto_error=False, description="An API key; `sheaf keys create` makes one.")


@dataclass(frozen=True)
class Caller:
    """The project that a request acts in, and what its key allows."""

    project_id: str
    key_id: str
    scope: Scope
    key_expires_at: int | None = None
    """Microseconds of the epoch; None for a key that lasts until it is revoked."""


async def _caller(
    request: Request,
    _: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)],
    project_id: str | None = None,
    organization_id: str | None = None,
) -> Caller:
    """Find the key's project; a `project_id` of another project is as unknown as its rows."""
    del organization_id  # Of the contract; a key names its project, which has one organisation.
    key = await authenticated(request.scope)
    needed = needed_scope(request.method, request.url.path)
    if not key.scope.allows(needed):
        raise HTTPException(403, f"This key has the scope {key.scope}; {needed} is needed")
    if project_id and not is_project(project_id, key.project_id):
        raise HTTPException(404, f"project_id: no project {project_id[:64]}")
    return Caller(key.project_id, key.id, key.scope, key.expires_at)


def needed_scope(method: str, path: str) -> Scope:
    """Return what a key must allow for a request; a query is a list whose filter is a body."""
    is_read = method in {"GET", "HEAD"} or (method == "POST" and path.endswith("/query"))
    return Scope.READ if is_read else Scope.WRITE


CurrentCaller = Annotated[Caller, Depends(_caller)]
State = Annotated[ApiState, Depends(api_state)]


def is_uuid(text: str) -> bool:
    """Whether a text is a UUID in its usual form."""
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False
