"""`/api/v1/projects` and `/api/v2/projects`: the one project that a key belongs to."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query

from sheaf.api.dependencies.auth import CurrentCaller, State
from sheaf.api.dependencies.paging import Page, PageSize, PageToken, decode_cursor
from sheaf.contracts.http.projects import ORGANIZATION_ID, ProjectId, is_project
from sheaf.contracts.temporal.payload import Payload
from sheaf.ledger.access.keys import KeyLedger
from sheaf.ledger.records import NotFoundError
from sheaf.rules.times import moment

_v1 = APIRouter(prefix="/api/v1/projects", tags=["projects"])
_v2 = APIRouter(prefix="/api/v2/projects", tags=["projects"])


class Project(Payload):
    """A project: what keys, directories, files and jobs belong to."""

    id: ProjectId
    name: str
    organization_id: str = ORGANIZATION_ID
    is_default: bool = True
    """Whether requests of the key act in it, which they always do."""
    created_at: datetime | None = None
    updated_at: datetime | None = None


@_v1.get("")
async def list_projects(
    caller: CurrentCaller,
    state: State,
    project_name: Annotated[str | None, Query(max_length=255)] = None,
) -> list[Project]:
    """List the projects of a key, of which there is one."""
    project = await _project(caller.project_id, state)
    return [project] if project_name in {None, project.name} else []


@_v2.get("")
async def list_projects_in_pages(
    caller: CurrentCaller,
    state: State,
    name: Annotated[str | None, Query(max_length=255)] = None,
    page_size: PageSize = 50,  # noqa: ARG001 - one project is one page
    page_token: PageToken = None,
) -> Page[Project]:
    """List the projects of a key, of which there is one."""
    decode_cursor(page_token, str)  # none was given out: there is no second page
    found = [] if page_token else await list_projects(caller, state, name)
    return Page(items=found, total_size=len(found))


@_v1.get("/{project}")
@_v2.get("/{project}")
async def get_project(
    project: Annotated[str, Path(max_length=64)], caller: CurrentCaller, state: State
) -> Project:
    """Return the key's own project; every other one is unknown to it."""
    if not is_project(project, caller.project_id):
        raise NotFoundError(f"no project {project}")
    return await _project(caller.project_id, state)


async def _project(project_id: str, state: State) -> Project:
    name, created_at = await KeyLedger(state.database).project(project_id)
    return Project(
        id=project_id, name=name, created_at=moment(created_at), updated_at=moment(created_at)
    )


router = APIRouter()
router.include_router(_v1)
router.include_router(_v2)
