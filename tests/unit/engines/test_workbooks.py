"""Workbooks as a person sees their cells, whoever wrote them."""

import datetime as dt
import io
from pathlib import Path

import pytest
import xlsxwriter

from sheaf.contracts.documents import ParsedDocument, ParseOptions
from sheaf.contracts.failures import DocumentError, FailureKind
from sheaf.engines import dispatch
from sheaf.engines.office.workbooks import reader
from tests.unit.engines import samples, workbook_samples
from tests.unit.engines.workbook_samples import (
    by_xlsxwriter,
    excel_2003,
    fods,
    ods,
    with_cells,
    xls,
)


def parse(tmp_path: Path, data: bytes, name: str = "a.xlsx", **options: bool) -> ParsedDocument:
    path = tmp_path / "blob"
    path.write_bytes(data)
    return dispatch.parse(path, name, ParseOptions(**options))


def rows_of(document: ParsedDocument, page: int = 0) -> list[list[str]]:
    lines = [line for line in document.pages[page].md.split("\n") if line.startswith("| ")]
    return [
        [cell.strip() for cell in line[1:-1].split(" | ")] for line in lines if "---" not in line
    ]


def test_numbers_and_dates_are_written_as_the_sheet_shows_them(tmp_path: Path) -> None:
    day = dt.date(2026, 3, 15)
    cells = [
        ("A1", 0.075, "0.0%"),
        ("B1", 2134, "00000"),
        ("C1", 1234.5, "[$€-407] #,##0.00"),
        ("D1", day, "dd.mm.yyyy"),
        ("E1", 1234567890123456, None),
        ("F1", True, None),
        ("G1", 1.5, "[h]:mm"),
        ("H1", -5, "#,##0_);(#,##0)"),
        ("I1", 0.1 + 0.2, None),
    ]
    document = parse(tmp_path, by_xlsxwriter(Data=cells))
    assert rows_of(document) == [
        [
            *("7.5%", "02134", "€ 1,234.50", "2026-03-15", "1234567890123456", "TRUE"),
            *("36:00:00", "(5)", "0.3"),
        ]
    ]
    assert document.warnings == ()


def test_errors_and_formulas_without_a_value_are_told(tmp_path: Path) -> None:
    row = (
        '<row r="1"><c r="A1" t="e"><v>#DIV/0!</v></c><c r="B1"><f>SUM(C1:C9)</f></c>'
        '<c r="C1"><f>1+1</f><v>2</v></c><c r="D1"><f>NOW()</f><v></v></c></row>'
    )
    document = parse(tmp_path, with_cells(row))
    assert rows_of(document) == [["#DIV/0!", "=SUM(C1:C9)", "2", "=NOW()"]]
    assert document.warnings == ("formulas without a stored value, shown as they are written: 2",)


def test_comments_shapes_and_charts_stand_below_the_cells(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    sheet = book.add_worksheet("Sales")
    sheet.write_column("A1", ["a", 1, 2])
    sheet.write_comment("A2", "Please check", {"author": "Ann"})
    sheet.insert_textbox("C1", "In a box")
    chart = book.add_chart({"type": "line"})
    chart.add_series({"values": "=Sales!$A$2:$A$3"})
    chart.set_title({"name": "Sold per quarter"})
    sheet.insert_chart("C9", chart)
    sheet.insert_image("C20", "a.png", {"image_data": io.BytesIO(samples.png(2, 2))})
    book.close()
    document = parse(tmp_path, buffer.getvalue())
    md = document.pages[0].md
    assert md.startswith("## Sales\n\n| a |\n| --- |\n| 1 |\n| 2 |\n\nIn a box\n\nSold per quarter")
    assert md.endswith("Comments:\n- A2 (Ann): Please check")
    assert document.warnings == ("pictures on sheets were not read: 1",)


def test_a_sheet_is_as_large_as_what_is_in_it(tmp_path: Path) -> None:
    far = by_xlsxwriter(Far=[("A1", "first", None), ("XFD1048576", "last", None)])
    rows = rows_of(parse(tmp_path, far))
    assert (rows[0][0], rows[-1][-1]) == ("first", "last")
    assert len(rows) * len(rows[0]) < 30


def test_cells_on_a_diagonal_are_a_list_with_a_warning(tmp_path: Path) -> None:
    cells = [(at, at) for at in range(0, 16_000, 16)]
    row = "".join(
        f'<row r="{y + 1}"><c r="{reader_name(y, x)}"><v>{y}</v></c></row>' for y, x in cells
    )
    document = parse(tmp_path, with_cells(row))
    assert len(document.pages[0].md) < 40 * len(cells)
    assert f"- {reader_name(*cells[-1])}: {cells[-1][0]}" in document.pages[0].md
    assert document.warnings == ("the cells of One are far apart: they are a list, no table",)


def reader_name(row: int, column: int) -> str:
    from sheaf.engines.office.workbooks.cells import name_of, place_of

    assert place_of(name_of(row, column)) == (row, column)
    return name_of(row, column)


def test_a_hundred_thousand_cells_and_more_are_read(tmp_path: Path) -> None:
    cells = [(f"{'ABCDEFGHIJKL'[x]}{y + 1}", y, None) for y in range(9000) for x in range(12)]
    document = parse(tmp_path, by_xlsxwriter(Many=cells))
    assert rows_of(document)[-1] == ["8999"] * 12
    assert document.warnings == ()


def test_more_text_than_is_kept_is_cut_with_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "MAX_CHARACTERS", 1000)
    cells = [(f"A{at}", "words of a cell", None) for at in range(1, 200)]
    document = parse(tmp_path, by_xlsxwriter(Long=cells, Next=[("A1", "more", None)]))
    assert document.is_truncated
    assert len(document.pages[0].md) < 1200
    assert "the rest is missing from Long on" in document.warnings[-1]


@pytest.mark.parametrize(
    "rows",
    [
        '<row><c t="inlineStr"><is><t>City</t></is></c><c><v>7</v></c></row>',
        (
            '<row r="1"><c r="A1" t="inlineStr"><is><r><t>Ci</t></r><r><t>ty</t></r>'
            '<rPh sb="0" eb="1"><t>reading</t></rPh></is></c><c r="B1"><v>7</v></c></row>'
        ),
        '<row r="bad"><c r="??" t="str"><v>City</v></c><c r="A1"><v>7</v></c></row>',
    ],
)
def test_cells_without_places_or_with_untrue_ones_keep_their_order(
    tmp_path: Path, rows: str
) -> None:
    assert rows_of(parse(tmp_path, with_cells(rows))) == [["City", "7"]]


def test_a_spreadsheet_of_open_document_shows_its_texts(tmp_path: Path) -> None:
    blank = (
        '<table:table-row table:number-rows-repeated="1000000"><table:table-cell/>'
        "</table:table-row>"
    )
    table = (
        '<table:table table:name="Zahlen"><table:table-row>'
        '<table:table-cell office:value-type="percentage" office:value="0.075">'
        "<text:p>7,5 %</text:p></table:table-cell>"
        '<table:table-cell table:number-columns-repeated="2"><text:p>a<text:s text:c="2"/>b'
        "<office:annotation><dc:creator>Ann</dc:creator><text:p>inside</text:p>"
        "</office:annotation></text:p></table:table-cell>"
        "<table:table-cell><office:annotation><dc:creator>Ann</dc:creator><text:p>Check</text:p>"
        "</office:annotation><text:p>c</text:p><text:p>d</text:p></table:table-cell>"
        f"</table:table-row>{blank}<table:table-row><table:table-cell/>"
        '<table:table-cell table:formula="of:=[.A1]*2"/></table:table-row></table:table>'
    )
    hidden = (
        '<table:table table:name="Gone" table:style-name="gone"><table:table-row>'
        "<table:table-cell><text:p>x</text:p></table:table-cell></table:table-row></table:table>"
    )
    data = ods(table + hidden, styles=workbook_samples.HIDING)
    document = parse(tmp_path, data, "a.ods")
    rows = rows_of(document)
    assert rows[0] == ["7,5 %", "a b", "a b", "c d"]
    assert rows[-1] == ["", "=[.A1]*2", "", ""]
    assert len(rows) == 3
    assert "- D1 (Ann): Check" in document.pages[0].md
    assert "hidden sheets were left out: 1" in document.warnings
    assert len(parse(tmp_path, data, "a.ods", hidden_sheets=True).pages) == 2
    flat = parse(tmp_path, fods(table), "a.fods")
    assert rows_of(flat) == rows
    assert flat.media_type == workbook_samples.ODS


def test_old_workbooks_show_their_formats(tmp_path: Path) -> None:
    data = xls([["Köln", "東京"], [(0.075, 1), (2.0, 0)]])
    document = parse(tmp_path, data, "a.xls")
    assert document.engine == "sheaf-sheets"
    assert rows_of(document) == [["Köln", "東京"], ["7.5%", "2"]]
    zip_code = parse(tmp_path, xls([["zip"], [(2134.0, 1)]], code="00000"), "a.xls")
    assert rows_of(zip_code)[1] == ["02134"]


def test_the_xml_of_excel_2003_is_a_sheet(tmp_path: Path) -> None:
    rows = (
        '<Row><Cell><Data ss:Type="String">City</Data></Cell><Cell ss:Index="3" ss:StyleID="p">'
        '<Data ss:Type="Number">0.5</Data></Cell></Row><Row ss:Index="3"><Cell>'
        '<Data ss:Type="DateTime">2026-03-15T00:00:00.000</Data></Cell></Row>'
    )
    for data in (excel_2003(rows), excel_2003(rows).decode().encode("utf-16")):
        document = parse(tmp_path, data, "a.xls")
        assert document.media_type == "application/vnd.ms-excel"
        assert rows_of(document) == [
            ["City", "", "50.00%"], ["", "", ""], ["2026-03-15", "", ""]
        ]  # fmt: skip


@pytest.mark.parametrize(
    "data",
    [
        b"Stadt;Zahl\nMalm\xf6;7\n",
        b"Stadt\tZahl\r\nMalm\xf6\t7\r\n",
        "Stadt\tZahl\r\nMalmö\t7\r\n".encode("utf-16"),
        b"<table><tr><td>Stadt</td><td>Zahl</td></tr><tr><td>Malm&ouml;</td><td>7</td></tr></table>",
        b"<html><body><table><tr><th>Stadt<th>Zahl<tr><td>Malm\xf6<td>7</table></html>",
    ],
)
def test_a_table_in_another_format_that_is_named_a_workbook_is_read(
    tmp_path: Path, data: bytes
) -> None:
    document = parse(tmp_path, data, "export.xls")
    assert rows_of(document) == [["Stadt", "Zahl"], ["Malmö", "7"]]


HOSTILE = {
    "laughs": samples.zipped(
        {
            "[Content_Types].xml": samples.CONTENT_TYPES.format(
                f'<Override PartName="/xl/workbook.xml" {samples.SHEET_MAIN}/>'
            ),
            "xl/workbook.xml": f'<workbook xmlns="{samples.SHEETS}"><sheets>'
            '<sheet name="One" sheetId="1"/></sheets></workbook>',
            "xl/worksheets/sheet1.xml": '<!DOCTYPE a [<!ENTITY b "ha">]><worksheet>'
            '<sheetData><row><c t="str"><v>&b;</v></c></row></sheetData></worksheet>',
        }
    ),
    "cut": with_cells('<row r="1"><c r="A1"><v>1</v></c></row>')[:-30],
    "nest": ods(f"<table:table>{'<text:span>' * 9999}{'</text:span>' * 9999}</table:table>"),
    "repeats": ods(
        '<table:table table:name="T"><table:table-row table:number-rows-repeated="999999999">'
        '<table:table-cell table:number-columns-repeated="999999999"><text:p>x</text:p>'
        "</table:table-cell></table:table-row></table:table>"
    ),
    "strings": with_cells('<row r="1"><c r="A1" t="s"><v>99</v></c><c t="s"><v>x</v></c></row>'),
    "numbers": with_cells(f"<row><c><v>{'9' * 5000}</v></c><c><v>1e999999</v></c></row>"),
    "old": xls([["a"]])[:900],
    "older": samples.cfb("Workbook"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_workbooks_end_as_failures_or_within_their_bounds(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "MAX_CHARACTERS", 1_000_000)
    ends = {FailureKind.CORRUPT, FailureKind.EMPTY, FailureKind.TOO_LARGE}
    try:
        document = parse(tmp_path, HOSTILE[kind], "a")
    except DocumentError as error:
        if error.kind not in ends:
            raise
        return
    assert sum(len(page.md) for page in document.pages) < 3_000_000
    assert "ha" not in document.pages[0].md
