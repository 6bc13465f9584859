"""Shapes that lie wholly outside of their slide, in Open XML presentations."""

import io
import re
import zipfile
from xml.etree import ElementTree as ET

from sheaf.engines.system_faults import raise_if_of_machine

_DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_PRESENTATION = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_SLIDE = re.compile(r"ppt/slides/slide[0-9]+\.xml")
_SHAPES = tuple(f"{_PRESENTATION}{name}" for name in ("sp", "pic", "graphicFrame", "grpSp"))
_SIZE = re.compile(rb"<p:sldSz\b[^<>]*+>")
_NUMBER = re.compile(rb"\b(cx|cy)=\"([0-9]{1,12})\"")
DEFAULT_SIZE = (9_144_000, 6_858_000)
"""English Metric Units (914,400 an inch) of a 4:3 slide, where a presentation names no size."""


def without_off_slide(data: bytes) -> tuple[bytes, int]:
    """Return a presentation without what lies wholly outside of its slides, and how much that was.

    A presentation that cannot be understood comes back as it is.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            size = _size(archive)
            changed = {
                name: cleaned
                for name in archive.namelist()
                if _SLIDE.fullmatch(name) and (cleaned := _cleaned(archive.read(name), size))[1]
            }
            if not changed:
                return data, 0
            return _rewritten(archive, {name: new for name, (new, _) in changed.items()}), sum(
                count for _, count in changed.values()
            )
    except (KeyError, zipfile.BadZipFile, ET.ParseError, OSError, ValueError) as error:
        raise_if_of_machine(error)
        return data, 0


def _size(archive: zipfile.ZipFile) -> tuple[int, int]:
    found = _SIZE.search(archive.read("ppt/presentation.xml"))
    if found is None:
        return DEFAULT_SIZE
    sides = dict(_NUMBER.findall(found[0]))
    return int(sides.get(b"cx", DEFAULT_SIZE[0])), int(sides.get(b"cy", DEFAULT_SIZE[1]))


def _cleaned(content: bytes, size: tuple[int, int]) -> tuple[bytes, int]:
    root = ET.fromstring(content)  # noqa: S314 - entities are bounded by expat
    tree = root.find(f"{_PRESENTATION}cSld/{_PRESENTATION}spTree")
    outside = [] if tree is None else [s for s in tree if s.tag in _SHAPES and _is_out(s, size)]
    for shape in outside:
        assert tree is not None
        tree.remove(shape)
    return ET.tostring(root), len(outside)


def _is_out(shape: ET.Element, size: tuple[int, int]) -> bool:
    offset = next(shape.iter(f"{_DRAWING}off"), None)
    extent = next(shape.iter(f"{_DRAWING}ext"), None)
    if offset is None or extent is None or extent.get("cx") is None:
        return False
    x, y = int(offset.get("x", 0)), int(offset.get("y", 0))
    width, height = int(extent.get("cx", 0)), int(extent.get("cy", 0))
    return x >= size[0] or y >= size[1] or x + width <= 0 or y + height <= 0


def _rewritten(archive: zipfile.ZipFile, changed: dict[str, bytes]) -> bytes:
    copy = io.BytesIO()
    with zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED) as written:
        for info in archive.infolist():
            written.writestr(info.filename, changed.get(info.filename) or archive.read(info))
    return copy.getvalue()
