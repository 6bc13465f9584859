"""Ids of projects and of the organisation as the contract types them: UUIDs.

An operator names a project in a word, which keys, settings and the ledger keep. What callers are
shown is a UUID derived from that word, and they may send either.
"""

import uuid
from typing import Annotated

from pydantic import AfterValidator

_PROJECTS = uuid.UUID("5d0a8a52-6a0e-5c0b-8d5f-3f2b8b6a7c11")
"""Namespace of the ids of projects (RFC 9562, version 5)."""

ORGANIZATION_ID = str(uuid.uuid5(_PROJECTS, "/organization"))
"""A deployment is one organisation."""


def project_uuid(project_id: str) -> str:
    """Return a project's UUID; one whose id is a UUID keeps it."""
    try:
        return str(uuid.UUID(project_id))
    except ValueError:
        return str(uuid.uuid5(_PROJECTS, project_id))


def is_project(text: str, project_id: str) -> bool:
    """Whether a text names a project: by its own id, or by its UUID."""
    return text == project_id or text.lower() == project_uuid(project_id)


ProjectId = Annotated[str, AfterValidator(project_uuid)]
"""The id of a project in an answer, which may be made of either spelling."""
