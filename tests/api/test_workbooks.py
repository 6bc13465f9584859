"""Tables of a result as a workbook: what is in it, and what becomes of one that cannot be."""

import io
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from sheaf.api.presenters.parse_expanded import XLSX_TYPE
from sheaf.contracts.documents import EngineRequest, EngineResult, ParsedDocument, ParsedPage
from sheaf.rules.rendering.written_markdown import written_markdown
from sheaf.views.workbooks import (
    MOST_CHARACTERS,
    MOST_COLUMNS,
    TableTooLargeError,
    workbook,
)
from tests.api.conftest import Served
from tests.api.test_page_objects import pages_of, parsed
from tests.parsers import EachAlone

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
FIRST = "| part | price |\n| --- | --- |\n| 007 | =1+1 |"
SECOND = "| only |\n| --- |\n| https://a.example/ |"
WIDE = "| a " * (MOST_COLUMNS + 1) + "|\n" + "| - " * (MOST_COLUMNS + 1) + "|"


def page(markdown: str) -> ParsedPage:
    return ParsedPage(page=1, text="", md=markdown)


def sheets(content: bytes) -> dict[str, list[list[str]]]:
    """Return the cells of a workbook by sheet; each must be text."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        book = ET.fromstring(archive.read("xl/workbook.xml"))
        names = [sheet.attrib["name"] for sheet in book.iter(f"{MAIN}sheet")]
        strings: list[str] = []
        if "xl/sharedStrings.xml" in archive.namelist():
            shared = ET.fromstring(archive.read("xl/sharedStrings.xml"))
            strings = ["".join(entry.itertext()) for entry in shared.iter(f"{MAIN}si")]
        found = {}
        for number, name in enumerate(names, 1):
            sheet = ET.fromstring(archive.read(f"xl/worksheets/sheet{number}.xml"))
            assert all(cell.attrib["t"] == "s" for cell in sheet.iter(f"{MAIN}c"))
            assert not list(sheet.iter(f"{MAIN}f"))
            found[name] = [
                [strings[int(cell.findtext(f"{MAIN}v", ""))] for cell in row.iter(f"{MAIN}c")]
                for row in sheet.iter(f"{MAIN}row")
            ]
        return found


class Tabled(EachAlone):
    """A parser of documents with tables on their first and third page."""

    def __init__(self, first: str = FIRST) -> None:
        self._first = first

    async def run(self, request: EngineRequest, deadline_seconds: float) -> EngineResult:
        mds = (f"words\n\n{self._first}\n\n{SECOND}", "words", SECOND)
        pages = tuple(ParsedPage(page=at, text=md, md=md) for at, md in enumerate(mds, 1))
        document = ParsedDocument(
            pages=pages,
            media_type="application/pdf",
            engine="tabled",
            engine_version="1",
            total_pages=len(pages),
        )
        asked = request.rendering
        markdown = written_markdown(pages, asked) if asked else None
        return EngineResult(document=document, markdown=markdown)


@pytest.mark.parametrize("parameters", [{}, {"output_tables_as_HTML": True}])
async def test_each_table_is_a_sheet_by_the_name_that_its_page_tells(
    served: Served, tmp_path: Path, parameters: dict[str, Any]
) -> None:
    task_id = await parsed(served, tmp_path, Tabled(), **parameters)
    names = [name for page in await pages_of(served, task_id) for name in page["tables"]]
    for kind in ("xlsx", "raw/xlsx"):
        answer = await served.client.get(f"/api/v1/parsing/job/{task_id}/result/{kind}")
        assert answer.headers["content-type"] == XLSX_TYPE
        found = sheets(answer.content)
        assert list(found) == names == ["table_p1_1", "table_p1_2", "table_p3_1"]
        assert found["table_p1_1"] == [["part", "price"], ["007", "=1+1"]]
        assert found["table_p1_2"] == found["table_p3_1"] == [["only"], ["https://a.example/"]]


async def test_a_result_without_tables_is_a_workbook_of_a_bare_sheet(
    served: Served, tmp_path: Path
) -> None:
    task_id = await parsed(served, tmp_path)
    answer = await served.client.get(f"/api/parsing/job/{task_id}/result/xlsx")
    assert sheets(answer.content) == {"no tables": []}
    answer = await served.client.get("/api/parsing/job/0192f0c1/result/xlsx")
    assert answer.status_code == 404


async def test_a_table_that_fits_on_no_sheet_is_refused_with_the_reason(
    served: Served, tmp_path: Path
) -> None:
    task_id = await parsed(served, tmp_path, Tabled(WIDE))
    answer = await served.client.get(f"/api/v1/parsing/job/{task_id}/result/xlsx")
    assert answer.status_code == 413
    assert "table_p1_1 does not fit on a sheet" in answer.json()["detail"]


@pytest.mark.parametrize(("table", "exists"), [(FIRST, True), (WIDE, False)])
async def test_a_workbook_can_be_had_by_a_link_with_its_size(
    served: Served, tmp_path: Path, table: str, exists: bool
) -> None:
    task_id = await parsed(served, tmp_path, Tabled(table))
    asked = {"expand": ["xlsx_content_metadata", "text_full"]}
    found = (await served.client.get(f"/api/v2/parse/{task_id}", params=asked)).json()
    told = found["result_content_metadata"]["xlsx"]
    assert found["text_full"]
    assert told["exists"] == exists
    answer = await served.client.get(told["presigned_url"], headers={"Authorization": ""})
    assert answer.status_code == (200 if exists else 413)
    if exists:
        assert answer.headers["content-type"] == XLSX_TYPE
        assert len(answer.content) == told["size_bytes"]
        assert "table_p1_1" in sheets(answer.content)


def test_what_a_cell_or_a_sheet_cannot_hold_is_told() -> None:
    long = "x" * (MOST_CHARACTERS + 1)
    content = workbook([page(f"| a |\n| --- |\n| {long} |")])
    ((head, (cell,)),) = [sheets(content)["table_p1_1"]]
    assert head == ["a"]
    assert len(cell) == MOST_CHARACTERS
    assert cell.endswith(" […]")
    with pytest.raises(TableTooLargeError, match="table_p1_1 does not fit on a sheet"):
        workbook([page(WIDE)])


def test_characters_that_no_file_can_hold_do_not_break_a_workbook() -> None:
    content = workbook([page("| a\x01b |\n| --- |\n| \ufffe |")])
    assert list(sheets(content)) == ["table_p1_1"]
