"""Pages of a PDF that show their text as a picture, beside text of their own."""

import io
import re

import pytest
from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, NameObject
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from tests.unit.engines import samples
from tests.unit.engines.conftest import Parse, document_of
from tests.unit.engines.pictures import LINES, WORDS, drawn, page_of, sheet

pytestmark = pytest.mark.ocr

ACROSS = {"place": (0, 0, 842, 595), "size": (842, 595)}
SCAN = sheet(drawn(size=24))
STAMPS = [
    ((30, 20, "Envelope ID: 9A3F-22C1-77B0"),),
    ((400, 820, "RECEIVED 12 MAY 2025"),),
    ((30, 825, "Sample Partners"), (30, 812, "File 2025/117"), (500, 15, "Page 1 of 1")),
]


@pytest.mark.parametrize("texts", STAMPS, ids=["envelope", "stamp", "header and footer"])
async def test_a_scan_is_read_below_what_was_put_over_it(
    parse: Parse, texts: tuple[tuple[float, float, str], ...]
) -> None:
    (page,) = document_of(await parse(page_of(SCAN, *texts), "a.pdf")).pages
    assert WORDS in page.md
    for _, _, words in texts:
        assert page.md.count(words) == 1


async def test_a_scan_in_strips_with_a_margin_is_read(parse: Parse) -> None:
    written = io.BytesIO()
    canvas = Canvas(written, pagesize=(595, 842))
    high = SCAN.height // 60
    for at in range(60):
        strip = SCAN.crop((0, at * high, SCAN.width, (at + 1) * high))
        canvas.drawImage(ImageReader(strip), 40, 800 - (at + 1) * 12.5, 515, 12.5)
    canvas.drawString(40, 820, "Filed under 88")
    canvas.save()
    (page,) = document_of(await parse(written.getvalue(), "a.pdf")).pages
    assert WORDS in page.md
    assert "Filed under 88" in page.md


async def test_an_invisible_layer_of_the_same_text_is_enough(parse: Parse) -> None:
    texts = [(60, 780 - 20 * at, line) for at, line in enumerate(LINES)]
    (page,) = document_of(await parse(page_of(SCAN, *texts, invisible=True), "a.pdf")).pages
    assert page.md.count(WORDS) == 1


async def test_a_picture_of_text_in_a_page_of_text_is_read(parse: Parse) -> None:
    data = page_of(
        drawn(), (72, 780, "The bill of the tower is shown below."), place=(60, 380, 480, 270)
    )
    (page,) = document_of(await parse(data, "a.pdf")).pages
    assert WORDS in page.md
    assert "The bill of the tower" in page.md


async def test_a_picture_that_is_small_against_the_text_is_told(parse: Parse) -> None:
    texts = [(60, 800 - 14 * at, f"Line {at} of a page that is full of text.") for at in range(28)]
    data = page_of(drawn(), *texts, place=(60, 60, 480, 180))
    document = document_of(await parse(data, "a.pdf"))
    assert "Line 27" in document.pages[0].md
    assert document.warnings == ("pictures beside the text were not read by OCR: page 1",)


@pytest.mark.parametrize("clockwise", [90, 180, 270])
async def test_a_scan_that_lies_wrong_is_turned(parse: Parse, clockwise: int) -> None:
    lying = SCAN.rotate(-clockwise, expand=True)
    placed = ACROSS if clockwise != 180 else {}
    (page,) = document_of(await parse(page_of(lying, **placed), "a.pdf")).pages
    assert WORDS in page.md
    assert page.orientation == clockwise


@pytest.mark.parametrize("rotation", [90, 270])
async def test_a_scan_that_its_page_turns_upright_is_not_turned_again(
    parse: Parse, rotation: int
) -> None:
    data = page_of(SCAN.rotate(rotation, expand=True), rotation=rotation, **ACROSS)
    (page,) = document_of(await parse(data, "a.pdf")).pages
    assert WORDS in page.md
    assert page.orientation is None


async def test_a_turned_scan_keeps_the_text_that_was_put_over_it(parse: Parse) -> None:
    data = page_of(SCAN.rotate(180), (30, 20, "Envelope 12 of May"))
    (page,) = document_of(await parse(data, "a.pdf")).pages
    assert WORDS in page.md
    assert "Envelope 12 of May" in page.md


def mapped(shift: int) -> bytes:
    """Return a page whose font tells other letters than it draws."""
    ranges = "\n".join(f"<{code:02x}> <{code:02x}> <{code + shift:04x}>" for code in range(32, 127))
    cmap = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def\n"
        "1 begincodespacerange <00> <ff> endcodespacerange\n"
        f"95 beginbfrange\n{ranges}\nendbfrange endcmap end end"
    )
    lines = " ".join(f"0 -30 Td ({line}) Tj" for line in LINES)
    return samples.drawn(
        f"BT /F1 20 Tf 60 760 Td {lines} ET".encode(),
        page="/Resources << /Font << /F1 5 0 R >> >>",
        objects=(
            "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 6 0 R >>",
            f"<< /Length {len(cmap)} >>\nstream\n{cmap}\nendstream",
        ),
    )


def private(base: int) -> bytes:
    """Return a page with a font of its own, whose letters are said to be private codes."""
    pdfmetrics.registerFont(TTFont("Vera", "Vera.ttf"))
    written = io.BytesIO()
    canvas = Canvas(written)
    canvas.setFont("Vera", 16)
    for at, line in enumerate(LINES):
        canvas.drawString(60, 760 - 30 * at, line)
    canvas.save()
    writer = PdfWriter(clone_from=written)
    (font,) = [
        font.get_object()
        for font in writer.pages[0]["/Resources"]["/Font"].values()
        if "/ToUnicode" in font.get_object()
    ]
    told = font["/ToUnicode"].get_data().decode()
    codes = re.sub("<([0-9A-F]{4})>", lambda code: f"<{base + int(code[1], 16) % 256:04X}>", told)
    stream = DecodedStreamObject()
    stream.set_data(codes.encode())
    font[NameObject("/ToUnicode")] = writer._add_object(stream)
    changed = io.BytesIO()
    writer.write(changed)
    return changed.getvalue()


@pytest.mark.parametrize(
    "data",
    [private(0xE200), private(0xF500), mapped(3), mapped(13)],
    ids=["private use", "private use of symbols", "three on", "thirteen on"],
)
async def test_text_that_its_font_hides_is_read_from_the_page(parse: Parse, data: bytes) -> None:
    document = document_of(await parse(data, "a.pdf"))
    assert "lighthouse" in document.pages[0].md
    assert document.warnings == ("read by OCR, since fonts do not tell their letters: page 1",)


async def test_a_font_that_tells_its_letters_is_believed(parse: Parse) -> None:
    document = document_of(await parse(mapped(0), "a.pdf"))
    assert "lighthouse" in document.pages[0].md
    assert document.warnings == ()


async def test_without_data_of_the_language_pictures_are_told(parse: Parse) -> None:
    data = page_of(SCAN, (30, 20, "Envelope ID: 9A3F-22C1-77B0"))
    document = document_of(await parse(data, "a.pdf", languages=("mi",)))
    assert document.warnings == ("pictures were not read, for OCR data was not found: page 1",)
    document = document_of(await parse(data, "a.pdf", ocr=False))
    assert document.warnings == ("pictures were not read, since OCR is off: page 1",)


async def test_a_photo_of_no_text_costs_the_page_nothing(parse: Parse) -> None:
    photo = Image.radial_gradient("L").resize((500, 700))
    data = page_of(photo, (72, 700, "A word over a cloud."), place=(0, 0, 595, 842))
    document = document_of(await parse(data, "a.pdf"))
    assert document.pages[0].md.strip() == "A word over a cloud."
