"""Requests and responses of the directories API."""

import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, ConfigDict, Field

from sheaf.contracts.http.files import PresignedUrl
from sheaf.contracts.http.projects import ProjectId
from sheaf.contracts.http.requests import RequestModel
from sheaf.contracts.temporal.payload import Payload
from sheaf.contracts.texts import JsonObject, Key, Metadata, Name, Text

MAX_DESCRIPTION = 10_000
MAX_BULK = 100

Description = Annotated[Text, Field(max_length=MAX_DESCRIPTION)]
Id = Annotated[Text, Field(min_length=1, max_length=64)]


def _plausible(time: datetime) -> datetime:
    if not 1970 < time.year < 9999:
        raise ValueError("not between the years 1971 and 9998")
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _written(value: object) -> object:
    """Refuse numbers, which would be taken for seconds or milliseconds by their size."""
    if isinstance(value, int | float) or (isinstance(value, str) and _NUMBER.fullmatch(value)):
        raise ValueError("not a time; write it like 2026-11-24T09:00:00Z")
    return value


_NUMBER = re.compile(r"\s*[-+]?[0-9_.]+(e[-+]?[0-9]+)?\s*", re.IGNORECASE)

Moment = Annotated[datetime, BeforeValidator(_written), AfterValidator(_plausible)]
"""A time; one without a zone is taken as UTC."""


class DirectoryType(StrEnum):
    """What a directory is for."""

    USER = "user"
    INDEX = "index"
    EPHEMERAL = "ephemeral"


class DirectoryCreate(RequestModel):
    """A directory to be made."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "inbox", "description": "scans of the day"}]}
    )

    name: Name
    description: Description | None = None
    type: Literal["user", "ephemeral"] = "user"
    connector_subscription_id: Key | None = None
    data_source_id: Key | None = None
    system_metadata: JsonObject | None = None
    expires_at: Moment | None = None
    """Kept and shown; nothing is deleted at that time."""
    source_uri: Annotated[Key, Field(examples=["file:///srv/documents"])] | None = None
    """Ours: the folder that the directory shows, under one of the server's source roots. A
    project has one directory for a folder, so that asking again changes and returns that one."""


class DirectoryUpdate(RequestModel):
    """What changes about a directory; the rest stays."""

    name: Name | None = None
    description: Description | None = None


class Directory(Payload):
    """A directory."""

    id: str
    project_id: ProjectId
    name: str
    description: str | None = None
    type: str | None = None
    connector_subscription_id: str | None = None
    data_source_id: str | None = None
    system_metadata: dict[str, Any] | None = None
    source_uri: str | None = None
    """Ours: the folder that it shows; null where it holds uploaded files."""
    expires_at: AwareDatetime | None = None
    deleted_at: AwareDatetime | None = None
    created_at: AwareDatetime | None = None
    updated_at: AwareDatetime | None = None


class DirectoryFileAdd(RequestModel):
    """An uploaded file to be put into a directory."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "file_id": "0192f0c1-a2b3-7c4d-8e9f-001122334455",
                    "unique_id": "2026/17.pdf",
                    "metadata": {"year": 2026},
                }
            ]
        }
    )

    file_id: Id
    unique_id: Key | None = None
    """By default the file's `external_file_id`, or its name."""
    display_name: Name | None = None
    metadata: Metadata | None = None


class DirectoryFileUpload(RequestModel):
    """The parts of an upload into a directory beside its file."""

    unique_id: Key | None = None
    display_name: Name | None = None
    external_file_id: Key | None = None
    metadata: Metadata | None = None


class DirectoryFileUpdate(RequestModel):
    """What changes about a directory's file; the rest stays."""

    unique_id: Key | None = None
    display_name: Name | None = None
    metadata: Metadata | None = None
    """Takes the place of all that was there."""
    target_directory_id: Id | None = None
    """Directory to which the file moves; it keeps its id."""
    directory_id: Id | None = None
    """The same, as older clients say it."""


class DirectoryFilesDelete(RequestModel):
    """Files to be deleted together."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"directory_file_ids": ["dfl-0192f0c1a2b37c4d8e9f001122334455"]}]
        }
    )

    directory_file_ids: Annotated[list[Id], Field(min_length=1, max_length=MAX_BULK)]


class DirectoryFile(Payload):
    """A file of a directory, which is an item of the jobs over it."""

    id: str
    project_id: ProjectId
    directory_id: str
    unique_id: str
    display_name: str
    file_id: str | None = None
    """The uploaded file that holds its bytes; null where the directory's folder does."""
    metadata: dict[str, Any] = {}
    deleted_at: AwareDatetime | None = None
    download_url: PresignedUrl | None = None
    created_at: AwareDatetime | None = None
    updated_at: AwareDatetime | None = None
