"""Office and web formats, and the plain text of their Markdown."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheaf.contracts.failures import FailureKind
from sheaf.engines.detection.containers import DOCX
from sheaf.engines.markdown import plain_text, without_emphasis
from tests.unit.engines import samples
from tests.unit.engines.conftest import Parse, document_of, failure_of

CORE = (
    '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/'
    'core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>A title</dc:title>'
    "<dc:creator>Ada</dc:creator></cp:coreProperties>"
)


async def test_a_word_document_is_read_whatever_its_name_says(parse: Parse) -> None:
    data = samples.docx("first paragraph", "second", more={"docProps/core.xml": CORE})
    document = document_of(await parse(data, "a.pdf"))
    assert document.media_type == DOCX
    assert document.pages[0].md == "first paragraph\n\nsecond"
    assert document.metadata == {"title": "A title", "author": "Ada"}


async def test_a_word_document_whose_only_words_are_empty_is_empty(parse: Parse) -> None:
    assert failure_of(await parse(samples.docx(""), "a.docx"))[0] is FailureKind.EMPTY


async def test_each_sheet_stands_once_under_its_name(parse: Parse) -> None:
    document = document_of(await parse(samples.xlsx(Costs="rent", Notes=""), "a.xlsx"))
    assert [page.md for page in document.pages] == ["## Costs\n\n| rent |\n| --- |", "## Notes"]
    assert document.pages[1].text == "Notes"


async def test_a_sheet_is_not_taken_for_one_whose_name_begins_alike(parse: Parse) -> None:
    document = document_of(await parse(samples.xlsx(Q="", Q1="", Q12="spring"), "a.xlsx"))
    assert [page.md.partition("\n")[0] for page in document.pages] == ["## Q", "## Q1", "## Q12"]


async def test_a_workbook_without_a_cell_says_that_only_names_were_read(parse: Parse) -> None:
    document = document_of(await parse(samples.xlsx(Sheet1=""), "a.xlsx"))
    assert [page.md for page in document.pages] == ["## Sheet1"]
    assert document.warnings == ("no sheet has a cell: only the names of the sheets were read",)


async def test_a_document_that_breaks_its_format_is_corrupt(parse: Parse) -> None:
    data = samples.zipped(
        {
            "[Content_Types].xml": samples.CONTENT_TYPES.format(samples.DOCX_MAIN),
            "word/other.xml": "<a/>",
        }
    )
    assert failure_of(await parse(data, "a.docx"))[0] is FailureKind.CORRUPT


async def test_html_has_one_page_and_says_so_when_pages_are_selected(parse: Parse) -> None:
    html = b"<!DOCTYPE html><h1>Title</h1><p>Body with <a href='x'>a link</a></p>"
    document = document_of(await parse(html, "a.html", target_pages=(1,)))
    assert document.pages[0].md.startswith("# Title")
    assert "Body with a link" in document.pages[0].text
    assert len(document.warnings) == 1
    kind, message = failure_of(await parse(html, "a.html", target_pages=(2,)))
    assert kind is FailureKind.EMPTY
    assert "none of the pages asked for is in the document, of 1 page" in message


HEAD = (
    '<title>\n A "fine" title: one </title><meta NAME="Author" content="Ada">'
    '<meta name="description" content="what it is"><meta name="viewport" content="width=9">'
)


@pytest.mark.parametrize(
    ("head", "body", "md", "metadata"),
    [
        (
            *(HEAD, "<h1>One</h1><p>text</p>", "# One\n\ntext"),
            {"title": 'A "fine" title: one', "author": "Ada", "subject": "what it is"},
        ),
        ("<title>T</title>", "<hr><h2>title: T</h2>x", "---\n\n## title: T\n\nx", {"title": "T"}),
        ("<title></title>", "text", "text", {}),
    ],
)
async def test_what_a_web_page_says_of_itself_is_metadata_and_no_text(
    parse: Parse, head: str, body: str, md: str, metadata: dict[str, str]
) -> None:
    html = f"<html><head>{head}</head><body>{body}</body></html>"
    document = document_of(await parse(html.encode(), "a.html"))
    assert document.pages[0].md == md
    assert document.metadata == metadata


@pytest.mark.parametrize(
    ("markdown", "plain"),
    [
        ("## A *fine* heading", "A fine heading"),
        ("| a | b |\n| --- | :-: |\n| 1 |  |", "a\tb\n1\t"),
        ("see [the page](http://x/(y)) and ![a cat](cat.png)", "see the page and a cat"),
        ("**bold**, `code` and 2 * 3 * 4", "bold, code and 2 * 3 * 4"),
        ("```python\nx = 1\n```", "x = 1"),
    ],
)
def test_plain_text_drops_the_marks_and_keeps_the_words(markdown: str, plain: str) -> None:
    assert plain_text(markdown) == plain


@given(st.text("*~`a \t.", max_size=24))
def test_emphasis_is_taken_away_as_a_lazy_search_from_each_mark_would(line: str) -> None:
    # Which takes quadratic time, and is thus only the measure.
    slow = re.compile(r"(\*{1,3}|~~|`)(?=\S)(.+?)(?<=\S)\1")
    assert without_emphasis(line) == slow.sub(r"\2", line)
