"""Small documents, made by hand."""

import io
import struct
import zipfile
import zlib

CONTENT_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">{}</Types>'
)
DOCX_MAIN = (
    '<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-'
    'officedocument.wordprocessingml.document.main+xml"/>'
)
RELS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="r1" Target="word/document.xml" Type="http://schemas.openxmlformats.org/'
    'officeDocument/2006/relationships/officeDocument"/></Relationships>'
)
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
SHEETS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_SHEET_TYPE = 'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.'
SHEET_MAIN = f'{_SHEET_TYPE}sheet.main+xml"'
SHEET = f'{_SHEET_TYPE}worksheet+xml"'
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def pdf(*pages: str, trailer: str = "") -> bytes:
    """Return a PDF with one line of Helvetica a page; an empty string makes a bare page."""
    contents = [f"BT /F1 14 Tf 72 700 Td ({words}) Tj ET" if words else "" for words in pages]
    return many(*contents, trailer=trailer)


def many(*contents: str, trailer: str = "") -> bytes:
    """Return a PDF of pages of these operators, whose font F1 is Helvetica."""
    kids = " ".join(f"{4 + 2 * at} 0 R" for at in range(len(contents)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(contents)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for at, stream in enumerate(contents):
        objects.append(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources "
            f"<< /Font << /F1 3 0 R >> >> /Contents {5 + 2 * at} 0 R >>"
        )
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
    return _with_xref(objects, trailer)


def drawn(
    content: bytes = b"", *, stream: str = "", page: str = "", objects: tuple[str, ...] = ()
) -> bytes:
    """Return a PDF of one page of this content; entries are added to its dictionaries.

    Args:
        content: operators, encoded as `stream` says.
        stream: entries of the content's dictionary.
        page: entries of the page's dictionary.
        objects: further objects, from number 5.
    """
    first = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R {page} >>",
        f"<< /Length {len(content)} {stream} >>\nstream\n{content.decode('latin-1')}\nendstream",
    ]
    return _with_xref([*first, *objects], "")


def _with_xref(objects: list[str], trailer: str) -> bytes:
    data = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, content in enumerate(objects, 1):
        offsets.append(len(data))
        data += f"{number} 0 obj\n{content}\nendobj\n".encode("latin-1")
    start = len(data)
    data += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    data += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    data += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R {trailer} >>\n".encode()
    return bytes(data + f"startxref\n{start}\n%%EOF\n".encode())


def zipped(entries: dict[str, str | bytes]) -> bytes:
    """Return a zip of these entries, in this order."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def docx(*paragraphs: str, bare: bool = False, more: dict[str, str | bytes] | None = None) -> bytes:
    """Return a Word document with these paragraphs, or with one that has not even a run."""
    body = "".join(f"<w:p><w:r><w:t>{words}</w:t></w:r></w:p>" for words in paragraphs)
    body += "<w:p/>" if bare else ""
    entries: dict[str, str | bytes] = {
        "[Content_Types].xml": CONTENT_TYPES.format(DOCX_MAIN),
        "_rels/.rels": RELS,
        "word/document.xml": f'<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>',
    }
    return zipped(entries | (more or {}))


def xlsx(**sheets: str) -> bytes:
    """Return a workbook of these sheets, each with one cell; an empty string leaves it out."""
    names, links, overrides = "", "", f'<Override PartName="/xl/workbook.xml" {SHEET_MAIN}/>'
    entries: dict[str, str | bytes] = {}
    for at, (name, words) in enumerate(sheets.items(), 1):
        names += f'<sheet name="{name}" sheetId="{at}" r:id="r{at}"/>'
        links += f'<Relationship Id="r{at}" Type="{OFFICE}/worksheet" Target="s{at}.xml"/>'
        overrides += f'<Override PartName="/xl/s{at}.xml" {SHEET}/>'
        cell = f'<row r="1"><c r="A1" t="inlineStr"><is><t>{words}</t></is></c></row>'
        rows = cell if words else ""
        entries[f"xl/s{at}.xml"] = (
            f'<worksheet xmlns="{SHEETS}"><sheetData>{rows}</sheetData></worksheet>'
        )
    links = f'<Relationships xmlns="{PACKAGE}">{links}</Relationships>'
    workbook = f'<workbook xmlns="{SHEETS}" xmlns:r="{OFFICE}"><sheets>{names}</sheets></workbook>'
    return zipped(
        {
            "[Content_Types].xml": CONTENT_TYPES.format(overrides),
            "_rels/.rels": RELS.replace("word/document.xml", "xl/workbook.xml"),
            "xl/_rels/workbook.xml.rels": links,
            "xl/workbook.xml": workbook,
        }
        | entries
    )


def png(width: int, height: int) -> bytes:
    """Return a white 8-bit grey PNG; the pixels are left out of huge ones."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = (b"\x00" + b"\xff" * width) * height if width * height < 10**7 else b""
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def cfb(*streams: str) -> bytes:
    """Return an OLE2 container whose directory has these names, and nothing else."""
    header = bytearray(512)
    header[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    struct.pack_into("<H", header, 30, 9)
    struct.pack_into("<I", header, 48, 1)
    struct.pack_into("<109I", header, 76, 0, *[0xFFFFFFFF] * 108)
    fat = struct.pack("<128I", 0xFFFFFFFD, 0xFFFFFFFE, *[0xFFFFFFFF] * 126)
    directory = bytearray(512)
    for at, name in enumerate(streams):
        raw = name.encode("utf-16-le")
        directory[128 * at : 128 * at + len(raw)] = raw
        struct.pack_into("<H", directory, 128 * at + 64, len(raw) + 2)
    return bytes(header + fat + directory)


GREETING = "Subject: Greetings\nFrom: a@example.com\nTo: b@example.com"


def mail(*parts: str, headers: str = GREETING, edge: str = "edge") -> bytes:
    """Return a multipart/mixed message of these parts, each with headers of its own."""
    body = "".join(f"--{edge}\n{part}\n" for part in parts)
    top = f'{headers}\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="{edge}"'
    return f"{top}\n\n{body}--{edge}--\n".encode()
