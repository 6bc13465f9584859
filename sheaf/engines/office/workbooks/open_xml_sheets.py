"""Workbooks of Open XML (ECMA-376 part 1, 18), as a person sees their cells.

No engine at hand gives what a cell shows: calamine has values alone, and openpyxl has number
formats, but comments only where it holds all cells as objects, some 50 times the file.
"""

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sheaf.engines.office.package import Package
from sheaf.engines.office.workbooks.cells import MAX_COLUMN, Note, Room, Sheet, place_of
from sheaf.engines.office.workbooks.format_sections import BUILT_IN, GENERAL
from sheaf.engines.office.workbooks.number_formats import shown
from sheaf.engines.xml_stream import attribute, events, local
from sheaf.engines.xml_tree import Element

MAIN = "xl/workbook.xml"
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_MIDNIGHT = re.compile(r"(\d{4}-\d\d-\d\d)T00:00:00(?:\.0*)?Z?")


@dataclass
class _Book:
    package: Package
    strings: list[str]
    formats: list[str]
    since_1904: bool
    room: Room


def read_open_xml(path: Path, room: Room) -> tuple[list[Sheet], dict[str, str]]:
    """Return the sheets of a workbook in their order, and what it says of itself.

    Raises:
        DocumentError: Corrupt.
    """
    with zipfile.ZipFile(path) as archive:
        package = Package(archive)
        main, root = package.main("sheet", MAIN)
        strings = _strings(package, _first(package, main, "sharedStrings"))
        formats = _formats(package, _first(package, main, "styles"))
        properties = next((e for e in root if local(e.tag) == "workbookPr"), None)
        since_1904 = properties is not None and properties.get("date1904") in {"1", "true"}
        book = _Book(package, strings, formats, since_1904, room)
        listed = [e for group in root if local(group.tag) == "sheets" for e in group]
        sheets = [_sheet(book, main, entry, at) for at, entry in enumerate(listed, 1)]
        return sheets, package.metadata()


def _first(package: Package, main: str, kind: str) -> str:
    """Return the part of a kind that belongs to the workbook, or where it usually is."""
    return (package.related(main, kind) or [f"xl/{kind}.xml"])[0]


def _sheet(book: _Book, main: str, entry: Element, at: int) -> Sheet:
    sheet = Sheet(entry.get("name") or f"Sheet{at}", entry.get("state") in {"hidden", "veryHidden"})
    relation = book.package.relations(main).get(attribute(entry, "id") or "")
    kind = relation.kind if relation else "worksheet"
    part = relation.target if relation else f"xl/worksheets/sheet{at}.xml"
    if kind == "worksheet":
        with book.package.open(part) as file:
            _read_cells(book, sheet, file, part)
    for target in book.package.related(part, "threadedComment"):
        sheet.notes += _notes(book.package, target)
    threaded = {note.place for note in sheet.notes}
    for target in book.package.related(part, "comments"):
        # Each thread has a comment of the old kind too, which repeats it below an advice.
        sheet.notes += [n for n in _notes(book.package, target) if n.place not in threaded]
    for target in book.package.related(part, "drawing"):
        _read_drawing(book.package, target, sheet)
    return sheet


def _read_cells(book: _Book, sheet: Sheet, file: IO[bytes], part: str) -> None:
    number = -1
    for _, element in events(file, part, begins=False):
        if local(element.tag) == "row":
            number = _number(element.get("r"), number)
            if not sheet.add(number, list(_cells(book, sheet, element)), book.room):
                return
            element.clear()


def _number(said: str | None, before: int) -> int:
    """Return the number of a row from 0; one that goes back is not believed."""
    number = int(said) - 1 if said and said.isdigit() and len(said) < 9 else before + 1
    return max(number, before + 1)


def _cells(book: _Book, sheet: Sheet, row: Element) -> Iterator[tuple[int, str]]:
    column = -1
    for cell in row:
        place = place_of(cell.get("r") or "")
        column = max(place[1] if place else column + 1, column + 1)
        if column >= MAX_COLUMN:
            return
        if text := _text(book, sheet, cell):
            yield column, text


def _text(book: _Book, sheet: Sheet, cell: Element) -> str:
    value = formula = inline = None
    for child in cell:
        name = local(child.tag)
        if name == "v":
            value = child.text
        elif name == "f":
            formula = child.text or ""
        elif name == "is":
            inline = child
    kind = cell.get("t") or "n"
    if inline is not None:
        return _rich(inline)
    if value is None or (not value and formula is not None and kind != "str"):
        if formula is None:
            return ""
        sheet.uncalculated += 1
        return f"={formula}"
    return _cell_text(book, kind, value, cell.get("s"))


def _cell_text(book: _Book, kind: str, value: str, style: str | None) -> str:
    if kind == "s":
        at = int(value) if value.strip().isdigit() else -1
        return book.strings[at] if 0 <= at < len(book.strings) else ""
    if kind == "b":
        return "FALSE" if value.strip() in {"0", "false"} else "TRUE"
    if kind == "d":
        return _MIDNIGHT.sub(r"\1", value).replace("T", " ")
    if kind in {"str", "e"}:
        return _unescaped(value)
    at = int(style) if style and style.isdigit() else 0
    code = book.formats[at] if at < len(book.formats) else GENERAL
    return shown(value.strip(), code, since_1904=book.since_1904)


def _rich(element: Element) -> str:
    """Return the text of runs, without the readings that stand above ideographs."""
    parts = []
    for child in element:
        name = local(child.tag)
        if name == "t":
            parts.append(child.text or "")
        elif name == "r":
            parts += [part.text or "" for part in child if local(part.tag) == "t"]
    return _unescaped("".join(parts))


def _unescaped(text: str) -> str:
    if "_x" not in text:
        return text
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)


def _strings(package: Package, part: str) -> list[str]:
    if not package.has(part):
        return []
    strings: list[str] = []
    with package.open(part) as file:
        for _, element in events(file, part, begins=False):
            if local(element.tag) == "si":
                strings.append(_rich(element))
                element.clear()
    return strings


def _formats(package: Package, part: str) -> list[str]:
    codes = dict(BUILT_IN)
    formats: list[str] = []
    for group in package.tree(part) or ():
        if local(group.tag) == "numFmts":
            for entry in group:
                if (key := entry.get("numFmtId") or "").isdigit():
                    codes[int(key)] = entry.get("formatCode") or GENERAL
        elif local(group.tag) == "cellXfs":
            keys = [entry.get("numFmtId") or "" for entry in group]
            formats = [codes.get(int(key) if key.isdigit() else 0, GENERAL) for key in keys]
    return formats


def _notes(package: Package, part: str) -> list[Note]:
    root = package.tree(part)
    if root is None:
        return []
    authors = [e.text or "" for e in root.iter() if local(e.tag) == "author"]
    notes = []
    for entry in root.iter():
        if local(entry.tag) == "comment":
            text = "".join(_rich(child) for child in entry if local(child.tag) == "text")
            key = entry.get("authorId") or ""
            author = authors[int(key)] if key.isdigit() and int(key) < len(authors) else ""
            # Excel writes the author's name above the comment too.
            text = text.strip().removeprefix(f"{author}:").strip()
            author = "" if author.startswith("tc=") else author
            notes.append(Note(entry.get("ref") or "", text, author))
        elif local(entry.tag) == "threadedComment":
            text = " ".join(e.text or "" for e in entry if local(e.tag) == "text")
            notes.append(Note(entry.get("ref") or "", text))
    return [note for note in notes if note.text]


def _read_drawing(package: Package, part: str, sheet: Sheet) -> None:
    sheet.texts += _paragraphs(package.tree(part))
    for chart in package.related(part, "chart"):
        sheet.texts += _paragraphs(package.tree(chart))
    sheet.pictures += len(package.related(part, "image"))


def _paragraphs(root: Element | None) -> list[str]:
    found = []
    for paragraph in () if root is None else root.iter():
        if local(paragraph.tag) == "p":
            text = "".join(e.text or "" for e in paragraph.iter() if local(e.tag) == "t")
            if text.strip():
                found.append(text.strip())
    return found
