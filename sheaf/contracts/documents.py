"""What goes to a parser process and what comes back, one JSON frame each way."""

from typing import Annotated, Literal

from pydantic import Field

from sheaf.contracts.failures import FailureKind
from sheaf.contracts.http.parse_output import FailPageMode
from sheaf.contracts.markdown_style import Rendering
from sheaf.contracts.page_parts import Block, Line, PageImage
from sheaf.contracts.temporal.payload import Payload
from sheaf.contracts.views import View, ViewRequest


class ParseOptions(Payload):
    """The part of a parse configuration that an engine must know; the rest is rendering."""

    target_pages: tuple[int, ...] | None = None
    """Page numbers to keep, 1-based and ascending; None keeps all."""
    max_pages: int | None = None
    """Keep at most this many of the pages asked for, from the first."""
    ocr: bool = True
    """Whether pages without a text layer may be read by OCR."""
    languages: tuple[str, ...] = ("en",)
    """OCR languages as the contract spells them (`en`, `de`, `ch_sim` …)."""
    high_res_ocr: bool = False
    """Whether pages are drawn at twice the resolution for OCR."""
    strict_ocr: bool = False
    """Whether a page that OCR should read and cannot fails the document."""
    max_total_pages: int | None = None
    """Documents with more pages fail."""
    crop: tuple[float, float, float, float] | None = None
    """Margins whose text is left out, as shares of the page: top, right, bottom, left."""
    skip_diagonal_text: bool = False
    remove_hidden_text: bool = False
    """Whether text that is drawn invisibly is left out, such as the layer below a scan."""
    images: tuple[Literal["screenshot", "embedded"], ...] = ()
    """Pictures to keep, in `EngineRequest.image_folder`."""
    inline_images: bool = False
    """Whether pictures stand in the markdown as data, each in its place."""
    screenshots_only: bool = False
    """Whether pages are drawn and their text is not read."""
    margins: bool = False
    """Whether headers, footers and printed page numbers are told from the text."""
    line_boxes: bool = False
    word_boxes: bool = False
    page_error_tolerance: float = 0.05
    """Share of the pages asked for that may fail before the document does."""
    failed_page: FailPageMode = FailPageMode.RAW_TEXT
    failed_page_prefix: str = ""
    failed_page_suffix: str = ""
    strict_images: bool = False
    strict_fonts: bool = False
    strict_markdown: bool = False
    """Whether a picture, font or page that cannot be read well fails the document."""
    hidden_sheets: bool = False
    sub_tables: bool = False
    """Whether a sheet is cut into tables at its empty rows and columns."""
    guess_sheet_names: bool = False
    off_slide: bool = False
    """Whether what lies outside of a slide is read."""
    skip_navigation: bool = False
    skip_fixed: bool = False
    all_visible: bool = False
    """What of a web page is left out, or shown although it is hidden."""
    password_ref: str | None = None
    """Name under which the operator keeps passwords; never a password."""
    revisions: bool = False
    """Whether tracked changes and comments of a text document are told."""


class ClassifierRule(Payload):
    """One class a document may fall into."""

    type: str
    description: str


class EngineRequest(Payload):
    """One file to read."""

    path: str
    """Absolute path of a local regular file, read only."""
    name: str
    """Name that the user knows the file by; its extension is a hint, never the proof of a type."""
    options: ParseOptions = ParseOptions()
    rules: tuple[ClassifierRule, ...] | None = None
    """When given, the text is also classified by these rules."""
    image_folder: str | None = None
    """Absolute path of an empty folder for pictures that are asked for."""
    passwords: Annotated[tuple[str, ...], Field(repr=False)] = ()
    """Tried in this order on a document that needs one. They go to the parser process alone."""
    rendering: Rendering | None = None
    """When given, the markdown of the whole document is written too, as a job wants it."""
    view: ViewRequest | None = None
    """When given, the file is a stored result, of which parts are written."""
    cpu_seconds: int = 3600
    """Bound of the processor time for this file, as a second net behind the wall deadline."""


class ParsedPage(Payload):
    """One page, slide, sheet or part, in reading order."""

    page: int = Field(ge=1)
    """1-based number in the source document, also when earlier pages were left out."""
    text: str
    md: str
    width: float | None = None
    height: float | None = None
    """Size in PDF points (1/72 inch) where the format has pages of a size."""
    blocks: tuple[Block, ...] = ()
    """In the order of the markdown, where the engine knows places."""
    lines: tuple[Line, ...] = ()
    images: tuple[PageImage, ...] = ()
    header: str | None = None
    footer: str | None = None
    """Text of the margins, which the markdown does not have; None where it was not looked for."""
    printed_page_number: str | None = None
    orientation: int | None = None
    """Degrees clockwise by which the original lies, where it was turned to be read."""
    speaker_notes: str | None = None
    """What a speaker is to say to a slide; the markdown has it too."""
    error: str | None = None
    """Why the page could not be read; the text stands in for it."""


class ParsedDocument(Payload):
    """The canonical result of a parse, before page separators, prefixes and suffixes."""

    pages: tuple[ParsedPage, ...]
    media_type: str
    """Type found in the content, as an IANA media type."""
    engine: str
    engine_version: str
    total_pages: int
    """Pages of the source; more than `len(pages)` when a page range left some out."""
    is_truncated: bool = False
    """Whether the engine stopped before the end for a reason the caller did not ask for."""
    is_blank: bool = False
    """Whether the pages were proved to hold nothing. A document without text that was not is a
    failure."""
    metadata: dict[str, str] = {}
    """Title, author, subject … as the document states them."""
    warnings: tuple[str, ...] = ()
    """What the engine could not honour for this file, a sentence each."""


class Classification(Payload):
    """The class of one document."""

    type: str | None
    """A rule's type, or None when no rule matches."""
    confidence: Annotated[float, Field(ge=0, le=1)]
    reasoning: str


class EngineFailure(Payload):
    """Why a file could not be read."""

    kind: FailureKind
    message: str


class EngineResult(Payload):
    """The answer of a parser process: a document, what it wrote of a stored one, or a failure."""

    document: ParsedDocument | None = None
    classification: Classification | None = None
    failure: EngineFailure | None = None
    markdown: str | None = None
    """Of the whole document, where a rendering was asked for."""
    view: View | None = None
