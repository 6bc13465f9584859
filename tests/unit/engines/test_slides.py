"""Presentations are read slide by slide, in the order of the show."""

import io

import pytest
from pptx import Presentation
from pptx.util import Inches

from tests.unit.engines import samples
from tests.unit.engines.conftest import Parse, document_of
from tests.unit.engines.word_samples import CHART, md_of

SPACES = (
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" '
    'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" '
    f'xmlns:r="{samples.OFFICE}"'
)


def made(*titles: str) -> Presentation:
    """Return a presentation with a slide of each title."""
    deck = Presentation()
    for title in titles:
        deck.slides.add_slide(deck.slide_layouts[5]).shapes.title.text = title
    return deck


def saved(deck: Presentation) -> bytes:
    file = io.BytesIO()
    deck.save(file)
    return file.getvalue()


def raw(slides: dict[str, str], order: list[str], more: dict[str, str | bytes]) -> bytes:
    """Return a presentation of slides by their part names, in an order."""
    links = "".join(
        f'<Relationship Id="{name}" Type="{samples.OFFICE}/slide" Target="/{name}"/>'
        for name in slides
    )
    listed = "".join(f'<p:sldId r:id="{name}"/>' for name in order)
    entries: dict[str, str | bytes] = {
        "[Content_Types].xml": samples.CONTENT_TYPES.format("presentationml.slideshow.main"),
        "_rels/.rels": samples.RELS.replace("word/document.xml", "show/main.xml"),
        "show/_rels/main.xml.rels": (
            f'<Relationships xmlns="{samples.PACKAGE}">{links}</Relationships>'
        ),
        "show/main.xml": (
            f"<p:presentation {SPACES}><p:sldIdLst>{listed}</p:sldIdLst></p:presentation>"
        ),
    }
    for name, shapes in slides.items():
        entries[name] = f"<p:sld {SPACES}><p:cSld><p:spTree>{shapes}</p:spTree></p:cSld></p:sld>"
    return samples.zipped(entries | more)


def box(inside: str, kind: str = "") -> str:
    holds = f'<p:nvPr><p:ph type="{kind}"/></p:nvPr>' if kind else ""
    return f"<p:sp><p:nvSpPr>{holds}</p:nvSpPr><p:txBody>{inside}</p:txBody></p:sp>"


def words(text: str) -> str:
    return f"<a:p><a:r><a:t>{text}</a:t></a:r></a:p>"


@pytest.mark.parametrize("order", [(2, 0, 1), (1, 2, 0), (0, 1, 2)])
async def test_slides_come_in_the_order_of_the_show(parse: Parse, order: tuple[int, ...]) -> None:
    deck = made("one", "two", "three")
    listed = deck.slides._sldIdLst
    ids = list(listed)
    for at in order:
        listed.append(ids[at])
    titles = ["## one", "## two", "## three"]
    assert await md_of(parse, saved(deck), "a.pptx") == "\f".join(titles[at] for at in order)


async def test_slides_may_have_any_name(parse: Parse) -> None:
    slides = {"x/b.xml": box(words("second")), "y/a.xml": box(words("first"))}
    data = raw(slides, ["y/a.xml", "x/b.xml"], {})
    assert await md_of(parse, data, "a.pptx") == "first\fsecond"


async def test_speaker_notes_are_kept_apart_and_in_the_text(parse: Parse) -> None:
    deck = made("one", "two")
    deck.slides[1].notes_slide.notes_text_frame.text = "say this\nand that"
    first, second = document_of(await parse(saved(deck), "a.pptx")).pages
    assert (first.md, first.speaker_notes) == ("## one", None)
    assert second.md == "## two\n\n### Notes\n\nsay this\n\nand that"
    assert second.speaker_notes == "say this\n\nand that"
    assert (second.width, second.height) == (720, 540)


async def test_cells_of_a_table_keep_their_pipes_and_breaks(parse: Parse) -> None:
    deck = made("t")
    frame = deck.slides[0].shapes.add_table(3, 3, 0, 0, Inches(5), Inches(2))
    texts = [["wide", "", "c"], ["a|b", "x\vy", "|"], ["", "n\no", "z"]]
    for at, row in enumerate(texts):
        for column, text in enumerate(row):
            frame.table.cell(at, column).text = text
    frame.table.cell(0, 0).merge(frame.table.cell(0, 1))
    assert (await md_of(parse, saved(deck), "a.pptx")).split("\n")[2:] == [
        "| wide |  | c |",
        "| --- | --- | --- |",
        "| a\\|b | x y | \\| |",
        "|  | n o | z |",
    ]


@pytest.mark.parametrize(
    ("shapes", "md"),
    [
        (box(words("body")) + box(words("head"), "ctrTitle"), "## head\n\nbody"),
        (box("<a:p><a:r><a:t>a</a:t></a:r><a:br/><a:r><a:t>b</a:t></a:r></a:p>"), "a\nb"),
        (box(words("a_x000B_b _x0041_")), "a\nb A"),
        (f"<p:grpSp><p:grpSp>{box(words('deep'))}</p:grpSp></p:grpSp>", "deep"),
        (box(words("9"), "sldNum") + box(words("imprint"), "ftr"), "imprint"),
        (
            box(
                '<a:p><a:pPr lvl="1"><a:buChar char="x"/></a:pPr><a:r><a:t>in</a:t></a:r></a:p>'
                + words("out")
            ),
            "  - in\n\nout",
        ),
        (
            '<p:pic><p:nvPicPr><p:cNvPr name="P" descr="A map"/></p:nvPicPr></p:pic>',
            "![A map]()",
        ),
        ('<p:graphicFrame><c:chart r:id="x"/></p:graphicFrame>', ""),
    ],
    ids=["title", "break", "escapes", "groups", "number", "list", "picture", "lost chart"],
)
async def test_shapes_are_read_in_their_order(parse: Parse, shapes: str, md: str) -> None:
    data = raw({"s.xml": shapes + box(words("end"))}, ["s.xml"], {})
    assert await md_of(parse, data, "a.pptx") == f"{md}\n\nend".lstrip("\n")


async def test_a_chart_is_a_table(parse: Parse) -> None:
    rels = (
        f'<Relationships xmlns="{samples.PACKAGE}"><Relationship Id="x" Type="t/chart" '
        'Target="c.xml"/></Relationships>'
    )
    frame = '<p:graphicFrame><c:chart r:id="x"/></p:graphicFrame>'
    data = raw({"s.xml": frame}, ["s.xml"], {"_rels/s.xml.rels": rels, "c.xml": CHART})
    expected = "Sales\n\n|  | Bikes |\n| --- | --- |\n| Q1 | 3.5 |"
    assert await md_of(parse, data, "a.pptx") == expected


async def test_a_slide_that_is_broken_is_a_warning(parse: Parse) -> None:
    data = raw({"a.xml": box(words("a")), "b.xml": "<oops"}, ["a.xml", "b.xml"], {})
    document = document_of(await parse(data, "a.pptx"))
    assert [page.md for page in document.pages] == ["a", ""]
    assert document.warnings == ("a part could not be read: b.xml",)
