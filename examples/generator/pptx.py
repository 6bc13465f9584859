"""PowerPoint slides, each a title and a few points, on one plain layout."""

from html import escape

from generator.archive import XML, write_zip
from generator.ooxml import OFFICE, frame, relationships

_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
_NAMES = (
    f'xmlns:a="{_DRAWING}" xmlns:r="{OFFICE}/relationships" '
    'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
)
_GROUP = '<p:nvGrpSpPr><p:cNvPr id="1" name=""/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/>'
_MAP = (
    '<p:clrMap bg1="lt1" tx1="dk1" bg2="lt2" tx2="dk2" accent1="accent1" accent2="accent2" '
    'accent3="accent3" accent4="accent4" accent5="accent5" accent6="accent6" hlink="hlink" '
    'folHlink="folHlink"/>'
)
_BOXES = {
    "title": (560000, 400000, 11000000, 1200000),
    "body": (560000, 1800000, 11000000, 4500000),
}

Slide = tuple[str, list[str]]


def write_pptx(title: str, slides: list[Slide]) -> bytes:
    """Make a presentation of slides."""
    numbers = range(1, len(slides) + 1)
    parts = {
        "ppt/presentation.xml": "presentationml.presentation.main",
        "ppt/slideMasters/slideMaster1.xml": "presentationml.slideMaster",
        "ppt/slideLayouts/slideLayout1.xml": "presentationml.slideLayout",
        "ppt/theme/theme1.xml": "theme",
    } | {f"ppt/slides/slide{number}.xml": "presentationml.slide" for number in numbers}
    entries = frame("ppt/presentation.xml", title, parts) | _masters()
    entries["ppt/presentation.xml"] = _presentation(len(slides))
    entries["ppt/_rels/presentation.xml.rels"] = relationships(
        {"rId100": ("slideMaster", "slideMasters/slideMaster1.xml")}
        | {f"rId{number}": ("slide", f"slides/slide{number}.xml") for number in numbers}
    )
    layout = relationships({"rId1": ("slideLayout", "../slideLayouts/slideLayout1.xml")})
    for number, (heading, points) in enumerate(slides, 1):
        tree = _shape("title", 2, [heading]) + _shape("body", 3, points)
        entries[f"ppt/slides/slide{number}.xml"] = _part("sld", tree)
        entries[f"ppt/slides/_rels/slide{number}.xml.rels"] = layout
    return write_zip(entries)


def _part(tag: str, shapes: str, rest: str = "", attributes: str = "") -> str:
    tree = f"<p:cSld><p:spTree>{_GROUP}{shapes}</p:spTree></p:cSld>"
    return f"{XML}<p:{tag} {_NAMES}{attributes}>{tree}{rest}</p:{tag}>"


def _shape(kind: str, number: int, paragraphs: list[str]) -> str:
    x, y, width, height = _BOXES[kind]
    index = "" if kind == "title" else ' idx="1"'
    text = "".join(
        f'<a:p><a:r><a:rPr lang="en-GB"/><a:t>{escape(line, quote=False)}</a:t></a:r></a:p>'
        for line in paragraphs
    )
    return (
        f'<p:sp><p:nvSpPr><p:cNvPr id="{number}" name="{kind.title()} {number}"/><p:cNvSpPr/>'
        f'<p:nvPr><p:ph type="{kind}"{index}/></p:nvPr></p:nvSpPr>'
        f'<p:spPr><a:xfrm><a:off x="{x}" y="{y}"/><a:ext cx="{width}" cy="{height}"/></a:xfrm>'
        '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></p:spPr>'
        f"<p:txBody><a:bodyPr/><a:lstStyle/>{text or '<a:p/>'}</p:txBody></p:sp>"
    )


def _presentation(slides: int) -> str:
    ids = "".join(f'<p:sldId id="{255 + n}" r:id="rId{n}"/>' for n in range(1, slides + 1))
    return (
        f"{XML}<p:presentation {_NAMES}>"
        '<p:sldMasterIdLst><p:sldMasterId id="2147483648" r:id="rId100"/></p:sldMasterIdLst>'
        f'<p:sldIdLst>{ids}</p:sldIdLst><p:sldSz cx="12192000" cy="6858000"/>'
        '<p:notesSz cx="6858000" cy="9144000"/></p:presentation>'
    )


def _masters() -> dict[str, str | bytes]:
    """Write the slide master, its one layout and the theme: no viewer opens a file without them."""
    empty = _shape("title", 2, []) + _shape("body", 3, [])
    layouts = '<p:sldLayoutIdLst><p:sldLayoutId id="2147483649" r:id="rId1"/></p:sldLayoutIdLst>'
    override = "<p:clrMapOvr><a:masterClrMapping/></p:clrMapOvr>"
    return {
        "ppt/slideMasters/slideMaster1.xml": _part("sldMaster", empty, _MAP + layouts),
        "ppt/slideMasters/_rels/slideMaster1.xml.rels": relationships(
            {
                "rId1": ("slideLayout", "../slideLayouts/slideLayout1.xml"),
                "rId2": ("theme", "../theme/theme1.xml"),
            }
        ),
        "ppt/slideLayouts/slideLayout1.xml": _part("sldLayout", empty, override, ' type="obj"'),
        "ppt/slideLayouts/_rels/slideLayout1.xml.rels": relationships(
            {"rId1": ("slideMaster", "../slideMasters/slideMaster1.xml")}
        ),
        "ppt/theme/theme1.xml": _theme(),
    }


def _theme() -> str:
    colours = {"dk1": "000000", "lt1": "FFFFFF", "dk2": "1F3A4D", "lt2": "EEF2F4"}
    colours |= {f"accent{n}": "2A6F97" for n in range(1, 7)}
    colours |= {"hlink": "2A6F97", "folHlink": "5B4B8A"}
    palette = "".join(f'<a:{k}><a:srgbClr val="{v}"/></a:{k}>' for k, v in colours.items())
    face = '<a:latin typeface="Calibri"/><a:ea typeface=""/><a:cs typeface=""/>'
    fill = '<a:solidFill><a:schemeClr val="phClr"/></a:solidFill>'
    effect = "<a:effectStyle><a:effectLst/></a:effectStyle>"
    return (
        f'{XML}<a:theme xmlns:a="{_DRAWING}" name="Plain"><a:themeElements>'
        f'<a:clrScheme name="Plain">{palette}</a:clrScheme><a:fontScheme name="Plain">'
        f"<a:majorFont>{face}</a:majorFont><a:minorFont>{face}</a:minorFont></a:fontScheme>"
        f'<a:fmtScheme name="Plain"><a:fillStyleLst>{fill * 3}</a:fillStyleLst>'
        f"<a:lnStyleLst>{f'<a:ln>{fill}</a:ln>' * 3}</a:lnStyleLst>"
        f"<a:effectStyleLst>{effect * 3}</a:effectStyleLst>"
        f"<a:bgFillStyleLst>{fill * 3}</a:bgFillStyleLst></a:fmtScheme></a:themeElements></a:theme>"
    )
