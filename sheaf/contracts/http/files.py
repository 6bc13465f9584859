"""Requests and responses of the files API: what callers have uploaded."""

from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, ConfigDict, Field

from sheaf.contracts.http.projects import ProjectId
from sheaf.contracts.http.requests import RequestModel
from sheaf.contracts.temporal.payload import Payload
from sheaf.contracts.texts import Key, Text

MAX_FILE_IDS = 1000


class Purpose(StrEnum):
    """What a caller says that a file is for; nothing here depends on it."""

    USER_DATA = "user_data"
    PARSE = "parse"
    EXTRACT = "extract"
    SPLIT = "split"
    CLASSIFY = "classify"
    SHEET = "sheet"
    AGENT_APP = "agent_app"


class PresignedUrl(Payload):
    """An address that gives a file's bytes to whoever has it, until it expires."""

    url: str
    expires_at: AwareDatetime
    form_fields: dict[str, str] | None = None


class File(Payload):
    """An uploaded file."""

    id: str
    """A bare UUID."""
    name: str
    project_id: ProjectId
    external_file_id: str | None = None
    file_type: str | None = None
    """The name's extension, lower-case and without its dot."""
    last_modified_at: AwareDatetime | None = None
    expires_at: AwareDatetime | None = None
    purpose: str | None = None
    download_url: PresignedUrl | None = None
    """Only where `expand=download_url` asks for it."""


class FileCreate(RequestModel):
    """The parts of an upload beside its file."""

    purpose: Purpose
    external_file_id: Key | None = None


class FileQueryFilter(RequestModel):
    """Filters of a query; all of them must hold."""

    project_id: Text | None = None
    file_ids: Annotated[list[Text], Field(max_length=MAX_FILE_IDS)] | None = None
    file_name: Text | None = None
    data_source_id: Text | None = None
    """No file comes from a data source, so that none has one."""
    external_file_id: Text | None = None
    only_manually_uploaded: bool | None = None
    """Every file was."""


class FileQuery(RequestModel):
    """Body of a query."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"filter": {"file_name": "a.pdf"}, "order_by": "name desc", "page_size": 10}
            ]
        }
    )

    filter: FileQueryFilter | None = None
    order_by: Annotated[str, Field(max_length=200)] | None = None
    page_size: Annotated[int, Field(ge=1)] | None = None
    """More than 1,000 are taken for 1,000."""
    page_token: Annotated[str, Field(max_length=1000)] | None = None
