"""OpenDocument text, EPUB, RTF and HTML."""

from html import escape

from generator.archive import XML, write_zip
from generator.blocks import MARKDOWN, Block, parse

_OASIS = "urn:oasis:names:tc:opendocument:xmlns"
_ODF = (
    f'xmlns:office="{_OASIS}:office:1.0" xmlns:text="{_OASIS}:text:1.0" '
    f'xmlns:table="{_OASIS}:table:1.0" office:version="1.2"'
)
_ODT = "application/vnd.oasis.opendocument.text"
_PACKAGE = "http://www.idpf.org/2007/opf"
_CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0"><rootfiles>'
    '<rootfile full-path="content.opf" media-type="application/oebps-package+xml"/>'
    "</rootfiles></container>"
)


def write_html(title: str, text: str) -> bytes:
    """Make a web page."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{escape(title)}</title>\n<style>table {{ border-collapse: collapse }}</style>\n"
        f"</head>\n<body>\n{MARKDOWN.render(text)}</body>\n</html>\n"
    ).encode()


def write_odt(text: str) -> bytes:
    """Make an OpenDocument text."""
    body = "".join(map(_odt_block, parse(text)))
    content = (
        f"{XML}<office:document-content {_ODF}><office:body><office:text>{body}</office:text>"
        "</office:body></office:document-content>"
    )
    entries = "".join(
        f'<manifest:file-entry manifest:full-path="{path}" manifest:media-type="{kind}"/>'
        for path, kind in (("/", _ODT), ("content.xml", "text/xml"))
    )
    manifest = (
        f'{XML}<manifest:manifest xmlns:manifest="{_OASIS}:manifest:1.0" manifest:version="1.2">'
        f"{entries}</manifest:manifest>"
    )
    return write_zip({"mimetype": _ODT, "content.xml": content, "META-INF/manifest.xml": manifest})


def _odt_block(block: Block) -> str:
    text = escape(block.text, quote=False)
    if block.kind == "heading":
        return f'<text:h text:outline-level="{block.level}">{text}</text:h>'
    if block.kind == "bullet":
        return f"<text:list><text:list-item><text:p>{text}</text:p></text:list-item></text:list>"
    if block.kind == "table":
        columns = f'<table:table-column table:number-columns-repeated="{len(block.rows[0])}"/>'
        rows = "".join(_odt_row(row) for row in block.rows)
        return f'<table:table table:name="Table">{columns}{rows}</table:table>'
    return f"<text:p>{text}</text:p>"


def _odt_row(row: tuple[str, ...]) -> str:
    cells = "".join(
        '<table:table-cell office:value-type="string">'
        f"<text:p>{escape(cell, quote=False)}</text:p></table:table-cell>"
        for cell in row
    )
    return f"<table:table-row>{cells}</table:table-row>"


def write_epub(title: str, chapters: dict[str, str]) -> bytes:
    """Make a book of chapters by their names."""
    names = [f"chapter{number}.xhtml" for number in range(1, len(chapters) + 1)]
    links = "".join(
        f'<li><a href="{name}">{escape(heading)}</a></li>'
        for name, heading in zip(names, chapters, strict=True)
    )
    nav = f'<nav epub:type="toc"><h1>Contents</h1><ol>{links}</ol></nav>'
    pages = {
        name: _xhtml(heading, MARKDOWN.render(text))
        for name, (heading, text) in zip(names, chapters.items(), strict=True)
    }
    return write_zip(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": XML + _CONTAINER,
            "content.opf": _opf(title, names),
            "nav.xhtml": _xhtml("Contents", nav),
        }
        | pages
    )


def _xhtml(title: str, body: str) -> str:
    return (
        f'{XML}<html xmlns="http://www.w3.org/1999/xhtml" '
        'xmlns:epub="http://www.idpf.org/2007/ops" lang="en">'
        f"<head><title>{escape(title)}</title></head><body>{body}</body></html>"
    )


def _opf(title: str, names: list[str]) -> str:
    kind = 'media-type="application/xhtml+xml"'
    items = "".join(f'<item id="c{n}" href="{name}" {kind}/>' for n, name in enumerate(names))
    spine = "".join(f'<itemref idref="c{n}"/>' for n in range(len(names)))
    return (
        f'{XML}<package xmlns="{_PACKAGE}" version="3.0" unique-identifier="id">'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f'<dc:identifier id="id">urn:harrow-finch:handbook:2026</dc:identifier>'
        f"<dc:title>{escape(title)}</dc:title><dc:language>en</dc:language>"
        "<dc:creator>Harrow &amp; Finch Instruments</dc:creator>"
        '<meta property="dcterms:modified">2026-01-05T09:00:00Z</meta></metadata>'
        f'<manifest><item id="nav" href="nav.xhtml" {kind} properties="nav"/>{items}</manifest>'
        f"<spine>{spine}</spine></package>"
    )


def write_rtf(text: str) -> bytes:
    """Make a Rich Text file."""
    lines = [r"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fswiss Helvetica;}}\fs22"]
    for block in parse(text):
        words = _rtf_text(block.text)
        if block.kind == "heading":
            lines.append(rf"\pard\sb240\sa120\b\fs{36 - 4 * block.level} {words}\b0\fs22\par")
        elif block.kind == "bullet":
            lines.append(rf"\pard\fi-260\li360 \bullet\tab {words}\par")
        elif block.kind == "table":
            lines += [_rtf_row(row) for row in block.rows]
        else:
            lines.append(rf"\pard\sa120 {words}\par")
    return ("\n".join(lines) + "\n}\n").encode("ascii")


def _rtf_row(row: tuple[str, ...]) -> str:
    edges = "".join(rf"\cellx{2400 * number}" for number in range(1, len(row) + 1))
    cells = "".join(rf"\intbl {_rtf_text(cell)}\cell" for cell in row)
    return rf"\trowd{edges}\pard{cells}\row"


def _rtf_text(text: str) -> str:
    safe = text.replace("\\", r"\\").replace("{", r"\{").replace("}", r"\}")
    return "".join(char if ord(char) < 128 else rf"\u{ord(char)}?" for char in safe)
