"""What is written of a stored result, in a process that may be killed: what is asked, and told."""

from enum import StrEnum

from sheaf.contracts.page_parts import PageImage
from sheaf.contracts.temporal.payload import Payload

MOST_IMAGES = 10_000
"""Pictures that are told of at once; callers may name those that they want."""


class Part(StrEnum):
    """A part of a result as bytes, in a file of its own."""

    TEXT = "text"
    MARKDOWN = "markdown"
    ITEMS = "items"
    METADATA = "metadata"
    """Of each page, as the JSON of v2."""
    TEXT_FULL = "text_full"
    MARKDOWN_FULL = "markdown_full"
    """Of the whole document, as UTF-8."""
    TEXT_FULL_JSON = "text_full_json"
    MARKDOWN_FULL_JSON = "markdown_full_json"
    """The same as a JSON string."""
    JOB_METADATA = "job_metadata"
    XLSX = "xlsx"
    V1_TEXT = "v1_text"
    V1_MARKDOWN = "v1_markdown"
    V1_JSON = "v1_json"
    """Whole answers of v1."""
    PUSH = "push"
    """What a `webhook_url` is sent."""


class ViewRequest(Payload):
    """What of a stored result is wanted; `EngineRequest.path` is the file with its line."""

    folder: str
    """Absolute path of a folder for the parts, each under its name."""
    parts: tuple[Part, ...]
    shows_layout: bool = False
    is_reused: bool = False
    """Whether an earlier job's result was taken."""
    lists_images: bool = False
    image_names: tuple[str, ...] | None = None
    """The pictures to tell of; None tells of all."""
    most_bytes: int
    """Bound of all parts together."""


class ListedImage(Payload):
    """A picture that is kept with a result, and its number among all of them."""

    index: int
    image: PageImage


class View(Payload):
    """What was written: each part that was asked for and is not refused has its file."""

    refused: dict[Part, str] = {}
    """Why a part can never be written."""
    images: tuple[ListedImage, ...] = ()
    images_total: int = 0
