"""Word, PowerPoint and Excel files, by the libraries that are used for them."""

import io
from datetime import datetime
from typing import Any

import docx
import pptx
import xlsxwriter
from docx.document import Document
from generator.archive import repacked
from generator.blocks import Block, parse

AUTHOR = "Harrow & Finch Instruments"
WRITTEN = datetime(2026, 1, 5, 9)  # noqa: DTZ001 - the libraries take it for UTC
_TITLE_AND_CONTENT = 1

Slide = tuple[str, list[str]]
"""A title and its points."""
Formula = tuple[str, float]
"""A formula and the value it had when the workbook was saved."""
Cell = str | float | Formula
Sheet = list[list[Cell]]
"""Rows, the header first."""


def write_docx(title: str, text: str) -> bytes:
    """Make a document of the blocks of a text."""
    document = docx.Document()
    for block in parse(text):
        if block.kind == "heading":
            document.add_heading(block.text, block.level)
        elif block.kind == "table":
            _table(document, block)
        else:
            style = "List Bullet" if block.kind == "bullet" else None
            document.add_paragraph(block.text, style)
    return _saved(document, title)


def write_pptx(title: str, slides: list[Slide]) -> bytes:
    """Make a presentation of slides."""
    presentation = pptx.Presentation()
    for heading, points in slides:
        layout = presentation.slide_layouts[_TITLE_AND_CONTENT]
        title_box, body = presentation.slides.add_slide(layout).placeholders
        title_box.text = heading
        body.text = "\n".join(points)
    return _saved(presentation, title)


def write_xlsx(title: str, sheets: dict[str, Sheet]) -> bytes:
    """Make a workbook of named sheets."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as workbook:
        workbook.set_properties({"title": title, "author": AUTHOR, "created": WRITTEN})
        bold = workbook.add_format({"bold": True})
        for name, rows in sheets.items():
            sheet = workbook.add_worksheet(name)
            for number, row in enumerate(rows):
                for column, cell in enumerate(row):
                    style = None if number else bold
                    if isinstance(cell, tuple):
                        sheet.write_formula(number, column, f"={cell[0]}", style, cell[1])
                    else:
                        sheet.write(number, column, cell, style)
    return repacked(buffer.getvalue())


def _table(document: Document, table: Block) -> None:
    drawn = document.add_table(0, len(table.rows[0]), "Table Grid")
    for row in table.rows:
        for cell, text in zip(drawn.add_row().cells, row, strict=True):
            cell.text = text
    document.add_paragraph()


def _saved(document: Any, title: str) -> bytes:
    """Save what python-docx or python-pptx made, with the same properties at every time."""
    properties = document.core_properties
    properties.title, properties.author, properties.comments = title, AUTHOR, ""
    properties.created = properties.modified = WRITTEN
    properties.last_modified_by, properties.revision = AUTHOR, 1
    buffer = io.BytesIO()
    document.save(buffer)
    return repacked(buffer.getvalue())
