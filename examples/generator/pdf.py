"""PDF files of blocks, in one or two columns, in the standard Helvetica.

Streams are not compressed, and dates and ids are those of reportlab's `invariant`, so that the
bytes depend on nothing else.
"""

import io
from functools import partial
from html import escape

from generator.blocks import Block, parse
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BalancedColumns,
    Flowable,
    PageBreak,
    Paragraph,
    SimpleDocTemplate,
    Table,
)

MARGIN, GUTTER = 56, 22
_BODY = ParagraphStyle("body", fontSize=10, leading=14, spaceAfter=7)
_BULLET = ParagraphStyle("bullet", _BODY, leftIndent=12, spaceAfter=0)
_HEADINGS = {
    level: ParagraphStyle(
        f"heading {level}",
        fontName="Helvetica-Bold",
        fontSize=size,
        leading=size * 1.2,
        spaceBefore=size * 0.5,
        spaceAfter=size * 0.35,
        keepWithNext=1,
    )
    for level, size in ((1, 18), (2, 13), (3, 11))
}
_GRID = [
    ("GRID", (0, 0), (-1, -1), 0.8, colors.black),
    ("FONT", (0, 0), (-1, 0), "Helvetica-Bold"),
    ("RIGHTPADDING", (0, 0), (-1, -1), 40),
]


def write_document(text: str, *, footer: str = "", password: str | None = None) -> bytes:
    """Set a text in one column.

    Args:
        text: what is set.
        footer: on each page, before its number.
        password: to open it; the encryption is of 40 bits, old and weak, and read everywhere.
    """
    return _built([_drawn(block) for block in parse(text)], footer, password)


def write_two_columns(banner: str, text: str) -> bytes:
    """Set a text in two columns below a banner over both."""
    columns = [_drawn(block) for block in parse(text)]
    head = [_drawn(block) for block in parse(banner)]
    return _built([*head, BalancedColumns(columns, nCols=2, innerPadding=GUTTER)])


def _drawn(block: Block) -> Flowable:
    if block.kind == "break":
        return PageBreak()
    if block.kind == "table":
        return Table(block.rows, style=_GRID, hAlign="LEFT", spaceBefore=4, spaceAfter=8)
    text = escape(block.text, quote=False)
    if block.kind == "bullet":
        return Paragraph(text, _BULLET, bulletText="•")
    return Paragraph(text, _HEADINGS[block.level] if block.kind == "heading" else _BODY)


def _built(drawn: list[Flowable], footer: str = "", password: str | None = None) -> bytes:
    buffer = io.BytesIO()
    document = SimpleDocTemplate(
        buffer,
        pagesize=A4,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=MARGIN,
        encrypt=StandardEncryption(password, strength=40) if password else None,
        invariant=1,
        pageCompression=0,
    )
    below = partial(_footer, footer)
    document.build(drawn, onFirstPage=below, onLaterPages=below)
    return buffer.getvalue()


def _footer(text: str, canvas: Canvas, document: SimpleDocTemplate) -> None:
    if text:
        canvas.setFont("Helvetica", 8)
        canvas.drawString(MARGIN, MARGIN - 24, f"{text} - page {document.page}")
