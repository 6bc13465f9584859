"""The cells of a sheet by their places, and how they are written."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from sheaf.engines.text import markdown_table

MAX_CHARACTERS = 32 * 1024**2
"""Most text that is kept of a workbook; beyond it, the rest is left out with a warning."""
MAX_EMPTY = 10
"""Empty rows or columns that are kept as they are; of more, one is kept."""
MAX_CELLS_PER_FULL = 50
SMALL_TABLE = 100_000
"""A table may have this many cells whatever is in them, and else so many for each that is full."""
MAX_COLUMN = 16_384
_PLACE = re.compile(r"\$?([A-Za-z]{1,4})\$?(\d{1,7})")

Row = list[tuple[int, str]]


@dataclass
class Note:
    """A comment at a cell."""

    place: str
    text: str
    author: str = ""


@dataclass
class Sheet:
    """A sheet: the cells that have something, in rows, each with its number and its columns."""

    name: str
    is_hidden: bool = False
    rows: list[tuple[int, Row]] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    """What stands in shapes and charts."""
    pictures: int = 0
    uncalculated: int = 0
    """Formulas whose value the file does not have."""
    is_cut: bool = False

    def add(self, number: int, row: Row, room: "Room") -> bool:
        """Add a row that has something; False where there is no more room for it."""
        if row and not room.takes(row):
            self.is_cut = True
            return False
        if row:
            self.rows.append((number, row))
        return True


class Room:
    """How much text may still be kept of a workbook."""

    def __init__(self, characters: int) -> None:
        self.left = characters

    def takes(self, row: Row) -> bool:
        """Count a row, and tell whether there is room for it."""
        self.left -= sum(len(text) + 3 for _, text in row)
        return self.left >= 0


def place_of(reference: str) -> tuple[int, int] | None:
    """Return row and column of `B7`, from 0; None for what is no place of a sheet."""
    found = _PLACE.fullmatch(reference)
    if found is None:
        return None
    column = 0
    for letter in found[1].upper():
        column = 26 * column + ord(letter) - 64
    return int(found[2]) - 1, column - 1


def name_of(row: int, column: int) -> str:
    """Return the name of a place, as `B7` for row 6 and column 1."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row + 1}"


def written(sheet: Sheet) -> tuple[str, bool]:
    """Return the cells as Markdown, and whether they are a list for want of a table.

    Empty rows and columns part what stands on a sheet, so runs of them shrink, and never go. The
    size of a table is bounded by what is in it: two far cells make a small one, a diagonal a list.
    """
    rows = [(number, [cell for cell in row if cell[1].strip()]) for number, row in sheet.rows]
    rows = [(number, row) for number, row in rows if row]
    if not rows:
        return "", False
    columns = _kept(sorted({column for _, row in rows for column, _ in row}))
    numbers = _kept([number for number, _ in rows])
    full = sum(len(row) for _, row in rows)
    size = len(columns) * (max(numbers.values()) + 1)
    if size > SMALL_TABLE and size > MAX_CELLS_PER_FULL * full:
        return "\n".join(_listed(rows)), True
    width = max(columns.values()) + 1
    grid: list[list[str]] = []
    for number, row in rows:
        while len(grid) < numbers[number]:
            grid.append([""] * width)
        line = [""] * width
        for column, text in row:
            line[columns[column]] = text
        grid.append(line)
    return markdown_table(grid), False


def notes_of(sheet: Sheet) -> str:
    """Return what stands beside the cells of a sheet: its comments, shapes and charts."""
    parts = []
    if sheet.texts:
        parts.append("\n\n".join(sheet.texts))
    if sheet.notes:
        lines = ["Comments:"]
        for note in sheet.notes:
            by = f" ({note.author})" if note.author else ""
            lines.append(f"- {note.place}{by}: {' '.join(note.text.split())}")
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _kept(numbers: list[int]) -> dict[int, int]:
    """Return the new numbers of rows or columns whose empty runs have shrunk."""
    new: dict[int, int] = {}
    at, last = -1, numbers[0] - 1
    for number in numbers:
        empty = number - last - 1
        at += 1 + (empty if empty <= MAX_EMPTY else 1)
        new[number] = at
        last = number
    return new


def _listed(rows: list[tuple[int, Row]]) -> Iterator[str]:
    for number, row in rows:
        for column, text in row:
            yield f"- {name_of(number, column)}: {' '.join(text.split())}"
