"""What a viewer draws over the pages of a PDF, hides of them, or keeps beside them."""

import io

import pytest
from pypdf import PdfReader, PdfWriter
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    NameObject,
    TextStringObject,
)
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from sheaf.engines.pdf.layers import _operators
from tests.unit.engines import samples
from tests.unit.engines.conftest import Parse, document_of

FONT = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"


def form(*, is_drawn: bool) -> bytes:
    """Return a form of all kinds of fields, whose appearances may be for the viewer to draw."""
    written = io.BytesIO()
    canvas = Canvas(written)
    fields = canvas.acroForm
    canvas.drawString(72, 760, "Name of the ship")
    fields.textfield(name="ship", value="Albatross", x=220, y=750, width=150, height=20)
    canvas.drawString(72, 720, "Flag")
    options = ["Norway", "Chile"]
    fields.choice(name="flag", value="Chile", options=options, x=220, y=710, width=150, height=20)
    for at, (label, is_ticked) in enumerate((("Insured", True), ("Armed", False))):
        fields.checkbox(name=f"b{at}", x=72, y=670 - 40 * at, size=14, checked=is_ticked)
        canvas.drawString(92, 673 - 40 * at, label)
    for at, label in enumerate(("Sail", "Steam")):
        fields.radio(name="drive", value=label, x=72, y=590 - 40 * at, size=14, selected=at == 1)
        canvas.drawString(92, 593 - 40 * at, label)
    canvas.save()
    if is_drawn:
        return written.getvalue()
    writer = PdfWriter(clone_from=written)
    for annotation in writer.pages[0]["/Annots"]:
        if (
            annotation.get_object().get("/FT") != "/Btn"
            and "/Parent" not in annotation.get_object()
        ):
            del annotation.get_object()["/AP"]
    writer.set_need_appearances_writer(True)
    changed = io.BytesIO()
    writer.write(changed)
    return changed.getvalue()


@pytest.mark.parametrize("is_drawn", [True, False])
async def test_values_of_a_form_stand_beside_their_labels(parse: Parse, *, is_drawn: bool) -> None:
    page = document_of(await parse(form(is_drawn=is_drawn), "a.pdf")).pages[0]
    words = " ".join(page.md.replace("-", " ").split())
    assert "Name of the ship Albatross" in words
    assert "Flag Chile" in words
    assert "[x] Insured" in words
    assert "[ ] Armed" in words
    assert "[ ] Sail" in words
    assert "[x] Steam" in words


async def test_a_value_that_no_font_draws_is_a_line_with_its_name(parse: Parse) -> None:
    writer = PdfWriter(clone_from=io.BytesIO(form(is_drawn=False)))
    field = writer.pages[0]["/Annots"][0].get_object()
    field[NameObject("/V")] = TextStringObject("Пётр 北京")
    field[NameObject("/TU")] = TextStringObject("Master of the ship")
    written = io.BytesIO()
    writer.write(written)
    page = document_of(await parse(written.getvalue(), "a.pdf")).pages[0]
    assert "Пётр 北京" in page.md
    assert "Пётр 北京" in page.text


async def test_what_is_hidden_or_a_password_is_not_shown(parse: Parse) -> None:
    writer = PdfWriter(clone_from=io.BytesIO(form(is_drawn=False)))
    annotations = [entry.get_object() for entry in writer.pages[0]["/Annots"]]
    annotations[0][NameObject("/F")] = annotations[0]["/F"].__class__(2)
    annotations[1][NameObject("/FT")] = NameObject("/Tx")
    annotations[1][NameObject("/Ff")] = annotations[0]["/F"].__class__(1 << 13)
    annotations[1][NameObject("/V")] = TextStringObject("opensesame")
    written = io.BytesIO()
    writer.write(written)
    page = document_of(await parse(written.getvalue(), "a.pdf")).pages[0]
    assert "Albatross" not in page.md
    assert "opensesame" not in page.md


def annotated(*annotations: str, objects: tuple[str, ...] = ()) -> bytes:
    """Return a page of a sentence with annotations; further objects begin with number 6."""
    return samples.drawn(
        b"BT /F1 12 Tf 72 700 Td (The price is 100 crowns.) Tj ET",
        page=f"/Resources << /Font << /F1 5 0 R >> >> /Annots [{' '.join(annotations)}]",
        objects=(FONT, *objects),
    )


def annotation(kind: str, more: str) -> str:
    return f"<< /Type /Annot /Subtype /{kind} /Rect [72 600 300 620] {more} >>"


NOTES = [
    (annotation("Text", "/Contents (gross or net?) /T (Ann)"), "> Note by Ann: gross or net?"),
    (annotation("FreeText", "/Contents (agreed with Bob) /DA (/F1 9 Tf)"), "agreed with Bob"),
    (
        annotation(
            "Highlight", "/Contents (see page 4) /QuadPoints [72 620 300 620 72 600 300 600]"
        ),
        "> Note: see page 4",
    ),
    (annotation("Square", "/Contents (wrong place) /T (Eve)"), "> Note by Eve: wrong place"),
]


@pytest.mark.parametrize(("note", "line"), NOTES, ids=["sticky", "typed", "highlight", "square"])
async def test_what_somebody_wrote_on_a_page_is_kept(parse: Parse, note: str, line: str) -> None:
    page = document_of(await parse(annotated(note), "a.pdf", ocr=False)).pages[0]
    assert page.md.startswith("The price is 100 crowns.")
    assert line in page.md
    assert line.removeprefix("> ") in page.text


async def test_a_stamp_is_part_of_the_page(parse: Parse) -> None:
    content = "BT /F1 12 Tf 4 6 Td (PAID IN MAY) Tj ET"
    stamp = (
        "<< /Type /XObject /Subtype /Form /BBox [0 0 228 20] /Resources << /Font << /F1 5 0 R >> >>"
        f" /Length {len(content)} >>\nstream\n{content}\nendstream"
    )
    data = annotated(annotation("Stamp", "/F 4 /AP << /N 6 0 R >>"), objects=(stamp,))
    page = document_of(await parse(data, "a.pdf", ocr=False)).pages[0]
    assert "PAID IN MAY" in page.md
    assert "The price is 100 crowns." in page.md


async def test_links_alone_change_nothing(parse: Parse) -> None:
    link = annotation("Link", "/A << /S /URI /URI (https://example.com/) >>")
    document = document_of(await parse(annotated(link), "a.pdf"))
    assert document.warnings == ()


def layered(default: str, *, drawing: bool = False) -> bytes:
    """Return a page of a line on each of two layers, and of one on none."""
    lines = (
        "BT /F1 12 Tf 72 720 Td (On no layer) Tj ET "
        "/OC /A BDC BT /F1 12 Tf 72 700 Td (On the \\(first\\) layer) Tj ET EMC "
        "/OC /B BDC /Span << /X (EMC) >> BDC BT /F1 12 Tf 72 680 Td [(On the) -250 (second)] TJ ET "
        "EMC BT /F1 12 Tf 72 660 Td (Still the second) Tj ET EMC "
        "BT /F1 12 Tf 72 640 Td (Behind the layers) Tj ET"
    )
    content = b"/D Do" if drawing else lines.encode()
    resources = (
        "<< /Font << /F1 5 0 R >> /Properties << /A 6 0 R /B 7 0 R >> /XObject << /D 8 0 R >> >>"
    )
    own = resources.replace("/XObject << /D 8 0 R >>", "")
    drawing_of_lines = (
        f"<< /Type /XObject /Subtype /Form /BBox [0 0 600 800] /Resources {own} "
        f"/Length {len(lines)} >>\nstream\n{lines}\nendstream"
    )
    data = samples.drawn(
        content,
        page=f"/Resources {resources}",
        objects=(
            FONT,
            "<< /Type /OCG /Name (first) >>",
            "<< /Type /OCG /Name (second) >>",
            drawing_of_lines,
        ),
    )
    properties = f"<< /OCGs [6 0 R 7 0 R] /D << {default} >> >>"
    # The catalog as it is, with the layers: no offset of another object moves.
    data = data.replace(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Catalog /Pages 2 0 R /OCProperties {properties} >>".encode(),
    )
    reader = PdfReader(io.BytesIO(data), strict=False)
    writer = PdfWriter(clone_from=reader)
    written = io.BytesIO()
    writer.write(written)
    return written.getvalue()


@pytest.mark.parametrize("drawing", [False, True])
@pytest.mark.parametrize(
    ("default", "hidden"),
    [
        ("/OFF [7 0 R]", {"second"}),
        ("/OFF [6 0 R]", {"(first)"}),
        ("/BaseState /OFF", {"(first)", "second"}),
        ("/BaseState /OFF /ON [6 0 R]", {"second"}),
        ("/OFF []", set()),
        ("", set()),
    ],
)
async def test_layers_that_are_off_are_not_read(
    parse: Parse, default: str, hidden: set[str], *, drawing: bool
) -> None:
    document = document_of(await parse(layered(default, drawing=drawing), "a.pdf"))
    words = set(document.pages[0].md.split())
    assert {"no", "Behind"} <= words
    assert {"(first)", "second"} - words == hidden
    assert ("Still" in words) == ("second" not in hidden)
    assert document.warnings == ()


def test_operators_are_told_from_strings_and_pictures() -> None:
    content = b"BT (a (b) \\) Tj) Tj <41> Tj ET BI /W 1 ID \x00Tj EI /X Do % Do\n/Y Do"
    found = [(operator, names) for operator, _, _, names in _operators(content)]
    assert found == [
        (b"BT", []), (b"Tj", []), (b"Tj", []), (b"ET", []),
        (b"EI", [b"/W"]), (b"Do", [b"/X"]), (b"Do", [b"/Y"]),
    ]  # fmt: skip


async def test_attached_files_are_named(parse: Parse) -> None:
    writer = PdfWriter(clone_from=io.BytesIO(samples.pdf("An invoice.")))
    writer.add_attachment("rechnung-7.xml", b"<x/>")
    writer.add_attachment("bild.png", b"x")
    written = io.BytesIO()
    writer.write(written)
    document = document_of(await parse(written.getvalue(), "a.pdf"))
    (warning,) = document.warnings
    assert warning.startswith("attachments of the PDF were not read: ")
    assert "rechnung-7.xml" in warning
    assert "bild.png" in warning


async def test_a_form_of_xml_gives_its_values_and_a_warning(parse: Parse) -> None:
    writer = PdfWriter(clone_from=io.BytesIO(samples.pdf("Please wait.")))
    data = DecodedStreamObject()
    data.set_data(
        b"<xfa:datasets xmlns:xfa='x'><xfa:data><f><surname>M&#252;ller</surname>"
        b"<empty/><city lang='de'>Kiel</city></f></xfa:data></xfa:datasets>"
    )
    packets = ArrayObject([TextStringObject("datasets"), writer._add_object(data)])
    writer.root_object[NameObject("/AcroForm")] = DictionaryObject(
        {NameObject("/Fields"): ArrayObject(), NameObject("/XFA"): packets}
    )
    written = io.BytesIO()
    writer.write(written)
    document = document_of(await parse(written.getvalue(), "a.pdf"))
    assert "surname: Müller" in document.pages[0].md
    assert "city: Kiel" in document.pages[0].md
    assert any("XFA" in warning for warning in document.warnings)


@pytest.mark.parametrize("degrees", [90, 270])
async def test_a_page_whose_words_lie_on_their_side_is_turned(parse: Parse, degrees: int) -> None:
    written = io.BytesIO()
    canvas = Canvas(written, pagesize=(595, 595))
    canvas.translate(297, 297)
    canvas.rotate(degrees)
    canvas.translate(-297, -297)
    for at, row in enumerate((("Item", "Sum"), ("Rope", "12.50"), ("Lamp", "8.20"))):
        canvas.drawString(72, 400 - 20 * at, row[0])
        canvas.drawString(260, 400 - 20 * at, row[1])
    for at in range(5):
        canvas.drawString(72, 540 - 15 * at, f"Sentence {at} of what the harbour has sold.")
    canvas.save()
    page = document_of(await parse(written.getvalue(), "a.pdf")).pages[0]
    words = page.md.replace("|", " ").split()
    assert words.index("Rope") < words.index("12.50")
    assert "Sentence 4 of what the harbour has sold." in " ".join(page.md.split())
    assert page.orientation == (360 - degrees) % 360


@pytest.mark.parametrize("side", [5000, 14_400])
async def test_words_of_a_plot_of_metres_are_whole(parse: Parse, side: int) -> None:
    written = io.BytesIO()
    canvas = Canvas(written, pagesize=(side, side))
    canvas.setFont("Helvetica", side / 100)
    canvas.drawString(side / 8, side / 2, "Foundations of the hundredth lighthouse")
    canvas.save()
    page = document_of(await parse(written.getvalue(), "a.pdf")).pages[0]
    assert page.md == "Foundations of the hundredth lighthouse"
    assert page.width == pytest.approx(side, rel=0.01)
    assert page.blocks[0].box.x == pytest.approx(side / 8, rel=0.02)


@pytest.mark.parametrize(
    ("font", "columns"),
    [
        ("HeiseiMin-W3", ("港の灯台守は", "船を数える")),
        ("STSong-Light", ("灯塔看守人", "夜里数船")),
    ],
)
async def test_vertical_columns_are_read_from_the_right(
    parse: Parse, font: str, columns: tuple[str, str]
) -> None:
    pdfmetrics.registerFont(UnicodeCIDFont(font, isVertical=True))
    written = io.BytesIO()
    canvas = Canvas(written)
    name = next(name for name in pdfmetrics.getRegisteredFontNames() if name.startswith(font))
    canvas.setFont(name, 14)
    for at, column in reversed(list(enumerate(columns))):
        canvas.drawString(400 - 40 * at, 700, column)
    canvas.save()
    (page,) = document_of(await parse(written.getvalue(), "a.pdf")).pages
    assert page.md.split() == list(columns)
