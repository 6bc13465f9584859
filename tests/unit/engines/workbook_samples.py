"""Workbooks as several producers write them: XlsxWriter, LibreOffice, and programs by hand."""

import io
import struct
from typing import Any

import xlsxwriter

from tests.unit.engines import samples

TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0"
SPACES = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    f'xmlns:table="{TABLE}" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/"'
)
ODS = "application/vnd.oasis.opendocument.spreadsheet"
HIDING = (
    '<office:automatic-styles><style:style style:name="gone" style:family="table">'
    '<style:table-properties table:display="false"/></style:style></office:automatic-styles>'
)


def by_xlsxwriter(**sheets: list[tuple[str, Any, str | None]]) -> bytes:
    """Return a workbook of these cells: place, value, and the code of its format."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    for name, cells in sheets.items():
        sheet = book.add_worksheet(name)
        for place, value, code in cells:
            sheet.write(place, value, book.add_format({"num_format": code}) if code else None)
    book.close()
    return buffer.getvalue()


def with_cells(rows: str, *, more: dict[str, str | bytes] | None = None) -> bytes:
    """Return a workbook of one sheet, whose rows are written by hand."""
    entries = {
        "[Content_Types].xml": samples.CONTENT_TYPES.format(
            f'<Override PartName="/xl/workbook.xml" {samples.SHEET_MAIN}/>'
        ),
        "xl/workbook.xml": f'<workbook xmlns="{samples.SHEETS}" xmlns:r="{samples.OFFICE}">'
        '<sheets><sheet name="One" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{samples.SHEETS}">'
        f"<sheetData>{rows}</sheetData></worksheet>",
    }
    return samples.zipped(entries | (more or {}))


def ods(tables: str, *, styles: str = "") -> bytes:
    """Return a spreadsheet of OpenDocument with these tables."""
    return samples.zipped({"mimetype": ODS, "content.xml": _content(tables, styles)})


def fods(tables: str) -> bytes:
    """Return the same as one XML."""
    return _content(tables, "", f'office:mimetype="{ODS}"', "document").encode()


def _content(tables: str, styles: str, more: str = "", root: str = "document-content") -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><office:{root} {SPACES} {more}>{styles}'
        f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body>"
        f"</office:{root}>"
    )


def excel_2003(rows: str) -> bytes:
    """Return the XML of Excel 2003, with a style `p` for percentages."""
    return (
        '<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>'
        '<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" '
        'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Styles>'
        '<Style ss:ID="p"><NumberFormat ss:Format="Percent"/></Style></Styles>'
        f'<Worksheet ss:Name="Report"><Table>{rows}</Table></Worksheet></Workbook>'
    ).encode()


def xls(rows: list[list[str | tuple[float, int]]], *, code: str = "0.0%") -> bytes:
    """Return an .xls of BIFF8 with one sheet.

    Args:
        rows: texts, and numbers with 0 for the general format or 1 for the code.
        code: a number format.
    """
    stream = _record(0x809, struct.pack("<HHHHII", 0x600, 5, 0, 0, 0, 0))
    stream += _record(0x42, struct.pack("<H", 1200))
    stream += (
        _record(0x31, struct.pack("<HHHHHBBBBBB", 200, 0, 8, 400, 0, 0, 0, 0, 0, 5, 0) + b"Arial")
        * 5
    )
    stream += _record(0x41E, struct.pack("<H", 164) + _unicode(code, "<HB"))
    for key in (*[0] * 16, 164):
        flags = 0xFFF5 if key == 0 else 1
        stream += _record(0xE0, struct.pack("<HHHBBBBIIH", 0, key, flags, 0x20, 0, 0, 0, 0, 0, 0))
    bound = len(stream) + 4 + 8 + len("Data") + 4
    name = struct.pack("<IHBB", bound, 0, 4, 0) + b"Data"
    stream += _record(0x85, name) + _record(0x0A, b"")
    stream += _record(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0, 0, 0, 0))
    for y, row in enumerate(rows):
        for x, value in enumerate(row):
            if isinstance(value, str):
                stream += _record(0x204, struct.pack("<HHH", y, x, 0) + _unicode(value, "<HB"))
            else:
                stream += _record(0x203, struct.pack("<HHHd", y, x, 16 * value[1], value[0]))
    return _cfb(stream + _record(0x0A, b""))


def _record(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def _unicode(text: str, head: str) -> bytes:
    return struct.pack(head, len(text), 1) + text.encode("utf-16-le")


def _cfb(stream: bytes) -> bytes:
    """Return an OLE2 container that holds this as its workbook."""
    stream += bytes(max(4096, -(-len(stream) // 512) * 512) - len(stream))
    count = len(stream) // 512
    header = bytearray(512)
    header[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    struct.pack_into("<HHHHH", header, 24, 0x3E, 3, 0xFFFE, 9, 6)
    struct.pack_into("<IIII", header, 44, 1, 1, 0, 4096)
    struct.pack_into("<III", header, 60, 0xFFFFFFFE, 0, 0xFFFFFFFE)
    struct.pack_into("<109I", header, 76, 0, *[0xFFFFFFFF] * 108)
    chain = [0xFFFFFFFD, 0xFFFFFFFE, *range(3, count + 2), 0xFFFFFFFE]
    fat = struct.pack("<128I", *chain, *[0xFFFFFFFF] * (128 - len(chain)))
    entries = _entry("Root Entry", 5, 1, 0xFFFFFFFE, 0)
    entries += _entry("Workbook", 2, 0xFFFFFFFF, 2, len(stream))
    return bytes(header) + fat + entries + bytes(512 - len(entries)) + stream


def _entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    raw = name.encode("utf-16-le")
    entry = bytearray(128)
    entry[: len(raw)] = raw
    struct.pack_into("<HBBIII", entry, 64, len(raw) + 2, kind, 1, 0xFFFFFFFF, 0xFFFFFFFF, child)
    struct.pack_into("<II", entry, 116, start, size)
    return bytes(entry)
