"""The shapes of a slide as blocks of markdown."""

import re
from collections import Counter
from dataclasses import dataclass, field

from sheaf.engines.office.drawings import graphic
from sheaf.engines.office.equations import latex
from sheaf.engines.office.package import Package
from sheaf.engines.office.spans import PLAIN, Marks, Span, written
from sheaf.engines.office.symbols import in_font
from sheaf.engines.office.word.styles import is_on
from sheaf.engines.text import markdown_table
from sheaf.engines.xml_tree import Element, below

MAX_DEPTH = 60
DEFAULT_SIZE = (9_144_000, 6_858_000)
"""English Metric Units (914,400 an inch) of a 4:3 slide, where a presentation names no size."""
TITLES = {"title", "ctrTitle"}
UNSAID = {"sldNum", "sldImg"}
"""Placeholders that hold nothing anybody wrote."""
SHAPES = {"p:sp", "p:pic", "p:graphicFrame", "p:grpSp", "p:cxnSp", "mc:AlternateContent"}
SPEAKING = {"a:t", "a:blip", "c:chart", "cx:chart", "dgm:relIds", "m:t", "p:oleObj"}
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_BREAKS = str.maketrans({"\v": "\n", "\r": " ", "\f": " "})


@dataclass
class Shapes:
    """The shapes of one part, in the order in which they lie on the slide."""

    package: Package
    part: str
    size: tuple[int, int] | None = None
    """Shapes wholly outside of it are left out; None takes all."""
    missing: Counter[str] = field(default_factory=Counter)

    def read(self, root: Element) -> list[str]:
        """Return the blocks of a slide, its title first."""
        tree = below(root, "p:cSld", "p:spTree")
        shapes = [] if tree is None else [s for s in tree if s.tag in SHAPES]
        if self.size is not None:
            inside = [shape for shape in shapes if not _is_out(shape, self.size)]
            self.missing["shapes outside of their slide were left out"] += len(shapes) - len(inside)
            shapes = inside
        shapes.sort(key=lambda shape: placeholder(shape) not in TITLES)
        return [block for shape in shapes for block in self._shape(shape, 0)]

    def paragraphs(self, body: Element | None, *, is_list: bool = False) -> list[str]:
        """Return the paragraphs of a text, items of a list as one block."""
        blocks: list[str] = []
        was_item = False
        for paragraph in () if body is None else body.findall("a:p"):
            text = self._text(paragraph).strip()
            if not text:
                continue
            indent = _item(paragraph, is_list=is_list)
            if indent is None:
                blocks.append(text)
            else:
                line = f"{indent}- " + text.replace("\n", f"\n{indent}  ")
                if was_item:
                    blocks[-1] += f"\n{line}"
                else:
                    blocks.append(line)
            was_item = indent is not None
        return blocks

    def _shape(self, shape: Element, depth: int) -> list[str]:
        if depth > MAX_DEPTH:
            texts = (self._text(paragraph).strip() for paragraph in shape.iter("a:p"))
            return [text for text in texts if text]
        if shape.tag == "mc:AlternateContent":
            choice = next((c for c in shape if any(e.tag in SPEAKING for e in c.iter())), ())
            return [block for child in choice for block in self._shape(child, depth + 1)]
        if shape.tag == "p:grpSp":
            inside = [child for child in shape if child.tag in SHAPES]
            return [block for child in inside for block in self._shape(child, depth + 1)]
        if placeholder(shape) in UNSAID:
            return []
        if shape.tag == "p:graphicFrame":
            return self._frame(shape)
        return self._plain(shape)

    def _plain(self, shape: Element) -> list[str]:
        kind = placeholder(shape)
        blocks = self.paragraphs(shape.find("p:txBody"), is_list=kind in {"body", "obj", ""})
        if kind in TITLES and blocks:
            blocks = [f"## {' '.join(' '.join(blocks).split())}"]
        picture = self._picture(shape)
        return [*blocks, picture] if picture else blocks

    def _picture(self, shape: Element) -> str:
        """Return a picture by its description; of other shapes, theirs where they have one."""
        properties = next((e for e in shape.iter("p:cNvPr")), None)
        said = "" if properties is None else properties.get("descr") or ""
        name = "" if properties is None else properties.get("name") or ""
        blip = next(shape.iter("a:blip"), None) if shape.tag == "p:pic" else None
        words = " ".join((said or (name if blip is not None else "")).split())
        words = words.replace("[", "(").replace("]", ")")
        relation = None
        if blip is not None:
            relations = self.package.relations(self.part)
            relation = relations.get(blip.get("r:embed") or blip.get("r:link") or "")
        target = relation.target.removeprefix("ppt/").replace(" ", "%20") if relation else ""
        return f"![{words}]({target})" if words or target else ""

    def _frame(self, frame: Element) -> list[str]:
        blocks = [self._table(table) for table in frame.iter("a:tbl")]
        blocks += graphic(self.package, self.part, frame)
        if not blocks and any(e.tag == "p:oleObj" for e in frame.iter()):
            self.missing["embedded objects were not read"] += 1
        said = next((e.get("descr") or "" for e in frame.iter("p:cNvPr")), "")
        if said.strip():
            blocks.append(f"![{' '.join(said.split())}]()")
        return [block for block in blocks if block]

    def _table(self, table: Element) -> str:
        rows = []
        for row in table.findall("a:tr"):
            cells = []
            for cell in row.findall("a:tc"):
                goes_on = is_on(cell.get("hMerge", "0")) or is_on(cell.get("vMerge", "0"))
                text = " ".join(" ".join(self.paragraphs(cell.find("a:txBody"))).split())
                cells.append("" if goes_on else text)
            rows.append(cells)
        return markdown_table(rows) if any(any(row) for row in rows) else ""

    def _text(self, paragraph: Element) -> str:
        spans: list[Span] = []
        for run in paragraph:
            if run.tag == "a:br":
                spans.append(("\n", PLAIN))
            elif run.tag in {"a:r", "a:fld"}:
                spans.append(self._run(run))
            elif run.tag in {"mc:AlternateContent", "m:oMath", "m:oMathPara", "m"}:
                equations = [e for e in run.iter() if e.tag == "m:oMath"]
                spans += [(f"${latex(equation).strip()}$", PLAIN) for equation in equations]
        return written(spans)

    def _run(self, run: Element) -> Span:
        text = _ESCAPED.sub(_character, "".join(t.text or "" for t in run.findall("a:t")))
        text = text.translate(_BREAKS)
        properties = run.find("a:rPr")
        if properties is None:
            return text, PLAIN
        fonts = properties.find("a:latin")
        if fonts is None:
            fonts = properties.find("a:sym")
        link = properties.find("a:hlinkClick")
        relations = self.package.relations(self.part) if link is not None else {}
        relation = relations.get("" if link is None else link.get("r:id", ""))
        return in_font("" if fonts is None else fonts.get("typeface", ""), text), Marks(
            bold=is_on(properties.get("b", "0")),
            italic=is_on(properties.get("i", "0")),
            strike=properties.get("strike", "noStrike") != "noStrike",
            link=relation.target if relation and relation.is_external else "",
        )


def placeholder(shape: Element) -> str | None:
    """Return what a shape holds the place of; "" for any text, None for no placeholder."""
    for kind in ("p:nvSpPr", "p:nvPicPr", "p:nvGraphicFramePr"):
        found = below(shape, kind, "p:nvPr", "p:ph")
        if found is not None:
            return found.get("type", "")
    return None


def _item(paragraph: Element, *, is_list: bool) -> str | None:
    """Return the indentation of an item of a list; None for a paragraph."""
    properties = paragraph.find("a:pPr")
    level = "" if properties is None else properties.get("lvl", "")
    depth = int(level) if level.isdecimal() and len(level) < 2 else 0
    marks = set() if properties is None else {child.tag for child in properties}
    if "a:buNone" in marks:
        return None
    is_item = bool(marks & {"a:buChar", "a:buAutoNum", "a:buBlip"}) or (is_list and depth > 0)
    return "  " * depth if is_item else None


def _character(match: re.Match[str]) -> str:
    code = int(match[1], 16)
    return match[0] if 0xD800 <= code < 0xE000 or code in {0, 0xFFFE, 0xFFFF} else chr(code)


def _is_out(shape: Element, size: tuple[int, int]) -> bool:
    offset = next(shape.iter("a:off"), None)
    extent = next(shape.iter("a:ext"), None)
    if offset is None or extent is None or extent.get("cx") is None:
        return False
    try:
        x, y = int(offset.get("x", 0)), int(offset.get("y", 0))
        width, height = int(extent.get("cx", 0)), int(extent.get("cy", 0))
    except ValueError:
        return False
    return x >= size[0] or y >= size[1] or x + width <= 0 or y + height <= 0
