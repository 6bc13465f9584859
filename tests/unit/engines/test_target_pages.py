"""Pages past the end of a document are left out, in every format, and cost no file."""

import pytest

from sheaf.contracts.failures import FailureKind
from sheaf.contracts.http.parse_results import error_code
from tests.unit.engines import samples
from tests.unit.engines.conftest import Parse, document_of, failure_of

DOCUMENTS: dict[str, bytes] = {
    "note.txt": b"words",
    "table.csv": b"a,b\n1,2\n",
    "notes.md": b"# words",
    "page.html": b"<html><body><p>words</p></body></html>",
    "mail.eml": samples.mail("\nwords"),
    "word.docx": samples.docx("words"),
    "book.xlsx": samples.xlsx(Sheet="words"),
    "paper.pdf": samples.pdf("words"),
}


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_the_pages_that_exist_are_read_and_the_others_are_told(
    parse: Parse, name: str
) -> None:
    document = document_of(await parse(DOCUMENTS[name], name, target_pages=(1, 8, 9)))
    assert [page.page for page in document.pages] == [1]
    told = "target_pages: 2 of the 3 pages asked for are past the end of the document"
    assert [warning for warning in document.warnings if told in warning] == [
        f"{told}, which has 1 page"
    ]


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_a_document_without_any_of_the_pages_has_no_data_and_is_not_invalid(
    parse: Parse, name: str
) -> None:
    kind, message = failure_of(await parse(DOCUMENTS[name], name, target_pages=(8, 9)))
    assert kind is FailureKind.EMPTY
    assert message == "target_pages: none of the pages asked for is in the document, of 1 page"
    assert error_code(kind) == "NO_DATA_FOUND_IN_FILE"


@pytest.mark.ocr
async def test_a_picture_is_one_page(parse: Parse) -> None:
    kind, message = failure_of(await parse(samples.png(60, 60), "a.png", target_pages=(8, 9)))
    assert kind is FailureKind.EMPTY
    assert "none of the pages asked for is in the document, of 1 page" in message
