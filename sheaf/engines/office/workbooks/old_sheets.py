"""Workbooks of Excel before 2007 by xlrd, which alone gives their number formats."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from sheaf.contracts.failures import DocumentError, FailureKind
from sheaf.engines.office.workbooks.cells import Note, Room, Row, Sheet, name_of
from sheaf.engines.office.workbooks.format_sections import GENERAL
from sheaf.engines.office.workbooks.number_formats import shown
from sheaf.engines.system_faults import raise_if_of_machine

_TEXT, _NUMBER, _DATE, _BOOLEAN, _ERROR = 1, 2, 3, 4, 5


def read_biff(path: Path, room: Room) -> list[Sheet]:
    """Return the sheets of an .xls file in their order.

    Raises:
        DocumentError: PasswordRequired or Corrupt.
    """
    import xlrd

    with open(os.devnull, "w", encoding="utf-8") as silent:  # noqa: PTH123
        try:
            book = xlrd.open_workbook(
                file_contents=path.read_bytes(),
                formatting_info=True,
                ragged_rows=True,
                logfile=silent,
            )
            return [_sheet(book, book.sheet_by_index(at), room) for at in range(book.nsheets)]
        except MemoryError:
            raise
        except Exception as error:
            raise_if_of_machine(error)
            is_locked = "encrypted" in str(error).lower()
            kind = FailureKind.PASSWORD_REQUIRED if is_locked else FailureKind.CORRUPT
            raise DocumentError(kind, f"the workbook cannot be read: {error}") from error


def _sheet(book: Any, native: Any, room: Room) -> Sheet:
    sheet = Sheet(native.name, bool(native.visibility))
    for number in range(native.nrows):
        row: Row = [
            (at, text)
            for at, cell in enumerate(native.row(number))
            if (text := _text(book, cell)).strip()
        ]
        if not sheet.add(number, row, room):
            break
    for (number, column), note in sorted(native.cell_note_map.items()):
        text = note.text.strip().removeprefix(f"{note.author}:").strip()
        sheet.notes.append(Note(name_of(number, column), text, note.author))
    return sheet


def _text(book: Any, cell: Any) -> str:
    if cell.ctype == _TEXT:
        return str(cell.value)
    if cell.ctype == _BOOLEAN:
        return "TRUE" if cell.value else "FALSE"
    if cell.ctype == _ERROR:
        import xlrd

        return str(xlrd.error_text_from_code.get(cell.value, "#ERROR!"))
    if cell.ctype not in {_NUMBER, _DATE}:
        return ""
    code = GENERAL
    with suppress(IndexError, KeyError, TypeError):
        code = book.format_map[book.xf_list[cell.xf_index].format_key].format_str
    number = int(cell.value) if cell.value == int(cell.value) else cell.value
    return shown(str(number), code or GENERAL, since_1904=bool(book.datemode))
