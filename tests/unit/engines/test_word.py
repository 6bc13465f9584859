"""Text documents of Open XML are read as a person reads them, whoever wrote them."""

import pytest

from tests.unit.engines.conftest import Parse, document_of
from tests.unit.engines.word_samples import CHART, md_of, p, part, r, word


@pytest.mark.parametrize(
    ("main", "separator"),
    [
        ("word/document2.xml", "/"),
        ("doc/main.xml", "/"),
        ("document.xml", "/"),
        ("word/document.xml", "\\"),
        ("Word/Document.XML", "/"),
    ],
)
async def test_the_main_part_may_have_any_name(parse: Parse, main: str, separator: str) -> None:
    data = word(p("words 4711"), main=main, separator=separator)
    assert await md_of(parse, data) == "words 4711"


@pytest.mark.parametrize(
    ("inside", "md"),
    [
        ("<w:t>one</w:t><w:cr/><w:t>two</w:t>", "one\ntwo"),
        ("<w:t>one</w:t><w:br/><w:t>two</w:t>", "one\ntwo"),
        ('<w:t>one</w:t><w:br w:type="column"/><w:t>two</w:t>', "one\ntwo"),
        ('<w:t>one</w:t><w:br w:type="page"/><w:t>two</w:t>', "one\ftwo"),
        ("<w:t>one</w:t><w:tab/><w:t>two</w:t>", "one\ttwo"),
        ("<w:t>co</w:t><w:noBreakHyphen/><w:t>op</w:t>", "co-op"),
        ("<w:t>co</w:t><w:softHyphen/><w:t>op</w:t>", "coop"),
        ('<w:sym w:font="Wingdings" w:char="F0FE"/><w:t> yes</w:t>', "☑ yes"),
        ('<w:sym w:font="Wingdings" w:char="F06F"/><w:t> no</w:t>', "☐ no"),
        ('<w:sym w:font="Symbol" w:char="F061"/>', "\u03b1"),
        ('<w:sym w:font="Strange" w:char="F061"/>', "\ufffd"),
        (
            ("<w:ruby><w:rt><w:r><w:t>kyo</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>今日</w:t></w:r>"
            "</w:rubyBase></w:ruby><w:t>は</w:t>"),
            "今日は",
        ),
        (
            ('<w:fldChar w:fldCharType="begin"><w:ffData><w:checkBox><w:default w:val="1"/>'
            '</w:checkBox></w:ffData></w:fldChar><w:instrText>FORMCHECKBOX</w:instrText>'
            '<w:fldChar w:fldCharType="end"/><w:t> mine</w:t>'),
            "☒ mine",
        ),
        (
            ('<w:fldChar w:fldCharType="begin"/><w:instrText>HYPERLINK "http://x.test/a"'
            '</w:instrText><w:fldChar w:fldCharType="separate"/><w:t>here</w:t>'
            '<w:fldChar w:fldCharType="end"/>'),
            "[here](http://x.test/a)",
        ),
        (('<w:fldChar w:fldCharType="begin"/><w:instrText>SYMBOL 252 \\f Wingdings</w:instrText>'
         '<w:fldChar w:fldCharType="end"/>'), "✓"),
    ],
)  # fmt: skip
async def test_what_stands_in_a_run_is_shown(parse: Parse, inside: str, md: str) -> None:
    assert await md_of(parse, word(p(r(inside)))) == md


async def test_readings_above_words_are_told_when_they_are_left_out(parse: Parse) -> None:
    ruby = (
        "<w:ruby><w:rt><w:r><w:t>a</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>b</w:t></w:r>"
        "</w:rubyBase></w:ruby>"
    )
    document = document_of(await parse(word(p(r(ruby)), p(r(ruby))), "a.docx"))
    assert document.warnings == ("readings above words (ruby) were left out: 2",)


NOTES = {
    "word/footnotes.xml": part(
        "footnotes",
        f'<w:footnote w:id="0" w:type="separator">{p("line")}</w:footnote>'
        f'<w:footnote w:id="7">{p("first note")}{p("goes on")}</w:footnote>',
    ),
    "word/endnotes.xml": part("endnotes", f'<w:endnote w:id="7">{p("second note")}</w:endnote>'),
    "word/comments.xml": part(
        "comments", f'<w:comment w:id="7" w:author="Ann">{p("really?")}</w:comment>'
    ),
}
LINKS = {kind: f"{kind}.xml" for kind in ("footnotes", "endnotes", "comments")}


async def test_each_note_has_its_own_mark_at_its_place(parse: Parse) -> None:
    body = p(
        "One",
        r('<w:footnoteReference w:id="7"/>'),
        " two",
        r('<w:endnoteReference w:id="7"/>'),
        " three",
        r('<w:commentReference w:id="7"/>'),
        ".",
    )
    md = await md_of(parse, word(body, p("end"), more=NOTES, links=LINKS))
    assert md == (
        "One[^1] two[^2] three[^comment-1].\n\nend\n\n[^1]: first note\n    \n    goes on\n\n"
        "[^2]: second note\n\n[^comment-1]: Ann: really?"
    )


async def test_a_note_stands_on_the_page_that_refers_to_it(parse: Parse) -> None:
    body = [
        p("One", r('<w:footnoteReference w:id="7"/>')),
        p("Two", properties="<w:pageBreakBefore/>"),
    ]
    first, second = (await md_of(parse, word(*body, more=NOTES, links=LINKS))).split("\f")
    assert "[^1]: first note" in first
    assert second == "Two"


@pytest.mark.parametrize("id", ["99", ""])
async def test_a_note_that_is_not_there_is_a_warning(parse: Parse, id: str) -> None:
    data = word(p("One", r(f'<w:footnoteReference w:id="{id}"/>')), more=NOTES, links=LINKS)
    document = document_of(await parse(data, "a.docx"))
    assert document.warnings == ("footnotes that the text refers to are not in the document: 1",)


async def test_a_part_that_is_broken_is_a_warning(parse: Parse) -> None:
    more: dict[str, str | bytes] = {"word/footnotes.xml": "<w:footnotes><oops"}
    document = document_of(await parse(word(p("text"), more=more, links=LINKS), "a.docx"))
    assert document.pages[0].md == "text"
    assert document.warnings == ("a part could not be read: word/footnotes.xml",)


FRACTION = "<m:f><m:num><m:r><m:t>a</m:t></m:r></m:num><m:den><m:r><m:t>b</m:t></m:r></m:den></m:f>"


@pytest.mark.parametrize(
    ("inside", "md"),
    [
        (FRACTION, r"\frac{a}{b}"),
        (f"<m:rad><m:deg/><m:e>{FRACTION}</m:e></m:rad>", r"\sqrt{\frac{a}{b}}"),
        (
            (
                '<m:nary><m:naryPr><m:chr m:val="∑"/></m:naryPr><m:sub><m:r><m:t>i</m:t></m:r>'
                "</m:sub>"
                "<m:sup/><m:e><m:r><m:t>x</m:t></m:r></m:e></m:nary>"
            ),
            r"\sum_{i} x",
        ),
        (f"<m:d><m:e>{FRACTION}</m:e></m:d>", r"(\frac{a}{b})"),
    ],
)
async def test_an_equation_stays_in_its_sentence(parse: Parse, inside: str, md: str) -> None:
    data = word(p("With ", f"<m:oMath>{inside}</m:oMath>", " it holds."))
    assert await md_of(parse, data) == f"With ${md}$ it holds."


@pytest.mark.parametrize(
    ("chunk", "name", "words"),
    [
        (b"<html><body><p>from a page</p></body></html>", "c.html", "from a page"),
        (b"{\\rtf1 from rich text}", "c.rtf", "from rich text"),
        (word(p("from a document")), "c.docx", "from a document"),
        (b"plain words", "c.txt", "plain words"),
        (
            (
                b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b\r\n\r\n--b\r\n"
                b"Content-Type: text/html; charset=utf-8\r\n"
                b"Content-Transfer-Encoding: base64\r\n\r\n"
                b"PHA+ZnJvbSBhbiBhcmNoaXZlPC9wPg==\r\n--b--\r\n"
            ),
            "c.mht",
            "from an archive",
        ),
    ],
)
async def test_documents_within_the_document_are_read_in_their_place(
    parse: Parse, chunk: bytes, name: str, words: str
) -> None:
    links = {"aFChunk": name}
    data = word(
        p("a"), '<w:altChunk r:id="aFChunk"/>', p("z"), more={f"word/{name}": chunk}, links=links
    )
    assert await md_of(parse, data) == f"a\n\n{words}\n\nz"


async def test_a_document_within_the_document_that_is_missing_is_a_warning(parse: Parse) -> None:
    document = document_of(await parse(word(p("a"), '<w:altChunk r:id="none"/>'), "a.docx"))
    assert document.warnings == ("documents within the document were not read: 1",)


HEADER = {
    "word/header1.xml": part("hdr", p("Letterhead")),
    "word/header2.xml": part("hdr", p("Letterhead")),
    "word/footer1.xml": part("ftr", p("Imprint")),
}


async def test_headers_and_footers_are_read_once(parse: Parse) -> None:
    section = (
        '<w:sectPr><w:headerReference w:type="default" r:id="header:1"/>'
        '<w:headerReference w:type="first" r:id="header:2"/>'
        '<w:footerReference w:type="default" r:id="footer:1"/></w:sectPr>'
    )
    links = {"header:1": "header1.xml", "header:2": "header2.xml", "footer:1": "footer1.xml"}
    data = word(p("text", properties=section), p("more"), section, more=HEADER, links=links)
    assert await md_of(parse, data) == "Letterhead\n\ntext\fmore\n\nImprint"


BOX = f"<w:txbxContent>{p('in a box')}</w:txbxContent>"
VML = f"<w:pict><v:shape><v:textbox>{BOX}</v:textbox></v:shape></w:pict>"
DRAWN = f"<w:drawing><wp:anchor><a:graphic>{BOX}</a:graphic></wp:anchor></w:drawing>"


@pytest.mark.parametrize(
    "inside",
    [
        VML,
        DRAWN,
        (
            f"<mc:AlternateContent><mc:Choice>{DRAWN}</mc:Choice><mc:Fallback>{VML}</mc:Fallback>"
            "</mc:AlternateContent>"
        ),
        f"<mc:AlternateContent><mc:Choice/><mc:Fallback>{VML}</mc:Fallback></mc:AlternateContent>",
        (
            f"<w:pict><v:group><v:group><v:shape><v:textbox>{BOX}</v:textbox></v:shape></v:group>"
            "</v:group></w:pict>"
        ),
    ],
    ids=["old", "new", "both", "fallback alone", "groups"],
)
async def test_a_text_box_is_read_once(parse: Parse, inside: str) -> None:
    assert await md_of(parse, word(p("a", r(inside)), p("b"))) == "a\n\nin a box\n\nb"


DIAGRAM = (
    '<dgm:dataModel xmlns:dgm="http://schemas.openxmlformats.org/drawingml/2006/diagram" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><dgm:t><a:p><a:r>'
    "<a:t>Order</a:t></a:r></a:p></dgm:t><dgm:t><a:p><a:r><a:t>Ship</a:t></a:r></a:p></dgm:t>"
    "</dgm:dataModel>"
)


@pytest.mark.parametrize(
    ("inside", "content", "md"),
    [
        ('<c:chart r:id="x"/>', CHART, "Sales\n\n|  | Bikes |\n| --- | --- |\n| Q1 | 3.5 |"),
        ('<dgm:relIds r:dm="x"/>', DIAGRAM, "- Order\n- Ship"),
    ],
)
async def test_charts_and_diagrams_are_read(
    parse: Parse, inside: str, content: str, md: str
) -> None:
    drawing = f"<w:drawing><wp:inline><a:graphic>{inside}</a:graphic></wp:inline></w:drawing>"
    data = word(p(r(drawing)), more={"word/x.xml": content}, links={"x": "x.xml"})
    assert await md_of(parse, data) == md


async def test_a_picture_has_its_description(parse: Parse) -> None:
    drawing = (
        '<w:drawing><wp:inline><wp:docPr name="Picture 1" descr="A [blue] map"/><a:graphic>'
        '<a:blip r:embed="image"/></a:graphic></wp:inline></w:drawing>'
    )
    data = word(p(r(drawing)), links={"image": "media/image1.png"})
    assert await md_of(parse, data) == "![A (blue) map](media/image1.png)"


async def test_merged_cells_leave_the_others_in_their_columns(parse: Parse) -> None:
    def cell(words: str, properties: str = "") -> str:
        return f"<w:tc><w:tcPr>{properties}</w:tcPr>{p(words) if words else '<w:p/>'}</w:tc>"

    rows = [
        cell("wide", '<w:gridSpan w:val="2"/>') + cell("c"),
        cell("tall", '<w:vMerge w:val="restart"/>') + cell("b|") + cell("c"),
        cell("", "<w:vMerge/>") + f"<w:sdt><w:sdtContent>{cell('b')}</w:sdtContent></w:sdt>"
        + cell("c"),
    ]  # fmt: skip
    body = f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in rows)}</w:tbl>"
    assert await md_of(parse, word(body)) == (
        "| wide |  | c |\n| --- | --- | --- |\n| tall | b\\| | c |\n|  | b | c |"
    )


async def test_marks_break_no_word(parse: Parse) -> None:
    bold, plain = r("<w:t>W</w:t>", "<w:b/>"), r("<w:t>ord and </w:t>")
    whole = r("<w:t xml:space='preserve'>more </w:t>", "<w:b/>")
    assert await md_of(parse, word(p(bold, plain, whole, "end"))) == "Word and **more** end"


@pytest.mark.parametrize(
    "body",
    [
        p("before", r("<w:lastRenderedPageBreak/>"), " after"),
        p("before after") + p(r("<w:lastRenderedPageBreak/>")),
    ],
    ids=["within", "at the end"],
)
async def test_a_page_ends_behind_the_sentence_that_runs_over_it(parse: Parse, body: str) -> None:
    assert await md_of(parse, word(body, p("next"))) == "before after\fnext"


async def test_hidden_text_is_left_out_and_told(parse: Parse) -> None:
    document = document_of(
        await parse(word(p("seen", r("<w:t>unseen</w:t>", "<w:vanish/>"))), "a.docx")
    )
    assert document.pages[0].md == "seen"
    assert document.warnings == ("runs of hidden text were left out: 1",)


@pytest.mark.parametrize(
    ("properties", "md"),
    [
        ('<w:rStyle w:val="secret"/>', "seen"),
        ('<w:rStyle w:val="inner"/>', "seen"),
        ('<w:rStyle w:val="secret"/><w:vanish w:val="0"/>', "seenunseen"),
    ],
    ids=["by its style", "by what that is based on", "shown all the same"],
)
async def test_text_that_a_style_hides_is_hidden(parse: Parse, properties: str, md: str) -> None:
    styles = part(
        "styles",
        '<w:style w:type="character" w:styleId="secret"><w:rPr><w:vanish/></w:rPr></w:style>'
        '<w:style w:type="character" w:styleId="inner"><w:basedOn w:val="secret"/></w:style>',
    )
    body = p("seen", r("<w:t>unseen</w:t>", properties))
    made = word(body, more={"word/styles.xml": styles}, links={"styles": "styles.xml"})
    assert await md_of(parse, made) == md
