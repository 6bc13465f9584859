"""Spreadsheets of OpenDocument (part 3, 9), whose cells carry the text that is shown."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from xml.etree import ElementTree as ET

from sheaf.engines.office.package import Package
from sheaf.engines.office.workbooks.cells import MAX_COLUMN, Note, Room, Row, Sheet, name_of
from sheaf.engines.xml_stream import attribute, events, local

MAX_ROW = 2**20
MAX_BLANKS = 100
_CELLS = ("table-cell", "covered-table-cell")
_ROWS_DONE = ("table-row", "shapes")


@dataclass
class _State:
    sheets: list[Sheet] = field(default_factory=list)
    hiding: set[str] = field(default_factory=set)
    """Names of the styles whose tables are hidden."""
    row: int = 0
    depth: int = 0
    """Tables within tables that are open."""


def read_open_document(path: Path, room: Room) -> tuple[list[Sheet], dict[str, str]]:
    """Return the sheets of a spreadsheet in their order, and what it says of itself.

    Raises:
        DocumentError: Corrupt.
    """
    with _content(path) as (file, metadata):
        state = _State()
        for event, element in events(file, "content.xml"):
            if not _step(state, event, element, room):
                break
        return state.sheets, metadata


@contextmanager
def _content(path: Path) -> Iterator[tuple[IO[bytes], dict[str, str]]]:
    """Open the content of a package, or a file that is one XML as a whole."""
    if not zipfile.is_zipfile(path):
        with path.open("rb") as flat:
            yield flat, {}
        return
    with zipfile.ZipFile(path) as archive:
        package = Package(archive)
        metadata = _metadata(package.tree("meta.xml"))
        with package.open("content.xml") as file:
            yield file, metadata


def _step(state: _State, event: str, element: ET.Element, room: Room) -> bool:
    """Take one element in; False where there is no more room."""
    name = local(element.tag)
    if event == "start":
        if name == "table":
            state.depth += 1
            if state.depth == 1:
                style = attribute(element, "style-name") or ""
                title = attribute(element, "name") or f"Sheet{len(state.sheets) + 1}"
                state.sheets.append(Sheet(title, style in state.hiding))
                state.row = 0
        return True
    if name == "style":
        shows = [attribute(e, "display") for e in element if local(e.tag) == "table-properties"]
        if "false" in shows:
            state.hiding.add(attribute(element, "name") or "")
    elif name == "table":
        state.depth -= 1
    elif name in _ROWS_DONE and state.depth == 1 and state.sheets:
        sheet = state.sheets[-1]
        if name == "shapes":
            _read_shapes(sheet, element)
        elif not _add_row(state, sheet, element, room):
            return False
        element.clear()
    return True


def _add_row(state: _State, sheet: Sheet, element: ET.Element, room: Room) -> bool:
    times = _times(element, "number-rows-repeated", MAX_ROW)
    row = _row(sheet, element, state.row)
    start, state.row = state.row, state.row + times
    if not row:
        return True
    return all(sheet.add(number, row, room) for number in range(start, start + times))


def _row(sheet: Sheet, element: ET.Element, number: int) -> Row:
    row: Row = []
    column = 0
    for cell in element:
        if local(cell.tag) not in _CELLS:
            continue
        times = _times(cell, "number-columns-repeated", MAX_COLUMN)
        text = _text(sheet, cell, name_of(number, column))
        if text:
            row += [(at, text) for at in range(column, min(column + times, MAX_COLUMN))]
        column += times
    return row


def _times(element: ET.Element, name: str, most: int) -> int:
    said = attribute(element, name) or "1"
    return max(1, min(int(said), most)) if said.isdigit() and len(said) < 10 else 1


def _text(sheet: Sheet, cell: ET.Element, place: str) -> str:
    """Return what a cell shows, and note what is pinned to it."""
    paragraphs = []
    for child in cell:
        name = local(child.tag)
        if name == "annotation":
            _note(sheet, child, place)
        elif name in {"frame", "custom-shape", "g", "rect"}:
            _read_shapes(sheet, child)
        elif name in {"p", "h", "list"}:
            paragraphs.append(_words(child))
        elif name == "table":
            paragraphs += [_words(e) for e in child.iter() if local(e.tag) == "p"]
    text = "\n".join(paragraphs).strip()
    if text:
        return text
    value = next((v for n in _VALUES if (v := attribute(cell, n))), "")
    if not value and (formula := attribute(cell, "formula")):
        sheet.uncalculated += 1
        return "=" + formula.partition("=")[2]
    return value


_VALUES = ("date-value", "time-value", "boolean-value", "string-value", "value")


def _note(sheet: Sheet, annotation: ET.Element, place: str) -> None:
    author = "".join(e.text or "" for e in annotation if local(e.tag) == "creator")
    text = " ".join(_words(e) for e in annotation if local(e.tag) in {"p", "list"})
    if text.strip():
        sheet.notes.append(Note(place, text, author))


def _read_shapes(sheet: Sheet, element: ET.Element) -> None:
    texts = [_words(e) for e in element.iter() if local(e.tag) == "p"]
    sheet.texts += [text for text in texts if text.strip()]
    sheet.pictures += sum(local(e.tag) in {"image", "object"} for e in element.iter())


def _words(element: ET.Element) -> str:
    """Return the text of a paragraph, with the blanks that are elements."""
    parts = [element.text or ""]
    for child in element:
        name = local(child.tag)
        if name == "s":
            said = attribute(child, "c") or "1"
            parts.append(" " * min(int(said), MAX_BLANKS) if said.isdigit() else " ")
        elif name == "tab":
            parts.append("\t")
        elif name == "line-break":
            parts.append("\n")
        elif name != "annotation":
            parts.append(_words(child))
        parts.append(child.tail or "")
    return "".join(parts)


def _metadata(root: ET.Element | None) -> dict[str, str]:
    if root is None:
        return {}
    names = {"title": "title", "creator": "author", "subject": "subject"}
    found = {names.get(local(e.tag), ""): (e.text or "").strip() for e in root.iter()}
    first = [e.text for e in root.iter() if local(e.tag) == "initial-creator" and e.text]
    if first:
        found["author"] = first[0].strip()
    return {name: text for name, text in found.items() if name and text}
