"""Tables of a result as a workbook: what is in it, and what becomes of one that cannot be."""

import io
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import psutil
import pytest

from models.documents import EngineRequest, EngineResult, ParsedDocument, ParsedPage
from rules.written_markdown import written_markdown
from services import workbooks
from services.workbook_process import MOST_CHARACTERS, MOST_COLUMNS, workbook
from services.workbooks import MEDIA_TYPE, WorkbookError, Workbooks
from tests.api.conftest import Served
from tests.api.test_page_objects import pages_of, parsed
from tests.parsers import EachAlone

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
FIRST = "| part | price |\n| --- | --- |\n| 007 | =1+1 |"
SECOND = "| only |\n| --- |\n| https://a.example/ |"


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

    async def run(self, request: EngineRequest, deadline_seconds: float) -> EngineResult:
        mds = (f"words\n\n{FIRST}\n\n{SECOND}", "words", SECOND)
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
        assert answer.headers["content-type"] == MEDIA_TYPE
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


async def test_tables_that_take_too_much_are_refused_with_the_reason(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task_id = await parsed(served, tmp_path, Tabled())
    monkeypatch.setattr(workbooks, "MEMORY_BYTES", 16 * 1024**2)
    answer = await served.client.get(f"/api/v1/parsing/job/{task_id}/result/xlsx")
    assert answer.status_code == 413
    assert "cannot be written as a workbook" in answer.json()["detail"]


async def test_a_workbook_that_takes_too_long_is_given_up_with_its_process() -> None:
    page = ParsedPage(page=1, text="", md=FIRST)
    with pytest.raises(WorkbookError, match=r"over the 0\.01 s"):
        await Workbooks().written([page], seconds=0.01)
    running = [child.cmdline() for child in psutil.Process().children()]
    assert not [command for command in running if "services.workbook_process" in command]


def test_what_a_cell_or_a_sheet_cannot_hold_is_told() -> None:
    long = "x" * (MOST_CHARACTERS + 1)
    ((head, (cell,)),) = [sheets(workbook([(1, f"| a |\n| --- |\n| {long} |")]))["table_p1_1"]]
    assert head == ["a"]
    assert len(cell) == MOST_CHARACTERS
    assert cell.endswith(" […]")
    wide = "| a " * (MOST_COLUMNS + 1) + "|"
    rule = "| - " * (MOST_COLUMNS + 1) + "|"
    with pytest.raises(Exception, match="table_p1_1 does not fit on a sheet"):
        workbook([(1, f"{wide}\n{rule}")])


def test_characters_that_no_file_can_hold_do_not_break_a_workbook() -> None:
    content = workbook([(1, "| a\x01b |\n| --- |\n| \ud800 |")])
    assert list(sheets(content)) == ["table_p1_1"]
