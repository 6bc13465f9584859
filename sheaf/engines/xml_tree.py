"""XML as trees with short names, whatever prefixes a producer has chosen.

Names are those of the formats' own texts (`w:p`, `a:t`, `text:h`), also for Strict Open XML, whose
namespaces differ. What no table names keeps its local name alone.
"""

import re
from xml.etree import ElementTree as ET

from sheaf.contracts.failures import DocumentError, FailureKind

Element = ET.Element

PREFIXES = {
    "wordprocessingml/2006/main": "w",
    "ooxml/wordprocessingml/main": "w",
    "officeDocument/2006/relationships": "r",
    "ooxml/officeDocument/relationships": "r",
    "officeDocument/2006/math": "m",
    "ooxml/officeDocument/math": "m",
    "drawingml/2006/main": "a",
    "ooxml/drawingml/main": "a",
    "drawingml/2006/wordprocessingDrawing": "wp",
    "ooxml/drawingml/wordprocessingDrawing": "wp",
    "drawingml/2006/picture": "pic",
    "ooxml/drawingml/picture": "pic",
    "drawingml/2006/chart": "c",
    "ooxml/drawingml/chart": "c",
    "drawing/2014/chartex": "cx",
    "drawingml/2006/diagram": "dgm",
    "ooxml/drawingml/diagram": "dgm",
    "presentationml/2006/main": "p",
    "ooxml/presentationml/main": "p",
    "schemas-microsoft-com:vml": "v",
    "schemas-microsoft-com:office:office": "o",
    "markup-compatibility/2006": "mc",
    "office/word/2010/wordml": "w14",
    "office/word/2010/wordprocessingShape": "wps",
    "xmlns:office:1.0": "office",
    "xmlns:text:1.0": "text",
    "xmlns:table:1.0": "table",
    "xmlns:drawing:1.0": "draw",
    "xmlns:presentation:1.0": "presentation",
    "xmlns:style:1.0": "style",
    "xmlns:meta:1.0": "meta",
    "xmlns:svg-compatible:1.0": "svg",
    "xmlns:xsl-fo-compatible:1.0": "fo",
    "xmlns:manifest:1.0": "manifest",
    "1999/xlink": "xlink",
    "dc/elements/1.1/": "dc",
    "XML/1998/namespace": "xml",
}
"""The ends of namespaces, and what stands for each."""

_ENTITY = re.compile(rb"<!ENTITY|<\x00!\x00E\x00N\x00T|\x00<\x00!\x00E\x00N\x00T")


def tree_of(data: bytes, what: str) -> Element:
    """Return the root of XML that declares no entities; names are short.

    Args:
        data: in any charset that the XML names.
        what: its name for people.

    Raises:
        DocumentError: Corrupt: it is no XML, or declares entities, which no Office format does.
    """
    if _ENTITY.search(data):
        raise DocumentError(FailureKind.CORRUPT, f"{what} declares entities")
    try:
        root = ET.fromstring(data)  # noqa: S314 - without entities, and nothing is fetched
    except (ET.ParseError, LookupError, ValueError) as error:
        raise DocumentError(FailureKind.CORRUPT, f"{what} is no XML: {error}") from error
    return _shortened(root)


def below(element: Element, *names: str) -> Element | None:
    """Return the first child of a name, its first child of the next, and so on.

    The paths of ElementTree take the short names for namespaces that it does not know.
    """
    found: Element | None = element
    for name in names:
        found = None if found is None else found.find(name)
    return found


class _Short(dict[str, str]):
    """Short names by the long ones, each made once."""

    def __missing__(self, name: str) -> str:
        short = name
        if name[:1] == "{":
            namespace, _, local = name[1:].partition("}")
            ends = (end for end in PREFIXES if namespace.endswith(end))
            short = next((f"{PREFIXES[end]}:{local}" for end in ends), local)
        self[name] = short
        return short


def _shortened(root: Element) -> Element:
    short = _Short()
    for element in root.iter():
        element.tag = short[element.tag]
        if element.attrib:
            element.attrib = {short[name]: value for name, value in element.attrib.items()}
    return root
