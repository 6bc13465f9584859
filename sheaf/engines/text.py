"""Plain text, Markdown, JSON and delimited tables, by the standard library.

The engines are weak here: one took 6 s for a line of 50 MB, another aborted on a wide table.
"""

from sheaf.contracts.documents import ParsedDocument, ParsedPage
from sheaf.contracts.failures import DocumentError, FailureKind
from sheaf.engines.blank import blanked
from sheaf.engines.delimited import rows_of
from sheaf.engines.detection.charset import decoded
from sheaf.engines.source import Source, package_version, page_of

MAX_TEXT_BYTES = 64 * 1024**2


def read(source: Source) -> ParsedDocument:
    """Read a text file as one page.

    Raises:
        DocumentError: TooLarge, or Empty without any of the pages asked for.
    """
    size = source.path.stat().st_size
    if size > MAX_TEXT_BYTES:
        message = f"text of {size} bytes, over the limit of {MAX_TEXT_BYTES}"
        raise DocumentError(FailureKind.TOO_LARGE, message)
    found = decoded(source.path.read_bytes())
    text = normalised(found.text)
    page, told = page_of(text), list[str]()
    if source.media_type in {"text/csv", "text/tab-separated-values"}:
        page, told = _table_page(text, source.media_type)
    document = ParsedDocument(
        pages=source.select([page]),
        media_type=source.media_type,
        engine="sheaf-text",
        engine_version=own_version(),
        total_pages=1,
        warnings=(*found.warnings, *told),
    )
    return document if found.text.strip() else blanked(document)


def normalised(text: str) -> str:
    """Return text with plain line ends, and without characters that JSON stores choke on."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    # A lone surrogate cannot be written as UTF-8.
    return text.encode("utf-8", "replace").decode("utf-8")


def own_version() -> str:
    """Return the version of the engines that are part of Sheaf itself."""
    try:
        return package_version("sheaf")
    except ModuleNotFoundError:  # PackageNotFoundError: run from a source tree
        return "0"


def markdown_table(rows: list[list[str]]) -> str:
    """Render rows as a Markdown table, the first as its head; short rows are filled up."""
    width = max((len(row) for row in rows), default=0)
    if width == 0:
        return ""
    filled = [[_cell(value) for value in row] + [""] * (width - len(row)) for row in rows]
    lines = ["| " + " | ".join(row) + " |" for row in filled]
    lines.insert(1, "|" + " --- |" * width)
    return "\n".join(lines)


def _table_page(text: str, media_type: str) -> tuple[ParsedPage, list[str]]:
    """Return a table as a page, with what is to be told of it."""
    titles, rows = rows_of(text, is_tabbed=media_type == "text/tab-separated-values")
    # A row far wider than the rest would be paid for in every other row's empty cells.
    cells = len(rows) * max((len(row) for row in rows), default=0)
    if cells > MAX_TEXT_BYTES // 4:
        warning = "a row is too wide for a table of all rows: the text stands as it is"
        return page_of(text), [warning]
    md = "\n\n".join([*titles, markdown_table(rows)])
    return ParsedPage(page=1, text=text, md=md), []


def _cell(value: str) -> str:
    return " ".join(value.split()).replace("|", "\\|")
