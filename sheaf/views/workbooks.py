"""The tables of a result as a workbook."""

import io
from collections.abc import Sequence
from datetime import UTC, datetime

from sheaf.contracts.documents import ParsedPage

MOST_ROWS = 1_048_576
MOST_COLUMNS = 16_384
MOST_CHARACTERS = 32_767
"""What a sheet, and a cell of it, can hold."""

CUT = " […]"
NO_TABLES = "no tables"
CREATED = datetime(2000, 1, 1, tzinfo=UTC)
"""The same each time, so that a workbook has the size that was told of it."""


class TableTooLargeError(Exception):
    """A table does not fit on a sheet; there will never be a workbook of the result."""


def workbook(pages: Sequence[ParsedPage]) -> bytes:
    """Return a workbook with a sheet for each table, named as in the JSON result of v1.

    Cells are text, as the document has them: a number that is written `007` stays one, and nothing
    of a document becomes a formula or a link. Of a result without tables, it has one bare sheet.

    Args:
        pages: as the engine gave them.

    Raises:
        TableTooLargeError: a table does not fit on a sheet.
    """
    import xlsxwriter

    written = io.BytesIO()
    plain = {f"strings_to_{kind}": False for kind in ("numbers", "formulas", "urls")}
    with xlsxwriter.Workbook(written, {"in_memory": True, **plain}) as book:
        book.set_properties({"created": CREATED})
        for name, rows in _tables(pages):
            sheet = book.add_worksheet(name)
            for at, row in enumerate(rows):
                for column, cell in enumerate(row):
                    sheet.write_string(at, column, _cell(cell))
            sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
        if not book.worksheets():
            book.add_worksheet(NO_TABLES)
    return written.getvalue()


def _tables(pages: Sequence[ParsedPage]) -> list[tuple[str, list[list[str]]]]:
    from sheaf.rules.rendering.markdown_items import markdown_items
    from sheaf.rules.rendering.page_items import table_names

    found = []
    for page in pages:
        items = markdown_items(page.md)
        tables = [item["rows"] for item in items if item["type"] == "table"]
        found += list(zip(table_names(page.page, items), tables, strict=True))
    for name, rows in found:
        if len(rows) > MOST_ROWS or max(map(len, rows), default=0) > MOST_COLUMNS:
            raise TableTooLargeError(f"{name} does not fit on a sheet")
    return found


def _cell(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - len(CUT)] + CUT
