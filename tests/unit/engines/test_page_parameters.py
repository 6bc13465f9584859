"""Parameters that tell parts of a PDF's pages apart, or say what happens to pages that fail."""

import pytest

from sheaf.contracts.failures import FailureKind
from sheaf.contracts.http.parse_output import FailPageMode
from tests.unit.engines import samples
from tests.unit.engines.conftest import Parse, document_of, failure_of
from tests.unit.engines.test_pdf_parameters import FONT, RESOURCES, placed

HIDDEN = samples.drawn(
    b"BT /F1 12 Tf 72 700 Td (visible) Tj ET BT 3 Tr /F1 12 Tf 72 600 Td (secret) Tj ET",
    page=RESOURCES,
    objects=(FONT,),
)
THREE = samples.pdf("one", "two", "three")
MISSING = THREE.replace(b"/Kids [4 0 R 6 0 R 8 0 R]", b"/Kids [4 0 R 99 0 R 8 0 R]")


async def test_remove_hidden_text_leaves_out_what_is_drawn_invisibly(parse: Parse) -> None:
    assert document_of(await parse(HIDDEN, "a.pdf")).pages[0].text.split() == ["visible", "secret"]
    document = document_of(await parse(HIDDEN, "a.pdf", remove_hidden_text=True))
    assert document.pages[0].text.split() == ["visible"]
    assert document.pages[0].md == "visible"
    assert document.warnings == ("1 pieces of hidden text were left out",)


async def test_blocks_tell_where_each_part_stands(parse: Parse) -> None:
    page = document_of(
        await parse(placed(("Upper words", 72, 700, 0, 12), ("lower", 300, 100, 0, 12)), "a.pdf")
    ).pages[0]
    upper, lower = page.blocks
    assert (upper.key, lower.key) == ("upperwords", "lower")
    assert upper.box.y < 150 < 700 < lower.box.y
    assert (round(upper.box.x), round(lower.box.x)) == (72, 300)
    assert page.lines == ()


async def test_line_and_word_boxes_come_when_they_are_asked_for(parse: Parse) -> None:
    data = placed(("two words", 72, 700, 0, 12))
    (line,) = document_of(await parse(data, "a.pdf", line_boxes=True)).pages[0].lines
    assert (line.text, line.words) == ("two words", ())
    (line,) = document_of(await parse(data, "a.pdf", word_boxes=True)).pages[0].lines
    assert [word.text for word in line.words] == ["two", "words"]
    assert line.words[0].box.x + line.words[0].box.w <= line.words[1].box.x


RUNNING = [
    [
        ("Annual report", 72, 800, 0, 9),
        *((f"Sentence {line} of page {page} is here.", 72, 700 - 20 * line, 0, 12)
          for line in range(10)),
        (f"Page {page + 40}", 280, 30, 0, 9),
    ]
    for page in range(1, 5)
]  # fmt: skip


def running(pages: list[list[tuple[str, float, float, float, float]]]) -> bytes:
    """Return a PDF of pages with a header and a footer each."""
    return samples.many(*(placed_content(*page) for page in pages))


def placed_content(*texts: tuple[str, float, float, float, float]) -> str:
    return "\n".join(
        f"BT /F1 {size} Tf {x} {y} Td ({words}) Tj ET" for words, x, y, _, size in texts
    )


async def test_headers_and_footers_are_told_from_the_text(parse: Parse) -> None:
    data = running(RUNNING)
    page = document_of(await parse(data, "a.pdf")).pages[1]
    assert (page.header, page.footer, page.printed_page_number) == (None, None, None)
    assert page.md.startswith("Annual report")
    assert page.md.endswith("Page 42")
    page = document_of(await parse(data, "a.pdf", margins=True)).pages[1]
    assert (page.header, page.footer) == ("Annual report", "Page 42")
    assert page.printed_page_number == "42"
    assert "Annual report" not in page.md


async def test_a_failed_page_stays_in_the_document_as_the_job_asks(parse: Parse) -> None:
    asked = {"page_error_tolerance": 0.5}
    blank = document_of(await parse(MISSING, "a.pdf", failed_page=FailPageMode.BLANK_PAGE, **asked))
    assert [page.text for page in blank.pages] == ["one", "", "three"]
    assert blank.pages[1].error is not None
    assert blank.is_truncated
    told = document_of(
        await parse(
            MISSING,
            "a.pdf",
            failed_page=FailPageMode.ERROR_MESSAGE,
            failed_page_prefix="<<",
            failed_page_suffix=">>",
            **asked,
        )
    )
    assert told.pages[1].md == f"<<{told.pages[1].error}>>"


@pytest.mark.parametrize("mode", [FailPageMode.BLANK_PAGE, FailPageMode.ERROR_MESSAGE])
async def test_page_error_tolerance_bounds_the_share_of_failed_pages(
    parse: Parse, mode: FailPageMode
) -> None:
    asked = {"failed_page": mode}
    kind, message = failure_of(await parse(MISSING, "a.pdf", **asked, page_error_tolerance=0.3))
    assert kind is FailureKind.CORRUPT
    assert message.startswith("1 of 3 pages could not be read, over page_error_tolerance: 0.3; ")
    assert document_of(await parse(MISSING, "a.pdf", **asked, page_error_tolerance=0.34))


async def test_strict_mode_buggy_font_fails_letters_without_a_meaning(parse: Parse) -> None:
    kind, message = failure_of(await parse(UNMAPPED, "a.pdf", strict_fonts=True))
    assert (kind, "strict_mode_buggy_font" in message) == (FailureKind.CORRUPT, True)
    assert document_of(await parse(UNMAPPED, "a.pdf"))
    assert document_of(await parse(THREE, "a.pdf", strict_fonts=True))


TO_UNICODE = """/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
1 begincodespacerange
<00> <FF>
endcodespacerange
1 beginbfchar
<65> <FFFD>
endbfchar
endcmap
end
end"""
UNMAPPED = samples.drawn(
    b"BT /F1 12 Tf 72 700 Td (letters) Tj ET",
    page=RESOURCES,
    objects=(
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 6 0 R >>",
        f"<< /Length {len(TO_UNICODE)} >>\nstream\n{TO_UNICODE}\nendstream",
    ),
)


async def test_strict_mode_reconstruction_fails_a_page_whose_markdown_lacks_its_text(
    parse: Parse,
) -> None:
    askew = placed(*((f"word{line} askew", 100 + 20 * line, 300, 40, 12) for line in range(9)))
    document = document_of(await parse(askew, "a.pdf"))
    assert document.pages[0].md.split() == document.pages[0].text.split()
    (warning,) = document.warnings
    assert warning.startswith(
        "the layout of page 1 lacked up to 100 % of the text; it was put back"
    )
    kind, message = failure_of(await parse(askew, "a.pdf", strict_markdown=True))
    assert (kind, "strict_mode_reconstruction" in message) == (FailureKind.CORRUPT, True)
    assert document_of(await parse(THREE, "a.pdf", strict_markdown=True))
