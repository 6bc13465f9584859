"""Text documents of Open XML in the shapes that different producers give them."""

from tests.unit.engines import samples
from tests.unit.engines.conftest import Parse, document_of

W = samples.WORD
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
M = "http://schemas.openxmlformats.org/officeDocument/2006/math"
SPACES = (
    f'xmlns:w="{W}" xmlns:r="{R}" xmlns:m="{M}" xmlns:v="urn:schemas-microsoft-com:vml" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" '
    'xmlns:dgm="http://schemas.openxmlformats.org/drawingml/2006/diagram" '
    'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
)

CHART = (
    '<c:chartSpace xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><c:chart><c:title><c:tx>'
    "<c:rich><a:p><a:r><a:t>Sales</a:t></a:r></a:p></c:rich></c:tx></c:title><c:plotArea>"
    "<c:barChart><c:ser><c:tx><c:strRef><c:strCache><c:pt idx='0'><c:v>Bikes</c:v></c:pt>"
    "</c:strCache></c:strRef></c:tx><c:cat><c:strRef><c:strCache><c:pt idx='0'><c:v>Q1</c:v>"
    "</c:pt></c:strCache></c:strRef></c:cat><c:val><c:numRef><c:numCache><c:pt idx='0'>"
    "<c:v>3.5</c:v></c:pt></c:numCache></c:numRef></c:val></c:ser></c:barChart></c:plotArea>"
    "</c:chart></c:chartSpace>"
)


def p(*inside: str, properties: str = "") -> str:
    """Return a paragraph of runs; bare words become one."""
    runs = "".join(one if one.startswith("<") else r(f"<w:t>{one}</w:t>") for one in inside)
    return f"<w:p>{f'<w:pPr>{properties}</w:pPr>' if properties else ''}{runs}</w:p>"


def r(inside: str, properties: str = "") -> str:
    """Return a run."""
    return f"<w:r>{f'<w:rPr>{properties}</w:rPr>' if properties else ''}{inside}</w:r>"


def part(name: str, inside: str) -> str:
    """Return a part whose root has every namespace."""
    return f"<w:{name} {SPACES}>{inside}</w:{name}>"


def _link(id: str, target: str) -> str:
    kind = id.partition(":")[0]
    mode = ' TargetMode="External"' if "://" in target else ""
    return f'<Relationship Id="{id}" Type="{R}/{kind}" Target="{target}"{mode}/>'


def word(
    *body: str, more: dict[str, str | bytes] | None = None, main: str = "word/document.xml",
    links: dict[str, str] | None = None, separator: str = "/",
) -> bytes:  # fmt: skip
    """Return a document.

    Args:
        body: its paragraphs, tables and sections.
        more: further parts by their names.
        main: the name of the main part.
        links: what it refers to, from an id of the kind `kind` or `kind:number` to a target.
        separator: what stands between folders in the names of the container.
    """
    folder, _, name = main.rpartition("/")
    rels = "".join(_link(key, target) for key, target in (links or {}).items())
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    entries: dict[str, str | bytes] = {
        "[Content_Types].xml": samples.CONTENT_TYPES.format(
            f'<Override PartName="/{main}" ContentType="{kind}"/>'
        ),
        "_rels/.rels": samples.RELS.replace("word/document.xml", main),
        main: part("document", f"<w:body>{''.join(body)}</w:body>"),
        f"{folder}/_rels/{name}.rels": (
            f'<Relationships xmlns="{samples.PACKAGE}">{rels}</Relationships>'
        ),
    } | (more or {})
    return samples.zipped({key.replace("/", separator): value for key, value in entries.items()})


async def md_of(parse: Parse, data: bytes, name: str = "a.docx") -> str:
    """Return the markdown of a document, its pages parted by form feeds."""
    return "\f".join(page.md for page in document_of(await parse(data, name)).pages)
