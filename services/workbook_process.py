"""The main of a process that writes one workbook: `python -m services.workbook_process`.

Reads `[[page, markdown], ...]` as JSON from stdin, writes the workbook to what was stdout, and
ends with 0; with anything else, the last line of stderr says why there is none.
"""

import argparse
import io
import json
import os
import sys
from typing import NoReturn

from services.engines.confinement import allow_processor_seconds, confine

MOST_ROWS = 1_048_576
MOST_COLUMNS = 16_384
MOST_CHARACTERS = 32_767
"""What a sheet, and a cell of it, can hold."""

CUT = " […]"
NO_TABLES = "no tables"


class TableTooLargeError(Exception):
    """A table does not fit on a sheet."""


def main() -> NoReturn:
    """Write the workbook."""
    parser = argparse.ArgumentParser(description="Write tables from stdin as a workbook.")
    parser.add_argument("--memory-bytes", type=int, required=True)
    parser.add_argument("--cpu-seconds", type=int, required=True)
    parser.add_argument("--parent", type=int, required=True)
    asked = parser.parse_args()
    confine(asked.memory_bytes, asked.parent)
    allow_processor_seconds(asked.cpu_seconds)
    with os.fdopen(os.dup(1), "wb") as answer:
        os.dup2(2, 1)
        answer.write(workbook(json.load(sys.stdin.buffer)))
    sys.exit(0)


def workbook(pages: list[tuple[int, str]]) -> bytes:
    """Return a workbook with a sheet for each table, named as in the JSON result.

    Cells are text, as the document has them: a number that is written `007` stays one, and nothing
    of a document becomes a formula or a link.

    Args:
        pages: number and markdown of each.

    Raises:
        TableTooLargeError: a table does not fit on a sheet.
    """
    import xlsxwriter

    written = io.BytesIO()
    plain = {f"strings_to_{kind}": False for kind in ("numbers", "formulas", "urls")}
    with xlsxwriter.Workbook(written, {"in_memory": True, **plain}) as book:
        for name, rows in _tables(pages):
            sheet = book.add_worksheet(name)
            for at, row in enumerate(rows):
                for column, cell in enumerate(row):
                    sheet.write_string(at, column, _cell(cell))
            sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
        if not book.worksheets():
            book.add_worksheet(NO_TABLES)
    return written.getvalue()


def _tables(pages: list[tuple[int, str]]) -> list[tuple[str, list[list[str]]]]:
    from rules.markdown_items import markdown_items
    from rules.page_items import table_names

    found = []
    for page, markdown in pages:
        items = markdown_items(markdown)
        tables = [item["rows"] for item in items if item["type"] == "table"]
        found += list(zip(table_names(page, items), tables, strict=True))
    for name, rows in found:
        if len(rows) > MOST_ROWS or max(map(len, rows), default=0) > MOST_COLUMNS:
            raise TableTooLargeError(f"{name} does not fit on a sheet")
    return found


def _cell(text: str) -> str:
    # A lone surrogate cannot be written as UTF-8.
    text = text.encode("utf-8", "replace").decode("utf-8")
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - len(CUT)] + CUT


if __name__ == "__main__":
    main()
