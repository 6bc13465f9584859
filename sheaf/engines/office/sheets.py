"""What may be asked of a workbook: its hidden sheets, tables within a sheet, names of sheets."""

import re
from collections.abc import Sequence

from sheaf.contracts.documents import ParsedPage
from sheaf.engines.markdown import plain_text
from sheaf.engines.source import Source
from sheaf.engines.text import markdown_table

MAX_NAME_CHARACTERS = 60

_HIDDEN = re.compile(r"^(## (.*) \((?:very )?hidden\))[ \t]*$", re.MULTILINE | re.IGNORECASE)
_CELL = re.compile(r"(?<!\\)\|")
_PLAIN_NAME = re.compile(
    r"(sheet|tabelle|feuil|hoja|foglio|planilha|blad|лист|工作表)\s?\d*", re.IGNORECASE
)

Grid = list[list[str]]


def is_workbook(media_type: str) -> bool:
    """Whether documents of a type have sheets for pages."""
    return any(mark in media_type for mark in ("spreadsheet", "ms-excel"))


def sheet_pages(
    source: Source,
    pages: Sequence[ParsedPage],
    names: Sequence[str | None],
    hidden: frozenset[str],
) -> tuple[list[ParsedPage], list[str]]:
    """Return the sheets as a job wants them, and what was left out.

    Args:
        source: the workbook and what is wanted of it.
        pages: all sheets, each under its name as a heading.
        names: their names, in the same order.
        hidden: the names of those that are hidden.
    """
    kept = [
        _as_wanted(source, page, name or "")
        for page, name in zip(pages, names, strict=True)
        if source.options.hidden_sheets or name not in hidden
    ]
    if not kept:  # a workbook shows at least one sheet; what says otherwise is not believed
        return list(pages), []
    left_out = len(pages) - len(kept)
    note = f"hidden sheets were left out: {left_out}"
    return kept, [note] if left_out else []


def headed(name: str, md: str) -> str:
    """Put a sheet's name above it; xberg does so only where the sheet has no cell."""
    heading = f"## {name}"
    if md.partition("\n")[0].rstrip() == heading.rstrip():
        return md
    return f"{heading}\n\n{md}".rstrip("\n")


def _as_wanted(source: Source, page: ParsedPage, name: str) -> ParsedPage:
    options = source.options
    if not (options.sub_tables or options.guess_sheet_names) or not name:
        return page
    body = page.md.partition("\n")[2].strip("\n")
    grid = grid_of(body)
    if grid is None:
        return page
    if options.sub_tables:
        body = written(sub_tables(grid))
    title = guessed_name(name, grid) if options.guess_sheet_names else name
    md = headed(title, body)
    return page.changed(text=plain_text(md), md=md)


def without_marks(content: str, names: Sequence[str | None]) -> tuple[str, frozenset[str]]:
    """Return the text of a workbook without the marks of hidden sheets, and their names.

    xberg marks them in the headings of the whole text, and there alone.
    """
    hidden = {
        name
        for mark, name in _HIDDEN.findall(content)
        if name in names and mark.removeprefix("## ") not in names
    }
    return _HIDDEN.sub(r"## \2", content) if hidden else content, frozenset(hidden)


def grid_of(markdown: str) -> Grid | None:
    """Return the cells of a page that is one pipe table; None for any other."""
    lines = markdown.strip("\n").split("\n")
    if len(lines) < 2 or not all(line.startswith("|") for line in lines):
        return None
    rows = [[cell.strip() for cell in _CELL.split(line.strip())[1:-1]] for line in lines]
    return [rows[0], *rows[2:]]


def sub_tables(grid: Grid) -> list[Grid]:
    """Cut a grid at its empty rows and columns, again and again, into tables in reading order."""
    rows = _runs(grid, [any(row) for row in grid])
    if len(rows) > 1:
        return [table for part in rows for table in sub_tables(part)]
    if not rows:
        return []
    turned = _turned(rows[0])
    columns = _runs(turned, [any(column) for column in turned])
    if len(columns) > 1:
        return [table for part in columns for table in sub_tables(_turned(part))]
    return [_turned(columns[0])]


def written(tables: Sequence[Grid]) -> str:
    """Return tables as markdown, one below the other."""
    # Cells come from markdown, where their pipes are escaped already.
    plain = [[[cell.replace("\\|", "|") for cell in row] for row in table] for table in tables]
    return "\n\n".join(markdown_table(table) for table in plain)


def guessed_name(name: str, grid: Grid) -> str:
    """Return the title of a sheet whose own name says nothing; its name in any other case.

    The title is the sheet's first row when that has one cell, and else the names of its columns.
    """
    if not _PLAIN_NAME.fullmatch(name.strip()):
        return name
    first = next((row for row in grid if any(row)), [])
    cells = [cell for cell in first if cell]
    if not cells or all(re.fullmatch(r"[\d.,:/\s-]+", cell) for cell in cells):
        return name
    return ", ".join(cells)[:MAX_NAME_CHARACTERS].strip()


def _runs(rows: Grid, is_full: Sequence[bool]) -> list[Grid]:
    runs: list[Grid] = []
    follows = False
    for row, full in zip(rows, is_full, strict=True):
        if full and follows:
            runs[-1].append(row)
        elif full:
            runs.append([row])
        follows = full
    return runs


def _turned(rows: Grid) -> Grid:
    width = max(map(len, rows), default=0)
    filled = [row + [""] * (width - len(row)) for row in rows]
    return [list(column) for column in zip(*filled, strict=True)]
