"""The XML of Excel 2003, in which programs still write reports named .xls."""

import io
from pathlib import Path

from sheaf.engines.detection.charset import decoded_markup
from sheaf.engines.office.workbooks.cells import Note, Room, Row, Sheet, name_of
from sheaf.engines.office.workbooks.format_sections import GENERAL
from sheaf.engines.office.workbooks.number_formats import shown
from sheaf.engines.xml_stream import attribute, events, local
from sheaf.engines.xml_tree import Element

_NAMED = {
    "Percent": "0.00%",
    "Fixed": "0.00",
    "Standard": "#,##0.00",
    "Currency": '"$"#,##0.00',
    "Scientific": "0.00E+00",
    "General Number": GENERAL,
    "General": GENERAL,
}


def read_excel_2003(path: Path, room: Room) -> list[Sheet]:
    """Return the sheets of a workbook that is one XML, in their order.

    Raises:
        DocumentError: Corrupt.
    """
    text = decoded_markup(path.read_bytes()).text
    start = text.find("?>") + 2 if text.lstrip().startswith("<?xml") else 0
    file = io.BytesIO(text[start:].lstrip().encode("utf-8", "replace"))
    sheets: list[Sheet] = []
    formats: dict[str, str] = {}
    number = -1
    for event, element in events(file, "workbook"):
        name = local(element.tag)
        if event == "start" and name == "Worksheet":
            sheets.append(Sheet(attribute(element, "Name") or f"Sheet{len(sheets) + 1}"))
            number = -1
        elif event == "start":
            continue
        elif name == "Style":
            formats[attribute(element, "ID") or ""] = _format(element)
        elif name == "Visible" and sheets:
            sheets[-1].is_hidden = (element.text or "") != "SheetVisible"
        elif name == "Row" and sheets:
            number = _index(element, number)
            row = _row(sheets[-1], element, number, formats)
            if not sheets[-1].add(number, row, room):
                break
            element.clear()
    return sheets


def _format(style: Element) -> str:
    codes = [attribute(e, "Format") or "" for e in style if local(e.tag) == "NumberFormat"]
    return _NAMED.get(codes[0], codes[0]) if codes else ""


def _index(element: Element, before: int) -> int:
    said = attribute(element, "Index") or ""
    return max(int(said) - 1 if said.isdigit() and len(said) < 9 else before + 1, before + 1)


def _row(sheet: Sheet, element: Element, number: int, formats: dict[str, str]) -> Row:
    row: Row = []
    column = -1
    for cell in element:
        if local(cell.tag) != "Cell":
            continue
        column = _index(cell, column)
        code = formats.get(attribute(cell, "StyleID") or "") or GENERAL
        for child in cell:
            text = "".join(child.itertext()).strip()
            if local(child.tag) == "Comment" and text:
                author = attribute(child, "Author") or ""
                sheet.notes.append(Note(name_of(number, column), text, author))
            elif local(child.tag) == "Data" and text:
                row.append((column, _data(text, attribute(child, "Type") or "", code)))
        across = attribute(cell, "MergeAcross") or ""
        column += int(across) if across.isdigit() and len(across) < 6 else 0
    return row


def _data(text: str, kind: str, code: str) -> str:
    if kind == "Number":
        return shown(text, code)
    if kind == "Boolean":
        return "TRUE" if text == "1" else "FALSE"
    if kind == "DateTime":
        return text.removesuffix(".000").removesuffix("T00:00:00").replace("T", " ")
    return text
