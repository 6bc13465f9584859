"""Blocks set on PDF pages, in one or two columns, in the standard Helvetica."""

from dataclasses import dataclass, field

from generator.blocks import Block
from generator.pdf_file import PdfFile, run_length
from generator.raster import Bitmap

PAGE_WIDTH, PAGE_HEIGHT = 595, 842
MARGIN, GUTTER = 56, 22
BODY_SIZE = 10
CELL_PADDING = 30
HEADING_SIZES = {1: 18, 2: 13, 3: 11}
_HELVETICA = """
278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278
556 556 556 556 556 556 556 556 556 556 278 278 584 584 584 556
1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778
667 778 722 667 611 722 667 944 667 667 611 278 278 278 469 556
333 556 556 500 556 556 278 556 556 222 222 500 222 833 556 556
556 556 333 500 278 556 500 722 500 500 500 334 260 334 584
"""
_WIDTHS = dict(enumerate(map(int, _HELVETICA.split()), start=32))
"""Widths of Helvetica by character code, in thousandths of the size."""


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Measure a line; bold is taken as a twentieth wider."""
    units = sum(_WIDTHS.get(ord(char), 556) for char in text)
    return units * size / 1000 * (1.05 if bold else 1)


def wrap(text: str, size: float, width: float, *, bold: bool = False) -> list[str]:
    """Break a text into lines no wider than `width`."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and text_width(longer, size, bold=bold) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


@dataclass
class Layout:
    """Sets blocks from the top, and opens a new column or page when one is full."""

    columns: int = 1
    footer: str = ""
    pages: list[list[str]] = field(default_factory=list)
    _column: int = 0
    _top: float = PAGE_HEIGHT - MARGIN
    _y: float = 0

    def __post_init__(self) -> None:
        self._new_page()

    @property
    def width(self) -> float:
        """Width of a column in points."""
        return (PAGE_WIDTH - 2 * MARGIN - (self.columns - 1) * GUTTER) / self.columns

    @property
    def _x(self) -> float:
        return MARGIN + self._column * (self.width + GUTTER)

    def place(self, blocks: list[Block]) -> None:
        """Set blocks one after another."""
        for block in blocks:
            if block.kind == "table":
                self._table(block)
            elif block.kind == "heading":
                self._heading(block)
            elif block.kind == "break":
                self._new_page()
            elif block.kind == "bullet":
                self._lines(wrap(block.text, BODY_SIZE, self.width - 12), indent=12, mark="\x95")
            else:
                self._lines(wrap(block.text, BODY_SIZE, self.width))
                self._y -= 7

    def place_banner(self, blocks: list[Block]) -> None:
        """Set blocks across all columns, which then begin below them."""
        columns, self.columns = self.columns, 1
        self.place(blocks)
        self.columns, self._top = columns, self._y

    def _heading(self, block: Block) -> None:
        size = HEADING_SIZES[block.level]
        self._y -= size * 0.5
        self._room(size * 3)
        for line in wrap(block.text, size, self.width, bold=True):
            self._y -= size * 1.2
            self._text(self._x, line, size, font="F2")
        self._y -= size * 0.35

    def _lines(self, lines: list[str], indent: float = 0, mark: str = "") -> None:
        for number, line in enumerate(lines):
            self._room(BODY_SIZE * 1.4)
            self._y -= BODY_SIZE * 1.4
            if mark and number == 0:
                self._text(self._x, mark, BODY_SIZE)
            self._text(self._x + indent, line, BODY_SIZE)

    def _table(self, table: Block) -> None:
        height = BODY_SIZE * 1.9
        widths = self._column_widths(table.rows)
        self._room(height * len(table.rows) + 8)
        self._y -= 4
        top = self._y
        for number, row in enumerate(table.rows):
            self._y -= height
            self._row(row, widths, "F1" if number else "F2")
        self._rules(top, height, len(table.rows), widths)
        self._y -= 8

    def _column_widths(self, rows: tuple[tuple[str, ...], ...]) -> list[float]:
        natural = [
            max(text_width(cell, BODY_SIZE, bold=True) for cell in column) + CELL_PADDING
            for column in zip(*rows, strict=True)
        ]
        shrink = min(1, self.width / sum(natural))
        return [width * shrink for width in natural]

    def _row(self, row: tuple[str, ...], widths: list[float], font: str) -> None:
        x = self._x
        for cell, width in zip(row, widths, strict=True):
            self._text(x + 7, cell, BODY_SIZE, y=6, font=font)
            x += width

    def _rules(self, top: float, height: float, rows: int, widths: list[float]) -> None:
        page, left, bottom = self.pages[-1], self._x, top - rows * height
        page.append("0.8 w")
        for number in range(rows + 1):
            y = top - number * height
            page.append(f"{left:.2f} {y:.2f} m {left + sum(widths):.2f} {y:.2f} l S")
        x = left
        for width in [0, *widths]:
            x += width
            page.append(f"{x:.2f} {top:.2f} m {x:.2f} {bottom:.2f} l S")

    def _text(self, x: float, text: str, size: float, *, y: float = 0, font: str = "F1") -> None:
        safe = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
        self.pages[-1].append(f"BT /{font} {size} Tf {x:.2f} {self._y + y:.2f} Td ({safe}) Tj ET")

    def _room(self, height: float) -> None:
        if self._y - height >= MARGIN:
            return
        if self._column + 1 < self.columns:
            self._column += 1
            self._y = self._top
        else:
            self._new_page()

    def _new_page(self) -> None:
        self.pages.append([])
        self._column = 0
        self._top = PAGE_HEIGHT - MARGIN
        if self.footer:
            self._y = MARGIN - 24
            self._text(MARGIN, f"{self.footer} - page {len(self.pages)}", 8)
        self._y = self._top


def write_pages(pages: list[list[str]], password: str | None = None) -> bytes:
    """Make a PDF of pages of drawing operators."""
    pdf = PdfFile()
    contents = [pdf.add("<< >>", _encode("\n".join(page))) for page in pages]
    fonts = " ".join(
        f"/{name} {pdf.add(_font(base))} 0 R"
        for name, base in (("F1", "Helvetica"), ("F2", "Helvetica-Bold"))
    )
    return _finish(pdf, contents, f"/Font << {fonts} >>", password)


def _font(base: str) -> str:
    return f"<< /Type /Font /Subtype /Type1 /BaseFont /{base} /Encoding /WinAnsiEncoding >>"


def _encode(text: str) -> bytes:
    return text.replace("\x95", "•").encode("cp1252")


def write_scan(bitmap: Bitmap) -> bytes:
    """Make a PDF of one page that is only a picture, as a scanner does."""
    pdf = PdfFile()
    image = pdf.add(
        f"<< /Type /XObject /Subtype /Image /Width {bitmap.width} /Height {bitmap.height} "
        "/ColorSpace /DeviceGray /BitsPerComponent 1 /Filter /RunLengthDecode >>",
        run_length(bitmap.packed()),
    )
    content = pdf.add("<< >>", f"q {PAGE_WIDTH} 0 0 {PAGE_HEIGHT} 0 0 cm /Im0 Do Q".encode())
    return _finish(pdf, [content], f"/XObject << /Im0 {image} 0 R >>", None)


def _finish(pdf: PdfFile, contents: list[int], resources: str, password: str | None) -> bytes:
    parent = len(pdf.objects) + len(contents) + 1
    pages = [
        pdf.add(
            f"<< /Type /Page /Parent {parent} 0 R /MediaBox [0 0 {PAGE_WIDTH} {PAGE_HEIGHT}] "
            f"/Resources << {resources} >> /Contents {content} 0 R >>"
        )
        for content in contents
    ]
    kids = " ".join(f"{page} 0 R" for page in pages)
    pdf.add(f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>")
    return pdf.write(pdf.add(f"<< /Type /Catalog /Pages {parent} 0 R >>"), password)


def write_document(blocks: list[Block], *, footer: str = "", password: str | None = None) -> bytes:
    """Set blocks in one column and make the PDF."""
    layout = Layout(footer=footer)
    layout.place(blocks)
    return write_pages(layout.pages, password)
