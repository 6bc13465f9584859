"""Texts and slides of OpenDocument, zipped and flat, and XML of any other vocabulary."""

import pytest

from tests.unit.engines import samples
from tests.unit.engines.conftest import Parse, document_of
from tests.unit.engines.word_samples import md_of

URN = "urn:oasis:names:tc:opendocument:xmlns:"
NAMES = {
    "office": "office",
    "text": "text",
    "table": "table",
    "draw": "drawing",
    "presentation": "presentation",
    "style": "style",
    "svg": "svg-compatible",
}
SPACES = " ".join(
    [
        *(f'xmlns:{prefix}="{URN}{name}:1.0"' for prefix, name in NAMES.items()),
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xlink="http://www.w3.org/1999/xlink"',
    ]
)
KIND = "application/vnd.oasis.opendocument."


def zipped(body: str, kind: str = "text", automatic: str = "", styles: str = "") -> bytes:
    content = (
        f"<office:document-content {SPACES}><office:automatic-styles>{automatic}"
        f"</office:automatic-styles><office:body><office:{kind}>{body}</office:{kind}>"
        "</office:body></office:document-content>"
    )
    return samples.zipped(
        {
            "mimetype": KIND + kind,
            "content.xml": content,
            "styles.xml": f"<office:document-styles {SPACES}>{styles}</office:document-styles>",
        }
    )


def flat(body: str, automatic: str = "") -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<office:document {SPACES}>'
        f"<office:automatic-styles>{automatic}</office:automatic-styles><office:body>"
        f"<office:text>{body}</office:text></office:body></office:document>"
    ).encode()


NUMBERED = (
    '<text:list-style style:name="L"><text:list-level-style-number text:level="1" '
    'style:num-format="1" style:num-suffix="."/><text:list-level-style-number text:level="2" '
    'style:num-format="1" text:display-levels="2"/></text:list-style>'
)
NOTE = (
    '<text:note text:note-class="{}"><text:note-citation>1</text:note-citation>'
    "<text:note-body><text:p>{}</text:p></text:note-body></text:note>"
)
CASES = [
    ('<text:p>Two<text:s text:c="3"/>blanks<text:s/>more</text:p>', "Two   blanks more"),
    ("<text:p>a<text:tab/>b<text:line-break/>c</text:p>", "a\tb\nc"),
    ("<text:p>\n  laid \n out </text:p>", "laid out"),
    ('<text:h text:outline-level="2">Head</text:h><text:p>t</text:p>', "## Head\n\nt"),
    (
        (f"<text:p>One{NOTE.format('footnote', 'first')} two{NOTE.format('endnote', 'second')}."
        "</text:p><text:p>end</text:p>"),
        "One[^1] two[^2].\n\nend\n\n[^1]: first\n\n[^2]: second",
    ),
    (
        ("<text:p>Sum<office:annotation><dc:creator>Ann</dc:creator><text:p>really?</text:p>"
        "</office:annotation></text:p>"),
        "Sum[^comment-1]\n\n[^comment-1]: Ann: really?",
    ),
    (
        ("<text:tracked-changes><text:changed-region><text:deletion><text:p>ghost</text:p>"
        "</text:deletion></text:changed-region></text:tracked-changes><text:p>kept</text:p>"),
        "kept",
    ),
    (
        ('<text:list text:style-name="L"><text:list-item><text:p>a</text:p><text:list>'
        "<text:list-item><text:p>b</text:p></text:list-item></text:list></text:list-item>"
        "<text:list-item><text:p>c</text:p></text:list-item></text:list>"),
        "1. a\n   - 1.1 b\n2. c",
    ),
    (
        ("<table:table><table:table-header-rows><table:table-row><table:table-cell "
        'table:number-columns-spanned="2"><text:p>wide</text:p></table:table-cell>'
        "<table:covered-table-cell/><table:table-cell><text:p>c</text:p></table:table-cell>"
        "</table:table-row></table:table-header-rows><table:table-row><table:table-cell "
        'table:number-columns-repeated="3"><text:p>x|</text:p></table:table-cell>'
        "</table:table-row></table:table>"),
        "| wide |  | c |\n| --- | --- | --- |\n| x\\| | x\\| | x\\| |",
    ),
    (
        ("<text:p>a<draw:frame><draw:text-box><text:p>in a box</text:p></draw:text-box>"
        "</draw:frame></text:p>"),
        "a\n\nin a box",
    ),
    (
        ('<text:p><draw:frame><draw:image xlink:href="p.png"/><svg:desc>A map</svg:desc>'
        "</draw:frame></text:p>"),
        "![A map](p.png)",
    ),
    ('<text:p><text:a xlink:href="http://x.test/">here</text:a></text:p>', "[here](http://x.test/)"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "md"), CASES)
async def test_a_text_is_read_as_it_is_shown(parse: Parse, body: str, md: str) -> None:
    assert await md_of(parse, zipped(body, automatic=NUMBERED), "a.odt") == md
    assert await md_of(parse, flat(body, NUMBERED), "a.fodt") == md


async def test_headers_and_footers_are_read_once(parse: Parse) -> None:
    page = (
        "<style:master-page><style:header><text:p>Head</text:p></style:header></style:master-page>"
    )
    data = zipped("<text:p>t</text:p>", styles=page + page)
    assert await md_of(parse, data, "a.odt") == "Head\n\nt"


async def test_slides_are_pages_and_have_their_notes(parse: Parse) -> None:
    slide = (
        "<draw:page><draw:frame><draw:text-box><text:p>body {0}</text:p></draw:text-box>"
        '</draw:frame><draw:frame presentation:class="title"><draw:text-box><text:p>T{0}</text:p>'
        "</draw:text-box></draw:frame><presentation:notes><draw:frame><draw:text-box>"
        "<text:p>say {0}</text:p></draw:text-box></draw:frame></presentation:notes></draw:page>"
    )
    data = zipped(slide.format(1) + slide.format(2), "presentation")
    pages = document_of(await parse(data, "a.odp")).pages
    assert [page.md for page in pages] == [
        f"## T{at}\n\nbody {at}\n\n### Notes\n\nsay {at}" for at in (1, 2)
    ]
    assert [page.speaker_notes for page in pages] == ["say 1", "say 2"]


async def test_lists_of_any_depth_keep_their_words(parse: Parse) -> None:
    deep = "<text:p>deep</text:p>"
    for _ in range(3000):
        deep = f"<text:list><text:list-item>{deep}</text:list-item></text:list>"
    assert "deep" in await md_of(parse, zipped(deep + "<text:p>end</text:p>"), "a.odt")


@pytest.mark.parametrize(
    ("xml", "md"),
    [
        ('<a b="one"><c d="two"/></a>', "# a\n\nb: one\n\n## c\n\nd: two"),
        ('<n:a xmlns:n="u" n:b="one">text</n:a>', "# a\n\nb: one\n\ntext"),
        ('<p>A <b k="v">bold</b> word</p>', "# p\n\nA bold word\n\nk: v"),
        ("<a><!-- not this --><b>text</b></a>", "# a\n\n## b\n\ntext"),
        ("<a>cut <b>off", '<?xml version="1.0"?><a>cut <b>off'),
    ],
)
async def test_xml_has_its_attributes_and_sentences_whole(parse: Parse, xml: str, md: str) -> None:
    data = f'<?xml version="1.0"?>{xml}'.encode()
    assert await md_of(parse, data, "a.xml") == md


@pytest.mark.parametrize("charset", ["windows-1251", "koi8-r", "utf-16", "utf-8"])
async def test_xml_is_read_by_the_charset_that_it_names(parse: Parse, charset: str) -> None:
    text = f'<?xml version="1.0" encoding="{charset}"?><a b="Привет">мир</a>'
    assert (
        await md_of(parse, text.encode(charset), "a.xml")
        == "# a\n\nb: Привет\n\n\u043c\u0438\u0440"
    )


async def test_xml_of_any_depth_keeps_its_words(parse: Parse) -> None:
    deep = "<a>" * 5000 + "deep" + "</a>" * 5000
    md = await md_of(parse, f'<?xml version="1.0"?>{deep}'.encode(), "a.xml")
    assert md.endswith("###### a\n\ndeep")
