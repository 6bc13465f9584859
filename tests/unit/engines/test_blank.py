"""What is proved to be blank completes; silence of an engine proves nothing."""

import zlib
from pathlib import Path

import pytest

from sheaf.contracts.documents import ParsedPage
from sheaf.contracts.failures import FailureKind
from sheaf.engines import blank
from sheaf.engines.pdf import content as pdf_content
from tests.unit.engines import samples
from tests.unit.engines.conftest import Parse, document_of, failure_of

BLANK = ("the document is blank",)
WHITE = b"q Q q 0 0 595 842 re W n 1 1 1 rg 0 0 595 842 re f Q"
FORM = "<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Length {} >>\nstream\n{}\nendstream"
PICTURE = (
    "<< /Type /XObject /Subtype /Image /Width 9 /Height 9 /ColorSpace /DeviceGray "
    "/BitsPerComponent 8 /Filter /DCTDecode /Length 4 >>\nstream\nnone\nendstream"
)
PREDICTOR = "/DecodeParms << /Predictor 12 /Columns 3 >>"
X5 = "/Resources << /XObject << /X 5 0 R >> >>"
HEADER = {"word/header1.xml": f'<w:hdr xmlns:w="{samples.WORD}"><w:p><w:t>x</w:t></w:p></w:hdr>'}


def form(content: str) -> str:
    return FORM.format(len(content), content)


def object_stream(content: str) -> str:
    head = f"<< /Type /ObjStm /N 1 /First 4 /Length {len(content) + 4} >>"
    return f"{head}\nstream\n9 0 {content}\nendstream"


def packed(content: bytes) -> bytes:
    return samples.drawn(zlib.compress(content), stream="/Filter /FlateDecode")


@pytest.mark.parametrize("data", [b" \n\t\n", b"\xef\xbb\xbf", " \r\n".encode("utf-16")])
async def test_a_text_of_white_space_is_blank(parse: Parse, data: bytes) -> None:
    document = document_of(await parse(data, "a.txt"))
    assert document.is_blank
    assert document.warnings == BLANK
    assert [(page.text, page.md) for page in document.pages] == [("", "")]


async def test_a_mail_without_shown_headers_and_body_is_blank(parse: Parse) -> None:
    document = document_of(await parse(b"MIME-Version: 1.0\n\n \n", "a.eml"))
    assert (document.engine, document.warnings) == ("sheaf-mail", BLANK)


async def test_a_mail_whose_body_gives_no_text_is_empty(parse: Parse) -> None:
    html = b"MIME-Version: 1.0\nContent-Type: text/html\n\n<p></p>"
    assert failure_of(await parse(html, "a.eml"))[0] is FailureKind.EMPTY


async def test_a_blank_attachment_is_named_and_has_no_page(parse: Parse) -> None:
    part = 'Content-Type: text/plain\nContent-Disposition: attachment; filename="b.txt"\n\n '
    document = document_of(await parse(samples.mail(part), "a.eml"))
    assert len(document.pages) == 1
    assert document.warnings == ("Attachment is blank: b.txt",)
    assert not document.is_blank


async def test_a_word_document_of_bare_paragraphs_is_blank(parse: Parse) -> None:
    document = document_of(await parse(samples.docx(bare=True), "a.docx"))
    assert document.is_blank
    assert document.warnings == BLANK


@pytest.mark.parametrize(
    "more",
    [
        {"word/media/image1.svg": "<svg/>"},
        {"word/numbering.xml": "<w:numbering><w:pict/></w:numbering>"},
        {"word/other.xml": "<w:t>x</w:t>".encode("utf-16")},
        {"word/other.xml": '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'},
        HEADER,
    ],
    ids=["picture file", "picture", "utf-16", "entity", "header"],
)
def test_a_word_document_with_any_other_content_is_not_blank(
    tmp_path: Path, more: dict[str, str | bytes]
) -> None:
    path = tmp_path / "blob"
    path.write_bytes(samples.docx(bare=True))
    assert blank.word_is_blank(path)
    path.write_bytes(samples.docx(bare=True, more=more))
    assert not blank.word_is_blank(path)


@pytest.mark.parametrize(
    "data",
    [
        samples.pdf("", ""),
        samples.drawn(WHITE),
        packed(WHITE),
        samples.drawn(b"BT /F1 9 Tf [( ) -20 ( )] TJ ET", page="/Annots []"),
        samples.drawn(b"q /X Do Q", page=X5, objects=(form("q Q"),)),
        samples.drawn().replace(b"4 0 R", b"[4 0 R]"),
    ],
    ids=["bare", "white", "compressed", "spaces", "form", "array"],
)
async def test_a_pdf_of_uniform_pages_is_blank_without_ocr_data(parse: Parse, data: bytes) -> None:
    document = document_of(await parse(data, "a.pdf", languages=("mi",)))
    assert document.is_blank
    assert document.warnings == BLANK
    assert {(page.text, page.md) for page in document.pages} == {("", "")}


async def test_a_warning_speaks_of_no_more_pages_than_were_asked_for(parse: Parse) -> None:
    document = document_of(await parse(samples.pdf("", "", ""), "a.pdf", target_pages=(2,)))
    assert document.warnings == ("the pages asked for are blank",)


@pytest.mark.parametrize(
    "data",
    [
        samples.drawn(b"0.95 G 0.01 w 100 100 m 101 101 l S"),
        samples.drawn(b"damaged", stream="/Filter /FlateDecode"),
        samples.drawn(zlib.compress((WHITE + b" ") * 9, 0)[:-30], stream="/Filter /FlateDecode"),
        samples.drawn(zlib.compress(WHITE), stream="/Filter /NoSuchDecode"),
        samples.drawn(b"@@ neither words nor operators \xff"),
        samples.drawn().replace(b"/Contents 4 0 R", b"/Contents 9 0 R"),
        samples.drawn(b"q 500 0 0 500 9 9 cm /X Do Q", page=X5, objects=(PICTURE,)),
        samples.drawn(WHITE).replace(b"/Contents 4 0 R", b"/Contents (4 0 R)"),
        samples.drawn(b"/X Do"),
        samples.drawn(b"/X Do", page=X5, objects=(form("BT (words in no font) Tj ET"),)),
        samples.drawn(page="/AF 5 0 R", objects=("<< /Type /Filespec /F (a) /EF << >> >>",)),
    ],
    ids=[
        *("thin line", "no deflate", "cut deflate", "unknown filter"),
        *(
            "no operators",
            "no content",
            "broken content",
            "broken picture",
            "no picture",
            "words in a form",
        ),
        "attached file",
    ],
)
async def test_a_pdf_that_is_white_for_another_reason_is_empty(parse: Parse, data: bytes) -> None:
    assert failure_of(await parse(data, "a.pdf", ocr=False))[0] is FailureKind.EMPTY


async def test_a_picture_without_text_is_empty(parse: Parse) -> None:
    assert failure_of(await parse(samples.png(9, 9), "a.png", ocr=False))[0] is FailureKind.EMPTY


@pytest.mark.parametrize(
    "data",
    [
        samples.drawn(b"BT ( Tj ET"),
        samples.drawn(zlib.compress(WHITE), stream=f"/Filter /FlateDecode {PREDICTOR}"),
        samples.drawn(objects=(object_stream("<< /EF << >> >>"),)),
        samples.drawn(objects=("(>> stream\n)", "<< /EF << >> >>", form(""))),
    ],
    ids=["open string", "predictor", "object in a stream", "words like the start of a stream"],
)
def test_what_a_pdf_says_in_an_odd_place_counts_as_content(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "blob"
    path.write_bytes(data)
    assert not pdf_content.leaves_pages_bare(path)


def test_no_more_area_is_rendered_than_a_second_allows(tmp_path: Path) -> None:
    path = tmp_path / "blob"
    path.write_bytes(samples.drawn())
    page = ParsedPage(page=1, text="", md="", width=blank.MAX_AREA, height=1.1)
    assert not blank.pdf_is_blank(path, [page])


@pytest.mark.parametrize("limit", ["MAX_BYTES", "MAX_UNPACKED_BYTES", "MAX_DRAWN_BYTES"])
def test_no_more_of_a_pdf_is_looked_at_than_its_limits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    path = tmp_path / "blob"
    path.write_bytes(packed(WHITE))
    assert pdf_content.leaves_pages_bare(path)
    monkeypatch.setattr(pdf_content, limit, len(WHITE) - 1)
    assert not pdf_content.leaves_pages_bare(path)
