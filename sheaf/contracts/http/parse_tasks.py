"""Requests and responses of `/api/v2/parse`."""

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator

from sheaf.contracts.http.classify_v2 import FileInput, TaskStatus, Usage
from sheaf.contracts.http.parse_v2 import ParseConfiguration
from sheaf.contracts.http.projects import ProjectId
from sheaf.contracts.temporal.payload import Payload
from sheaf.contracts.texts import Text

UserMetadata = Annotated[
    dict[Annotated[Text, Field(max_length=200)], Annotated[Text, Field(max_length=2000)]],
    Field(max_length=50),
]


def address_refusal(field: str) -> str:
    """Return what to say of a field that names where a file is to be fetched."""
    return f"{field}: this server fetches no addresses."


class ParseUploadConfiguration(ParseConfiguration):
    """The part `configuration` of an upload."""

    user_metadata: UserMetadata | None = None
    http_proxy: Annotated[Text, Field(max_length=2000)] | None = None
    """Always None: nothing is fetched through it, and it may hold a password."""
    source_url: None = None
    """Addresses are not fetched; send the file."""

    @field_validator("http_proxy", mode="before")
    @classmethod
    def _drop_proxy(cls, proxy: object) -> None:
        if proxy is not None and not isinstance(proxy, str):
            raise ValueError("http_proxy is not a text")

    @field_validator("source_url", mode="before")
    @classmethod
    def _refuse_address(cls, address: object) -> None:
        if address is not None:
            raise ValueError(
                f"{address_refusal('source_url')} Upload the file to /api/v2/parse/upload, or to "
                "/api/v1/beta/files and send its file_id."
            )

    def configuration(self) -> ParseConfiguration:
        """Return the configuration alone."""
        names = set(ParseConfiguration.model_fields)
        return ParseConfiguration.model_validate(self.model_dump(include=names))


class ParseCreate(ParseUploadConfiguration):
    """A file to be parsed."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "tier": "fast",
                    "version": "latest",
                    "file_id": "0192f0c1-a2b3-7c4d-8e9f-001122334455",
                    "page_ranges": {"target_pages": "1-3"},
                }
            ]
        }
    )

    file_id: FileInput
    """Id of an uploaded file."""
    configuration_id: Annotated[Text, Field(max_length=64)] | None = None
    """Of a saved configuration; what else is set here goes before what it says."""


class ParseTask(BaseModel):
    """The parse job of one file."""

    id: str
    project_id: ProjectId
    status: TaskStatus
    name: str | None = None
    """Of the file."""
    tier: str | None = None
    error_message: str | None = None
    user_metadata: dict[str, str] | None = None
    usage: Usage = Usage()
    unsupported_parameters: list[str] = []
    """Ours: dotted names of what was set and is not honoured."""
    queue_position: int | None = None
    """Ours: place of a job that waits for others, from 1, where `expand` asks for it."""
    created_at: AwareDatetime
    updated_at: AwareDatetime


class Deleted(BaseModel):
    """What was deleted."""

    id: str
    project_id: ProjectId


class TextPage(BaseModel):
    """The text of one page."""

    page_number: int
    text: str


class TextPages(BaseModel):
    """The text of each page."""

    pages: list[TextPage]


class MarkdownPage(BaseModel):
    """The markdown of one page."""

    page_number: int
    markdown: str
    header: str | None = None
    footer: str | None = None
    """What stands in the margins, where the job asked for any of it."""
    success: Literal[True] = True


class FailedPage(BaseModel):
    """A page that could not be read."""

    page_number: int
    error: str
    success: Literal[False] = False


class MarkdownPages(BaseModel):
    """The markdown of each page."""

    pages: list[MarkdownPage | FailedPage]


class ItemsPage(BaseModel):
    """The parts of one page: each has a `type`, its `md`, and what belongs to its type."""

    page_number: int
    items: list[dict[str, Any]]
    page_width: float = 0.0
    """In PDF points; 0 where the format has no pages of a size, and its items no places."""
    page_height: float = 0.0
    success: Literal[True] = True


class ItemsPages(BaseModel):
    """The parts of each page."""

    pages: list[ItemsPage | FailedPage]


class MetadataPage(BaseModel):
    """What is known about one page."""

    page_number: int
    confidence: float | None = None
    original_orientation_angle: int | None = None
    printed_page_number: str | None = None
    slide_section_name: str | None = None
    speaker_notes: str | None = None


class MetadataPages(BaseModel):
    """What is known about each page."""

    pages: list[MetadataPage]


class ContentMetadata(BaseModel):
    """Where a part of the result can be had as a file."""

    size_bytes: int
    exists: bool = True
    presigned_url: str
    """Works without a key until it expires."""


class ImagePlace(BaseModel):
    """Where a picture stands on its page, in whole PDF points from the top left corner."""

    x: int
    y: int
    w: int
    h: int


class ImageMetadata(BaseModel):
    """A picture that was kept."""

    index: int
    filename: str
    category: Literal["screenshot", "embedded"]
    content_type: str
    presigned_url: str
    """Works without a key until it expires."""
    bbox: ImagePlace | None = None


class ImagesMetadata(BaseModel):
    """The pictures that were kept."""

    total_count: int
    images: list[ImageMetadata]


class ParseResult(Payload):
    """A parse job, and what `expand` asked for; null until the job has completed."""

    job: ParseTask
    text: TextPages | None = None
    markdown: MarkdownPages | None = None
    items: ItemsPages | None = None
    metadata: MetadataPages | None = None
    text_full: str | None = None
    markdown_full: str | None = None
    job_metadata: dict[str, Any] | None = None
    raw_parameters: dict[str, Any] | None = None
    """The configuration that was asked for, without secrets."""
    result_content_metadata: dict[str, ContentMetadata] | None = None
    forms: None = None
    """Forms are not read."""
    images_content_metadata: ImagesMetadata | None = None
    """Pictures that were kept, as `images_to_save` asked."""
