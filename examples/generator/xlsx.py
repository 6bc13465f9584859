"""Excel workbooks of plain sheets: a header row, text, numbers and formulas with their values."""

from html import escape

from generator.archive import XML, write_zip
from generator.ooxml import OFFICE, frame, relationships

_NS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"

Formula = tuple[str, float]
"""A formula and the value it had when the workbook was saved."""
Cell = str | float | Formula
Sheet = list[list[Cell]]


def write_xlsx(title: str, sheets: dict[str, Sheet]) -> bytes:
    """Make a workbook of named sheets."""
    parts = {"xl/workbook.xml": "spreadsheetml.sheet.main", "xl/styles.xml": "spreadsheetml.styles"}
    names = {f"xl/worksheets/sheet{number}.xml": name for number, name in enumerate(sheets, 1)}
    parts |= dict.fromkeys(names, "spreadsheetml.worksheet")
    targets = {
        f"rId{number}": ("worksheet", part.removeprefix("xl/"))
        for number, part in enumerate(names, 1)
    }
    targets["rId99"] = ("styles", "styles.xml")
    return write_zip(
        frame("xl/workbook.xml", title, parts)
        | {
            "xl/workbook.xml": _workbook(list(sheets)),
            "xl/_rels/workbook.xml.rels": relationships(targets),
            "xl/styles.xml": _styles(),
        }
        | {part: _sheet(sheets[name]) for part, name in names.items()}
    )


def _workbook(names: list[str]) -> str:
    sheets = "".join(
        f'<sheet name="{escape(name)}" sheetId="{number}" r:id="rId{number}"/>'
        for number, name in enumerate(names, 1)
    )
    return (
        f'{XML}<workbook xmlns="{_NS}" xmlns:r="{OFFICE}/relationships">'
        f"<sheets>{sheets}</sheets></workbook>"
    )


def _sheet(rows: Sheet) -> str:
    lines = []
    for number, row in enumerate(rows, 1):
        cells = "".join(
            _cell(f"{chr(ord('A') + column)}{number}", cell, style=1 if number == 1 else 0)
            for column, cell in enumerate(row)
        )
        lines.append(f'<row r="{number}">{cells}</row>')
    return f'{XML}<worksheet xmlns="{_NS}"><sheetData>{"".join(lines)}</sheetData></worksheet>'


def _cell(reference: str, cell: Cell, style: int) -> str:
    if isinstance(cell, str):
        text = f"<is><t>{escape(cell, quote=False)}</t></is>"
        return f'<c r="{reference}" s="{style}" t="inlineStr">{text}</c>'
    if isinstance(cell, tuple):
        formula, value = cell
        return f'<c r="{reference}" s="{style}"><f>{escape(formula)}</f><v>{value}</v></c>'
    return f'<c r="{reference}" s="{style}"><v>{cell}</v></c>'


def _styles() -> str:
    """Write two cell styles: plain, and bold for the header row."""
    return (
        f'{XML}<styleSheet xmlns="{_NS}">'
        '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
        '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill></fills>'
        '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/>'
        "</cellStyleXfs>"
        '<cellXfs count="2"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
        '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/></cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
        "</styleSheet>"
    )
