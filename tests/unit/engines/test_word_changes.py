"""Tracked changes of text documents, and documents that mean harm."""

import pytest

from sheaf.contracts.failures import FailureKind
from tests.unit.engines import samples
from tests.unit.engines.conftest import Parse, failure_of
from tests.unit.engines.word_samples import md_of, p, r, word


def moved(name: str, words: str) -> str:
    return f'<w:{name} w:id="1" w:author="Ann">{r(f"<w:t>{words}</w:t>")}</w:{name}>'


@pytest.mark.parametrize(
    ("body", "md"),
    [
        ([p(moved("moveFrom", "gone "), "a"), p("b ", moved("moveTo", "gone"))], "a\n\nb gone"),
        ([p("a ", moved("del", "x"), moved("ins", "y"))], "a y"),
        (
            [p("a ", properties="<w:rPr><w:del/></w:rPr>"), p("b"), p("c")],
            "a b\n\nc",
        ),
        (
            [
                (
                    f"<w:tbl><w:tr><w:tc>{p('k')}</w:tc></w:tr><w:tr><w:trPr><w:del/></w:trPr>"
                    f"<w:tc>{p('gone')}</w:tc></w:tr></w:tbl>"
                )
            ],
            "| k |\n| --- |",
        ),
    ],
    ids=["moved", "replaced", "end of a paragraph", "row"],
)
async def test_changes_read_as_if_they_were_accepted(
    parse: Parse, body: list[str], md: str
) -> None:
    assert await md_of(parse, word(*body)) == md


@pytest.mark.parametrize(
    "body",
    [
        [p(moved("del", "all")), p(moved("del", "gone"))],
        [p(moved("moveFrom", moved("ins", "b"))), p(moved("moveTo", moved("del", ".")))],
    ],
    ids=["deleted", "moved and deleted"],
)
async def test_a_document_whose_text_is_all_deleted_is_blank_and_says_so(
    parse: Parse, body: list[str]
) -> None:
    answer = await parse(word(*body), "a.docx")
    assert answer.document is not None
    assert (answer.document.is_blank, answer.document.pages[0].md) == (True, "")
    assert any("deletions are all" in one for one in answer.document.warnings)


async def test_a_picture_beside_deleted_text_proves_no_blank(parse: Parse) -> None:
    picture = r("<w:pict/>")
    kind, _ = failure_of(await parse(word(p(moved("del", "x"), picture)), "a.docx"))
    assert kind is FailureKind.EMPTY


async def test_tables_of_any_depth_keep_their_words(parse: Parse) -> None:
    deep = p("deep")
    for _ in range(3000):
        deep = f"<w:tbl><w:tr><w:tc>{deep}</w:tc></w:tr></w:tbl>"
    assert await md_of(parse, word(deep, p("end"))) == "| deep |\n| --- |\n\nend"


async def test_a_field_that_never_ends_hides_nothing_but_its_paragraph(parse: Parse) -> None:
    begin = r('<w:fldChar w:fldCharType="begin"/><w:instrText>PAGE</w:instrText>')
    assert await md_of(parse, word(p("a", begin), p("b"))) == "a\n\nb"


async def test_a_document_that_declares_entities_is_corrupt(parse: Parse) -> None:
    bomb = '<!DOCTYPE a [<!ENTITY b "words">]><w:document xmlns:w="x"><w:body/></w:document>'
    kind, message = failure_of(
        await parse(samples.docx("a", more={"word/document.xml": bomb}), "a.docx")
    )
    assert kind is FailureKind.CORRUPT
    assert "entities" in message
