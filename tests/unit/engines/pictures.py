"""Pictures of words, for what only OCR can read."""

import io
from typing import Any

from PIL import Image, ImageDraw, ImageFont
from pypdf import PdfWriter
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

LINES = (
    "The keeper of the lighthouse writes",
    "down every ship that passes by day,",
    "and at night he counts their lamps.",
    "Nothing else is asked of him here.",
)
WORDS = "keeper of the lighthouse"


def drawn(
    *lines: str,
    mode: str = "L",
    size: int = 30,
    paper: str = "white",
    ink: str = "black",
    wide: int = 700,
) -> Image.Image:
    """Return a picture of lines of text."""
    lines = lines or LINES
    picture = Image.new("RGB", (wide, 60 + len(lines) * size * 2), paper)
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(size)
    for at, line in enumerate(lines):
        draw.text((40, 40 + at * size * 2), line, fill=ink, font=font)
    return picture.convert(mode) if mode != "RGB" else picture


def saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    """Return a picture as a file of a kind, in Pillow's names."""
    written = io.BytesIO()
    picture.save(written, kind, **options)
    return written.getvalue()


def page_of(
    picture: Image.Image,
    *texts: tuple[float, float, str],
    place: tuple[float, float, float, float] = (0, 0, 595, 842),
    size: tuple[float, float] = (595, 842),
    rotation: int = 0,
    invisible: bool = False,
) -> bytes:
    """Return a PDF of one page of a picture at a place, with texts over it."""
    written = io.BytesIO()
    canvas = Canvas(written, pagesize=size)
    x, y, width, height = place
    canvas.drawImage(ImageReader(picture), x, y, width, height)
    for left, bottom, words in texts:
        text = canvas.beginText(left, bottom)
        text.setTextRenderMode(3 if invisible else 0)
        text.textLine(words)
        canvas.drawText(text)
    canvas.save()
    if not rotation:
        return written.getvalue()
    # Not by reportlab, which turns what is drawn too.
    writer = PdfWriter(clone_from=written)
    writer.pages[0].rotate(rotation)
    turned = io.BytesIO()
    writer.write(turned)
    return turned.getvalue()


def sheet(picture: Image.Image) -> Image.Image:
    """Return a picture at the top of a white sheet of A4 at 100 dots per inch."""
    paper = Image.new("L", (827, 1169), "white")
    paper.paste(picture.convert("L"), (40, 60))
    return paper
