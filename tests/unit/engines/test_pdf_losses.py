"""Nothing that may be content is left out of the markdown of a PDF, or it is told."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, LongTable, Paragraph, SimpleDocTemplate

from sheaf.engines.pdf.losses import as_paragraphs, lost_lines
from tests.unit.engines.conftest import Parse, document_of
from tests.unit.engines.test_pdf_parameters import placed

HEAD = ("Date", "Payee", "Sum")


def table_over_pages(rows: int) -> bytes:
    """Return a table whose head is repeated on each page, and whose rows differ in digits alone."""
    data = [HEAD] + [(f"day {at}", "Harbour board", f"{at * 3}.50") for at in range(1, rows + 1)]
    table = LongTable(data, repeatRows=1, style=[("GRID", (0, 0), (-1, -1), 0.5, "black")])
    return built(table)


def clauses(count: int) -> bytes:
    """Return numbered sentences that run on over pages."""
    style = ParagraphStyle("body", fontName="Times-Roman", fontSize=12, leading=17)
    text = "Section {} shall bind the parties and their heirs."
    return built(*(Paragraph(text.format(at), style) for at in range(1, count + 1)))


def built(*flowables: Flowable) -> bytes:
    written = io.BytesIO()
    SimpleDocTemplate(written, topMargin=50, bottomMargin=50).build(list(flowables))
    return written.getvalue()


async def test_the_head_and_all_rows_of_a_table_over_pages_are_kept(parse: Parse) -> None:
    pages = document_of(await parse(table_over_pages(120), "a.pdf")).pages
    assert len(pages) > 2
    rows = [line for page in pages for line in page.md.split("\n") if line.startswith("| ")]
    assert rows[0] == "| Date | Payee | Sum |"
    for number in range(1, 121):
        assert f"| day {number} | Harbour board | {number * 3}.50 |" in rows


async def test_rows_of_a_table_are_no_headers_also_where_those_are_told(parse: Parse) -> None:
    pages = document_of(await parse(table_over_pages(120), "a.pdf", margins=True)).pages
    rows = [line for page in pages for line in page.md.split("\n") if line.startswith("| ")]
    assert "| Date | Payee | Sum |" in rows
    assert [
        at for at in range(1, 121) if f"| day {at} | Harbour board | {at * 3}.50 |" in rows
    ] == [*range(1, 121)]


async def test_numbered_sentences_that_run_over_pages_are_kept(parse: Parse) -> None:
    pages = document_of(await parse(clauses(130), "a.pdf")).pages
    text = " ".join(page.md for page in pages)
    missing = [number for number in range(1, 131) if f"Section {number} shall" not in text]
    assert not missing


async def test_a_line_at_the_same_place_of_each_page_is_kept(parse: Parse) -> None:
    written = io.BytesIO()
    pages = Canvas(written)
    for number in (7, 7, 9):
        pages.drawString(60, 800, f"Order {number}")
        pages.drawString(60, 500, f"It is said under {number} what was sold.")
        pages.drawString(60, 40, "Paid in full")
        pages.showPage()
    pages.save()
    for page in document_of(await parse(written.getvalue(), "a.pdf")).pages:
        assert "Order" in page.md
        assert "Paid in full" in page.md


@pytest.mark.parametrize("degrees", [90, 270, 35])
async def test_words_beside_the_text_that_stand_askew_are_put_back(
    parse: Parse, degrees: int
) -> None:
    lines = [(f"Sentence {at} of the text itself.", 72, 700 - 16 * at, 0, 12) for at in range(9)]
    data = placed(*lines, ("received on Monday", 30, 300, degrees, 12))
    document = document_of(await parse(data, "a.pdf"))
    assert "received on Monday" in document.pages[0].md
    assert "Sentence 8 of the text itself." in document.pages[0].md
    assert document.warnings
    asked = document_of(await parse(data, "a.pdf", skip_diagonal_text=True))
    assert ("received on Monday" in asked.pages[0].md) == (degrees != 35)


words = st.text("abcdefg", min_size=1, max_size=8)
lines = st.lists(st.lists(words, min_size=1, max_size=5), min_size=1, max_size=8)


@given(lines)
def test_nothing_is_lost_of_a_text_that_is_its_own_markdown(given: list[list[str]]) -> None:
    text = "\n".join("   ".join(line) for line in given)
    assert lost_lines(text, as_paragraphs(text)) == ([], 0.0)
    assert lost_lines(text, "\n".join(f"| {' | '.join(line)} |" for line in given)) == ([], 0.0)


@given(lines)
def test_what_the_markdown_lacks_is_told_whole(given: list[list[str]]) -> None:
    text = "\n".join("   ".join(line) for line in given)
    lost, share = lost_lines(text, "")
    assert share == 1
    assert " ".join(lost).split() == text.split()
