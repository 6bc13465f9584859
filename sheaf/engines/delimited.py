"""Tables of delimited text, whose delimiter nothing names.

The sniffer of the standard library looks at letters, and is misled by commas within numbers and
lists: here each delimiter is tried, and the rows that it gives are looked at.
"""

import csv
import io
import re
from collections import Counter

DELIMITERS = ",;\t|"
SNIFF_CHARACTERS = 16 * 1024
MAX_FIELD = 64 * 1024**2
_SEP = re.compile(r"\A\s*+\"?sep=(.)\"?[ \t]*+(?:\n|\Z)", re.IGNORECASE)

Rows = list[list[str]]


def rows_of(text: str, *, is_tabbed: bool) -> tuple[list[str], Rows]:
    """Return the lines that stand before a table, and the rows of the table.

    Args:
        text: with plain line ends.
        is_tabbed: whether tabs part the cells, where there are any.
    """
    # The default of 131,072 characters a field refuses legitimate exports.
    csv.field_size_limit(MAX_FIELD)
    if said := _SEP.match(text):
        return _parted(_read(text[said.end() :], said[1]))
    delimiter = "\t" if is_tabbed and "\t" in text else _delimiter(text[:SNIFF_CHARACTERS])
    return _parted(_read(text, delimiter))


def _read(text: str, delimiter: str) -> Rows:
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    return [row for row in rows if any(value.strip() for value in row)]


def _delimiter(sample: str) -> str:
    """Return the delimiter by which the most rows have one width, and of two the wider one."""
    scores = {delimiter: _score(_read(sample, delimiter)) for delimiter in DELIMITERS}
    return max(DELIMITERS, key=scores.__getitem__)


def _score(rows: Rows) -> tuple[int, int]:
    width, count = _usual(rows)
    return (count, width) if width > 1 else (0, 0)


def _usual(rows: Rows) -> tuple[int, int]:
    """Return the width that the most rows have of those with more than one cell, and how many."""
    widths = Counter(len(row) for row in rows if len(row) > 1)
    return max(widths.items(), key=lambda pair: (pair[1], pair[0]), default=(1, 0))


def _parted(rows: Rows) -> tuple[list[str], Rows]:
    """Part titles, which are lines of one cell, from the table that begins with its usual width."""
    width, count = _usual(rows)
    begin = next((at for at, row in enumerate(rows) if len(row) == width), 0)
    titles = rows[:begin]
    if count < 2 or any(sum(bool(cell.strip()) for cell in row) > 1 for row in titles):
        return [], rows
    return [next(filter(str.strip, row)).strip() for row in titles], rows[begin:]
