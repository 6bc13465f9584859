"""Numbers of clauses and headings stand in the text as Word shows them."""

import pytest

from sheaf.engines.office.word.numbering import written
from tests.unit.engines.conftest import Parse
from tests.unit.engines.word_samples import md_of, p, part, r, word


def level(at: int, kind: str, text: str, more: str = "") -> str:
    return (
        f'<w:lvl w:ilvl="{at}"><w:start w:val="1"/><w:numFmt w:val="{kind}"/>{more}'
        f'<w:lvlText w:val="{text}"/></w:lvl>'
    )


def item(words: str, at: int, number: int = 1) -> str:
    lists = f'<w:numPr><w:ilvl w:val="{at}"/><w:numId w:val="{number}"/></w:numPr>'
    return p(words, properties=lists)


CLAUSES = {
    "word/numbering.xml": part(
        "numbering",
        '<w:abstractNum w:abstractNumId="0">'
        + level(0, "decimal", "%1.")
        + level(1, "decimal", "%1.%2")
        + level(2, "lowerLetter", "(%3)")
        + "</w:abstractNum>"
        '<w:abstractNum w:abstractNumId="1">'
        + level(0, "upperRoman", "Article %1")
        + level(1, "decimal", "%1.%2", "<w:isLgl/>")
        + "</w:abstractNum>"
        f'<w:abstractNum w:abstractNumId="2">{level(0, "bullet", "&#xF0B7;")}</w:abstractNum>'
        '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
        '<w:num w:numId="2"><w:abstractNumId w:val="1"/></w:num>'
        '<w:num w:numId="3"><w:abstractNumId w:val="2"/></w:num>'
        '<w:num w:numId="4"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="0">'
        '<w:startOverride w:val="1"/></w:lvlOverride></w:num>',
    )
}


@pytest.mark.parametrize(
    ("items", "lines"),
    [
        (
            [("a", 0, 1), ("b", 1, 1), ("c", 1, 1), ("d", 2, 1), ("e", 0, 1), ("f", 1, 1)],
            ["1. a", "- 1.1 b", "- 1.2 c", "- (a) d", "2. e", "- 2.1 f"],
        ),
        ([("a", 0, 2), ("b", 0, 2), ("c", 1, 2)], ["- Article I a", "- Article II b", "- 2.1 c"]),
        ([("a", 0, 3), ("b", 0, 3)], ["- a", "- b"]),
        ([("a", 0, 1), ("b", 0, 1), ("c", 0, 4)], ["1. a", "2. b", "1. c"]),
        ([("a", 1, 1), ("b", 0, 0), ("c", 0, 9)], ["- 1.1 a", "b", "c"]),
    ],
    ids=["clauses", "legal", "bullets", "restart", "jump, none, unknown"],
)
async def test_numbers_are_those_that_are_shown(
    parse: Parse, items: list[tuple[str, int, int]], lines: list[str]
) -> None:
    body = [item(words, at, number) for words, at, number in items]
    md = await md_of(parse, word(*body, more=CLAUSES, links={"numbering": "numbering.xml"}))
    assert [line.strip() for line in md.split("\n") if line] == lines


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (4, "lowerRoman", "iv"),
        (28, "upperLetter", "BB"),
        (3, "ordinal", "3rd"),
        (11, "ordinal", "11th"),
        (5, "decimalZero", "05"),
        (21, "chineseCounting", "二十一"),
        (2, "decimalEnclosedCircle", "②"),
        (7, "none", ""),
        (-1, "lowerRoman", "-1"),
        (12, "hebrew1", "12"),
    ],
)
def test_numbers_are_written_as_formats_say(value: int, kind: str, text: str) -> None:
    assert written(value, kind) == text


STYLES = {
    "word/styles.xml": part(
        "styles",
        '<w:style w:type="paragraph" w:styleId="berschrift2"><w:name w:val="heading 2"/>'
        '<w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>'
        '<w:style w:type="paragraph" w:styleId="own"><w:basedOn w:val="berschrift2"/></w:style>',
    )
}


@pytest.mark.parametrize("style", ["berschrift2", "own"])
async def test_headings_are_known_by_their_styles_and_numbered(parse: Parse, style: str) -> None:
    more: dict[str, str | bytes] = {**CLAUSES, **STYLES}
    links = {"numbering": "numbering.xml", "styles": "styles.xml"}
    body = p(r("<w:t>Terms</w:t>", "<w:b/>"), properties=f'<w:pStyle w:val="{style}"/>')
    assert await md_of(parse, word(body, more=more, links=links)) == "## 1. Terms"
