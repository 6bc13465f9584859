"""PDF, its page selection and its failures."""

import pytest

from sheaf.contracts.failures import FailureKind
from tests.unit.engines import samples
from tests.unit.engines.conftest import Parse, document_of, failure_of

THREE_PAGES = samples.pdf("first words", "second words", "third words")
LINE = samples.drawn(b"100 100 m 300 300 l S")
LOCKED = (
    "/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 "
    f"/O <{'41' * 32}> /U <{'42' * 32}> >> /ID [<{'43' * 16}> <{'43' * 16}>]"
)


async def test_a_pdf_becomes_its_pages_in_order(parse: Parse) -> None:
    document = document_of(await parse(THREE_PAGES, "a.pdf"))
    assert document.media_type == "application/pdf"
    assert document.engine == "liteparse"
    assert [page.md for page in document.pages] == ["first words", "second words", "third words"]
    assert (document.pages[0].width, document.pages[0].height) == (595, 842)
    assert document.total_pages == 3


async def test_target_pages_keep_their_numbers_and_max_pages_bounds_them(parse: Parse) -> None:
    document = document_of(await parse(THREE_PAGES, "a.pdf", target_pages=(2, 3)))
    assert [page.page for page in document.pages] == [2, 3]
    document = document_of(await parse(THREE_PAGES, "a.pdf", target_pages=(2, 3), max_pages=1))
    assert [page.page for page in document.pages] == [2]
    document = document_of(await parse(THREE_PAGES, "a.pdf", max_pages=2))
    assert [page.page for page in document.pages] == [1, 2]
    assert document.total_pages == 3


async def test_a_page_past_the_end_is_left_out_also_where_many_are_named(parse: Parse) -> None:
    named = (3, *range(700, 1900))
    document = document_of(await parse(THREE_PAGES, "a.pdf", target_pages=named, max_pages=2))
    assert [page.page for page in document.pages] == [3]
    (warning,) = document.warnings
    assert warning.startswith("target_pages: 1200 of the 1201 pages asked for are past the end")
    assert warning.endswith("which has 3 pages")


async def test_every_page_of_a_long_pdf_is_read(parse: Parse) -> None:
    pages = [f"page number {number}" for number in range(1, 1203)]
    document = document_of(await parse(samples.pdf(*pages), "a.pdf"))
    assert [page.page for page in document.pages] == list(range(1, 1203))
    assert document.pages[-1].text.split() == ["page", "number", "1202"]
    document = document_of(await parse(samples.pdf(*pages), "a.pdf", target_pages=(1001, 1202)))
    assert [page.page for page in document.pages] == [1001, 1202]


async def test_an_encrypted_pdf_asks_for_a_password(parse: Parse) -> None:
    kind, _ = failure_of(await parse(samples.pdf("secret", trailer=LOCKED), "a.pdf"))
    assert kind is FailureKind.PASSWORD_REQUIRED


async def test_a_pdf_cut_short_is_read_by_the_fallback_or_corrupt(parse: Parse) -> None:
    whole = samples.pdf("words that survive")
    document = document_of(await parse(whole[: whole.index(b"xref")], "a.pdf"))
    assert "words that survive" in document.pages[0].md
    assert (document.engine, len(document.warnings)) == ("xberg", 1)
    kind, _ = failure_of(await parse(whole[:40], "a.pdf"))
    assert kind is FailureKind.CORRUPT


async def test_a_pdf_without_text_is_empty_when_ocr_is_off(parse: Parse) -> None:
    kind, _ = failure_of(await parse(LINE, "a.pdf", ocr=False))
    assert kind is FailureKind.EMPTY


async def test_a_pdf_without_text_names_the_missing_language_package(parse: Parse) -> None:
    result = await parse(LINE, "a.pdf", languages=("mi",))
    assert failure_of(result) == (
        FailureKind.UNSUPPORTED,
        "OCR data not found: install the Debian package tesseract-ocr-mri (or set TESSDATA_PREFIX)",
    )


async def test_pages_with_text_outlive_missing_ocr_data(parse: Parse) -> None:
    result = await parse(samples.pdf("words", ""), "a.pdf", languages=("mi",))
    document = document_of(result)
    assert [page.md for page in document.pages] == ["words", ""]
    assert document.warnings == ("1 page without text was not read: OCR data not found",)


@pytest.mark.ocr
async def test_a_page_of_lines_stays_empty_after_ocr(parse: Parse) -> None:
    kind, _ = failure_of(await parse(LINE, "a.pdf"))
    assert kind is FailureKind.EMPTY
