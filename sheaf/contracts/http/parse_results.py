"""Answers of `/api/v1/parsing`: the state of one file's job, and its results."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from sheaf.contracts.failures import FailureKind


class ParsingJob(BaseModel):
    """State of the job of one file."""

    id: str
    status: str
    """`PENDING`, `SUCCESS`, `ERROR` or `CANCELLED`."""
    error_code: str | None = None
    error_message: str | None = None


class JobMetadata(BaseModel):
    """What was spent on a result; nothing is billed, so the credits are 0."""

    job_pages: int
    job_is_cache_hit: bool
    """Whether an earlier job's result was taken."""
    credits_used: float = 0
    job_credits_usage: float = 0
    job_auto_mode_triggered_pages: int = 0


class TextResult(BaseModel):
    """The plain text of all pages."""

    text: str
    job_metadata: JobMetadata


class MarkdownResult(BaseModel):
    """The markdown of all pages, with the job's separators."""

    markdown: str
    job_metadata: JobMetadata


class JsonPage(BaseModel):
    """One page; the spelling of the fields is the contract's."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    page: int = Field(ge=1)
    text: str
    md: str
    width: float | None = None
    height: float | None = None
    status: str = "OK"
    """`ERROR` for a page that could not be read."""
    items: list[dict[str, Any]]
    """The parts of the page; each has a `type`, its `md`, what belongs to its type, and where the
    format has places, a `bBox` in PDF points."""
    images: list[dict[str, Any]]
    """Pictures that were kept, as `images_to_save` or `save_images` asked."""
    charts: list[dict[str, Any]]
    """Empty: no engine here tells charts from pictures."""
    tables: list[str]
    """Names of the page's tables, in their order, which are those of the sheets of `xlsx`."""
    layout: list[dict[str, Any]]
    """Blocks with their kinds, where `extract_layout` asked."""
    links: list[dict[str, str]]
    parsing_mode: str
    """The engine that read the page."""
    no_text_content: bool
    printed_page_number: str | None = None
    page_header_markdown: str | None = None
    page_footer_markdown: str | None = None
    """What stands in the margins, where the job asked for any of it."""
    slide_speaker_notes: str | None = None


class JsonResult(BaseModel):
    """The pages, in reading order."""

    pages: list[JsonPage]
    job_metadata: JobMetadata


_ERROR_CODES = {
    FailureKind.UNSUPPORTED: "UNSUPPORTED_FILE_TYPE",
    FailureKind.PASSWORD_REQUIRED: "PDF_IS_PROTECTED",
    FailureKind.CORRUPT: "PDF_IS_BROKEN",
    FailureKind.EMPTY: "NO_DATA_FOUND_IN_FILE",
    FailureKind.TOO_LARGE: "DOCUMENT_TOO_LARGE",
    FailureKind.TOO_MANY_PAGES: "TOO_MANY_PAGES",
    FailureKind.TIMEOUT: "TIMEOUT",
}
"""What the contract has a code for; it names PDFs where it means any document."""


def error_code(kind: str | None) -> str:
    """Return the contract's code of a failure's kind."""
    known = {str(one): code for one, code in _ERROR_CODES.items()}
    return known.get(str(kind), "ERROR_DURING_PROCESSING")
