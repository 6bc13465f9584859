"""Word documents with headings, lists and tables."""

from html import escape

from generator.archive import XML, write_zip
from generator.blocks import Block
from generator.ooxml import frame, relationships

_NS = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_PARTS = {
    "word/document.xml": "wordprocessingml.document.main",
    "word/styles.xml": "wordprocessingml.styles",
    "word/numbering.xml": "wordprocessingml.numbering",
}
_BORDERS = "".join(
    f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="808080"/>'
    for side in ("top", "left", "bottom", "right", "insideH", "insideV")
)


def write_docx(title: str, blocks: list[Block]) -> bytes:
    """Make a document of blocks."""
    body = "".join(_table(block) if block.kind == "table" else _block(block) for block in blocks)
    document = (
        f'{XML}<w:document xmlns:w="{_NS}"><w:body>{body}'
        '<w:sectPr><w:pgSz w:w="11906" w:h="16838"/>'
        '<w:pgMar w:top="1134" w:right="1134" w:bottom="1134" w:left="1134" '
        'w:header="567" w:footer="567" w:gutter="0"/></w:sectPr></w:body></w:document>'
    )
    return write_zip(
        frame("word/document.xml", title, _PARTS)
        | {
            "word/_rels/document.xml.rels": relationships(
                {"rId1": ("styles", "styles.xml"), "rId2": ("numbering", "numbering.xml")}
            ),
            "word/document.xml": document,
            "word/styles.xml": _styles(),
            "word/numbering.xml": _numbering(),
        }
    )


def _block(block: Block) -> str:
    style = {"heading": f"Heading{block.level}", "bullet": "ListBullet"}.get(block.kind)
    return _paragraph(block.text, style)


def _paragraph(text: str, style: str | None = None) -> str:
    properties = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    run = f'<w:r><w:t xml:space="preserve">{escape(text, quote=False)}</w:t></w:r>'
    return f"<w:p>{properties}{run}</w:p>"


def _table(table: Block) -> str:
    width = 9600 // len(table.rows[0])
    grid = f'<w:gridCol w:w="{width}"/>' * len(table.rows[0])
    rows = "".join(
        "<w:tr>"
        + ("" if number else "<w:trPr><w:tblHeader/></w:trPr>")
        + "".join(
            f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/></w:tcPr>{_paragraph(cell)}</w:tc>'
            for cell in row
        )
        + "</w:tr>"
        for number, row in enumerate(table.rows)
    )
    properties = (
        f'<w:tblPr><w:tblW w:w="0" w:type="auto"/><w:tblBorders>{_BORDERS}</w:tblBorders></w:tblPr>'
    )
    return f"<w:tbl>{properties}<w:tblGrid>{grid}</w:tblGrid>{rows}</w:tbl>{_paragraph('')}"


def _styles() -> str:
    headings = "".join(
        f'<w:style w:type="paragraph" w:styleId="Heading{level}"><w:name w:val="heading {level}"/>'
        '<w:basedOn w:val="Normal"/><w:next w:val="Normal"/>'
        f'<w:pPr><w:keepNext/><w:outlineLvl w:val="{level - 1}"/></w:pPr>'
        f'<w:rPr><w:b/><w:sz w:val="{40 - 8 * level}"/></w:rPr></w:style>'
        for level in (1, 2, 3)
    )
    return (
        f'{XML}<w:styles xmlns:w="{_NS}">'
        '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/>'
        '<w:pPr><w:spacing w:after="120"/></w:pPr><w:rPr><w:sz w:val="22"/></w:rPr></w:style>'
        f"{headings}"
        '<w:style w:type="paragraph" w:styleId="ListBullet"><w:name w:val="List Bullet"/>'
        '<w:basedOn w:val="Normal"/>'
        '<w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>'
        "</w:styles>"
    )


def _numbering() -> str:
    return (
        f'{XML}<w:numbering xmlns:w="{_NS}"><w:abstractNum w:abstractNumId="0">'
        '<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="bullet"/><w:lvlText w:val="•"/>'
        '<w:pPr><w:ind w:left="360" w:hanging="260"/></w:pPr></w:lvl></w:abstractNum>'
        '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num></w:numbering>'
    )
