"""Pages drawn as pixels: what a scanner makes of an invoice, and a picture of a receipt."""

import io
import time
from pathlib import Path

import reportlab
from PIL import Image, ImageDraw, ImageFont

MARGIN, TOP = 90, 80
DOTS_PER_INCH = 150
HEAD_SIZE = 68
LINE_HEIGHT = 2.6
"""Of the size: widely set, as OCR likes it."""

_FONT = Path(reportlab.__file__).with_name("fonts") / "Vera.ttf"
_SCANNED = time.gmtime(1_777_540_000)


def draw(text: str, width: int, height: int, *, size: int, amounts: int) -> Image.Image:
    """Draw a text black on white: its first line large, `--` as a rule, amounts in a column.

    Args:
        text: an amount follows its label after three spaces or more.
        width: of the page, in dots.
        height: of the page.
        size: of the letters.
        amounts: where the column of amounts begins.
    """
    page = Image.new("1", (width, height), color=1)
    pen = ImageDraw.Draw(page)
    y = TOP
    for number, line in enumerate(text.strip().splitlines()):
        if line == "--":
            pen.line((MARGIN, y + 4, width - MARGIN, y + 4), fill=0, width=3)
            y += 26
            continue
        line_size = size if number else HEAD_SIZE
        label, _, amount = line.partition("   ")
        font = ImageFont.truetype(str(_FONT), line_size)
        pen.text((MARGIN, y), label, fill=0, font=font)
        pen.text((amounts, y), amount.strip(), fill=0, font=font)
        y += round(line_size * (LINE_HEIGHT if number else 1.6))
    return page


def write_png(page: Image.Image) -> bytes:
    """Return a page as a PNG file."""
    buffer = io.BytesIO()
    page.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def write_scan(page: Image.Image) -> bytes:
    """Return a PDF of one page that is only a picture, as a scanner makes it."""
    buffer = io.BytesIO()
    page.save(buffer, "PDF", resolution=DOTS_PER_INCH, creationDate=_SCANNED, modDate=_SCANNED)
    return buffer.getvalue()
