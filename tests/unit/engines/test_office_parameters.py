"""Parameters of workbooks, presentations, web pages and text documents."""

import io
import zipfile
from collections.abc import Callable

import pytest

from tests.unit.engines import samples
from tests.unit.engines.conftest import Parse, document_of

Change = Callable[[str, bytes], bytes]


def changed(data: bytes, change: Change) -> bytes:
    """Return a zip whose entries went through a function."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return samples.zipped(
            {name: change(name, archive.read(name)) for name in archive.namelist()}
        )


def sheet(*rows: str) -> bytes:
    """Return a workbook of a sheet `Sheet1`; a cell a letter, a full stop for an empty one."""
    cells = "".join(
        f'<row r="{number}">'
        + "".join(
            f'<c r="{chr(65 + at)}{number}" t="inlineStr"><is><t>{letter}{number}</t></is></c>'
            for at, letter in enumerate(row)
            if letter != "."
        )
        + "</row>"
        for number, row in enumerate(rows, 1)
    )
    one = samples.xlsx(Sheet1="x")
    return changed(one, lambda name, old: _with_rows(old, cells) if name == "xl/s1.xml" else old)


def _with_rows(old: bytes, rows: str) -> bytes:
    start, end = old.index(b"<sheetData>") + 11, old.index(b"</sheetData>")
    return old[:start] + rows.encode() + old[end:]


HIDDEN = changed(
    samples.xlsx(Shown="a", Secret="b"),
    lambda _, old: old.replace(b'sheetId="2"', b'sheetId="2" state="hidden"'),
)


async def test_hidden_sheets_are_read_when_they_are_asked_for(parse: Parse) -> None:
    document = document_of(await parse(HIDDEN, "a.xlsx"))
    assert [page.md.split()[1] for page in document.pages] == ["Shown"]
    assert document.warnings == ("hidden sheets were left out: 1",)
    document = document_of(await parse(HIDDEN, "a.xlsx", hidden_sheets=True))
    assert [page.md.split()[1] for page in document.pages] == ["Shown", "Secret"]
    assert document.warnings == ()


async def test_sub_tables_cut_a_sheet_at_its_empty_rows_and_columns(parse: Parse) -> None:
    data = sheet("ab..f", "ab..f", ".....", "cd...")
    whole = document_of(await parse(data, "a.xlsx")).pages[0].md
    assert whole.count("---") == 5
    parts = document_of(await parse(data, "a.xlsx", sub_tables=True)).pages[0].md
    tables = parts.split("\n\n")[1:]
    assert [table.split("\n")[0] for table in tables] == ["| a1 | b1 |", "| f1 |", "| c4 | d4 |"]


async def test_guess_xlsx_sheet_name_heads_a_sheet_by_its_first_row(parse: Parse) -> None:
    data = sheet("a", "cd")
    assert document_of(await parse(data, "a.xlsx")).pages[0].md.startswith("## Sheet1\n")
    guessed = document_of(await parse(data, "a.xlsx", guess_sheet_names=True)).pages[0]
    assert guessed.md.startswith("## a1\n")


SLIDE = (
    '<p:sld xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"><p:cSld><p:spTree>'
    "<p:nvGrpSpPr/><p:grpSpPr/>{}</p:spTree></p:cSld></p:sld>"
)


def shape(words: str, x: int) -> str:
    return (
        f'<p:sp><p:nvSpPr/><p:spPr><a:xfrm><a:off x="{x}" y="0"/><a:ext cx="1000" cy="1000"/>'
        f"</a:xfrm></p:spPr><p:txBody><a:p><a:r><a:t>{words}</a:t></a:r></a:p></p:txBody></p:sp>"
    )


def presentation(*shapes: str) -> bytes:
    office = samples.OFFICE
    link = f'<Relationship Id="r1" Type="{office}/slide" Target="slides/slide1.xml"/>'
    kind = "application/vnd.openxmlformats-officedocument.presentationml"
    return samples.zipped(
        {
            "[Content_Types].xml": samples.CONTENT_TYPES.format(
                f'<Override PartName="/ppt/presentation.xml" '
                f'ContentType="{kind}.presentation.main+xml"/>'
                f'<Override PartName="/ppt/slides/slide1.xml" ContentType="{kind}.slide+xml"/>'
            ),
            "_rels/.rels": samples.RELS.replace("word/document.xml", "ppt/presentation.xml"),
            "ppt/_rels/presentation.xml.rels": (
                f'<Relationships xmlns="{samples.PACKAGE}">{link}</Relationships>'
            ),
            "ppt/presentation.xml": (
                '<p:presentation xmlns:p="http://schemas.openxmlformats.org/'
                f'presentationml/2006/main" xmlns:r="{office}">'
                '<p:sldIdLst><p:sldId id="256" r:id="r1"/></p:sldIdLst>'
                '<p:sldSz cx="10000" cy="10000"/></p:presentation>'
            ),
            "ppt/slides/slide1.xml": SLIDE.format("".join(shapes)),
        }
    )


@pytest.mark.parametrize("x", [10_000, -1000, 99_999])
async def test_what_lies_outside_of_a_slide_is_read_when_it_is_asked_for(
    parse: Parse, x: int
) -> None:
    data = presentation(shape("inside", 0), shape("outside", x), shape("edge", 9_999))
    document = document_of(await parse(data, "a.pptx"))
    assert set(document.pages[0].text.split()) == {"inside", "edge"}
    assert document.warnings == ("shapes outside of their slide were left out: 1",)
    document = document_of(await parse(data, "a.pptx", off_slide=True))
    assert set(document.pages[0].text.split()) == {"inside", "outside", "edge"}


WEB = """<html><head><meta charset="iso-8859-1"></head><body>
<div role="navigation">menu</div><h1>Title</h1><p>body \u00e9</p><aside>aside</aside>
<div style="position: fixed; top: 0">banner</div><p hidden>hidden</p>
<p style="color: red; display:none">undisplayed</p><footer>imprint</footer></body></html>""".encode(
    "latin-1"
)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({}, {"menu", "Title", "body", "\u00e9", "aside", "banner", "imprint"}),
        ({"skip_navigation": True}, {"Title", "body", "\u00e9", "banner"}),
        ({"skip_fixed": True}, {"menu", "Title", "body", "\u00e9", "aside", "imprint"}),
        (
            {"all_visible": True},
            {
                *("menu", "Title", "body", "\u00e9", "aside", "banner", "imprint"),
                *("hidden", "undisplayed"),
            },
        ),
    ],
)
async def test_elements_of_a_web_page_are_taken_or_left_as_asked(
    parse: Parse, asked: dict[str, bool], words: set[str]
) -> None:
    page = document_of(await parse(WEB, "a.html", **asked)).pages[0]
    assert set(page.text.split()) == words


EDITED = (
    b'<w:p><w:r><w:t>keep </w:t></w:r><w:ins w:id="1" w:author="Ann"><w:r><w:t>added</w:t></w:r>'
    b'</w:ins><w:del w:id="2" w:author="Bob"><w:r><w:delText>gone</w:delText></w:r></w:del></w:p>'
)


async def test_annotate_revisions_tells_what_was_inserted_and_deleted(parse: Parse) -> None:
    data = changed(
        samples.docx("text"), lambda _, old: old.replace(b"</w:body>", EDITED + b"</w:body>")
    )
    assert "Revisions" not in document_of(await parse(data, "a.docx")).pages[-1].md
    page = document_of(await parse(data, "a.docx", revisions=True)).pages[-1]
    assert "keep added" in page.md
    assert page.md.endswith("## Revisions\n\n- inserted by Ann: added\n- deleted by Bob: gone")


async def test_what_a_format_does_not_know_is_told(parse: Parse) -> None:
    asked = {"hidden_sheets": True, "skip_navigation": True, "revisions": True, "margins": True}
    document = document_of(await parse(b"words\n", "a.txt", **asked))
    (warning,) = document.warnings
    assert warning == (
        "without effect on this format: page headers and footers, "
        "spreadsheet_include_hidden_sheets, html_remove_navigation_elements, annotate_revisions"
    )
