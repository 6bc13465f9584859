"""Paragraphs, lists and tables of a text document, as blocks of markdown."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sheaf.engines.office.spans import PAGE_BREAK, PLAIN, Span, written
from sheaf.engines.office.word.chunks import chunk
from sheaf.engines.office.word.context import MAX_DEPTH, Context, words_of
from sheaf.engines.office.word.numbering import Label
from sheaf.engines.office.word.runs import DELETED, RENDERED_BREAK, Runs
from sheaf.engines.office.word.styles import is_on, numbered, outline
from sheaf.engines.text import markdown_table
from sheaf.engines.xml_tree import Element

MAX_SPAN = 1000
"""Most columns that one cell may take."""
MAX_CELLS = 1_000_000


@dataclass(frozen=True)
class Block:
    """A paragraph, an item of a list, a table, or the end of a page."""

    md: str
    is_item: bool = False
    ends_page: bool = False


_PIPE = "\x1d"
"""Stands for a pipe that is text; XML cannot hold this character."""
BREAK = Block("", ends_page=True)


@dataclass
class Blocks:
    """The blocks of one story: the text itself, a note, a cell, a header."""

    context: Context
    _pending: Runs | None = None
    """A paragraph whose end was deleted, and which goes on in the next."""

    def read(self, parent: Element) -> list[Block]:
        """Return the blocks within an element that holds paragraphs and tables."""
        return [*self._inside(parent), *self.ended()]

    def read_next(self, element: Element) -> Iterable[Block]:
        """Return the blocks of the next element of the story."""
        return self._one(element)

    def ended(self) -> list[Block]:
        """Return what is left at the end of the story."""
        pending, self._pending = self._pending, None
        return [] if pending is None else self._finished(pending, None)

    def _inside(self, parent: Element) -> Iterable[Block]:
        context = self.context
        if context.depth > MAX_DEPTH:
            text = " ".join(words_of(p) for p in parent.iter("w:p")) or words_of(parent)
            return [Block(text)] if text.strip() else []
        context.depth += 1
        try:
            return [block for child in parent for block in self._one(child)]
        finally:
            context.depth -= 1

    def _one(self, element: Element) -> Iterable[Block]:
        tag = element.tag
        if tag == "w:p":
            return self._paragraph(element)
        if tag == "w:tbl":
            return self._table(element)
        if tag == "w:altChunk":
            return [Block(md) for md in chunk(self.context, element.get("r:id", ""))]
        if tag == "mc:AlternateContent":
            choice = next((part for part in element if words_of(part)), None)
            return [] if choice is None else self._inside(choice)
        return [] if tag.endswith("Pr") or tag in DELETED else self._loose(element)

    def _loose(self, element: Element) -> Iterable[Block]:
        """Read what wraps paragraphs, or stands outside of any."""
        if element.tag not in {"m:oMathPara", "m:oMath", "w:r", "w:hyperlink"}:
            return self._inside(element)
        runs = Runs(self.context)
        runs.read_one(element, PLAIN)
        return self._finished(runs, None)

    def _paragraph(self, element: Element) -> list[Block]:
        runs = self._pending or Runs(self.context)
        self._pending = None
        runs.read(element)
        self.context.fields.close()
        properties = element.find("w:pPr")
        if _is_joined(properties):
            self._pending = runs
            return []
        return self._finished(runs, properties)

    def _finished(self, runs: Runs, properties: Element | None) -> list[Block]:
        label, heading = self._shape(properties)
        md = written(runs.spans if not heading else _unbold(runs.spans))
        before, after = _broken(md)
        starts_page = (
            properties is not None
            and (found := properties.find("w:pageBreakBefore")) is not None
            and is_on(found.get("w:val", "1"))
        )
        md = md.replace(RENDERED_BREAK, "")
        blocks = [BREAK] if before or starts_page else []
        parts = md.split(PAGE_BREAK)
        for at, part in enumerate(parts):
            text = part.strip()
            if at:
                blocks.append(BREAK)
            if not text:
                continue
            blocks.append(shown(text, label, heading))
            label = None
        for box in runs.boxes:
            blocks += Blocks(self.context).read(box)
        blocks += [Block(block) for block in runs.blocks]
        return [*blocks, BREAK] if after else blocks

    def _shape(self, properties: Element | None) -> tuple[Label | None, int]:
        context = self.context
        named = None if properties is None else properties.find("w:pStyle")
        name = context.styles.default if named is None else named.get("w:val", "")
        style = context.styles.get(name)
        level = outline(properties)
        heading = style.heading if level is None else level
        number, at = numbered(properties)
        if number is None:
            number, at = style.number, at or style.level
        label = context.numbering.label(number, at, name) if number and number != "0" else None
        return label, min(heading or 0, 6)

    def _table(self, table: Element) -> list[Block]:
        rows: list[list[str]] = []
        count = 0
        for row in _parts(table, "w:tr"):
            if _is_deleted(row):
                continue
            cells = self._row(row)
            count += len(cells)
            if count > MAX_CELLS:
                self.context.missing["tables were cut at a million cells"] += 1
                break
            rows.append(cells)
        if not rows or not any(any(row) for row in rows):
            return []
        return [Block(markdown_table(rows))]

    def _row(self, row: Element) -> list[str]:
        properties = row.find("w:trPr")
        cells = [""] * _count(properties, "w:gridBefore", 0)
        for cell in _parts(row, "w:tc"):
            shape = cell.find("w:tcPr")
            merged = None if shape is None else shape.find("w:vMerge")
            across = None if shape is None else shape.find("w:hMerge")
            text = flat(Blocks(self.context).read(cell))
            goes_on = any(
                found is not None and found.get("w:val", "continue") == "continue"
                for found in (merged, across)
            )
            cells.append("" if goes_on and not text else text)
            cells += [""] * (_count(shape, "w:gridSpan", 1) - 1)
        return cells


def flat(blocks: Iterable[Block]) -> str:
    """Return blocks as the text of one cell: rows of inner tables by their cells."""
    lines = []
    for block in blocks:
        md = block.md.lstrip().removeprefix("- ") if block.is_item else block.md
        lines += [_flat_line(line) for line in md.split("\n")]
    return " ".join(line for line in lines if line)


def _flat_line(line: str) -> str:
    if not (line.startswith("| ") and line.endswith(" |")):
        return line.strip()
    cells = line[1:-1].replace("\\|", _PIPE).split("|")
    return " ".join(cell.strip().replace(_PIPE, "|") for cell in cells if cell.strip("- "))


def joined(blocks: Iterable[Block]) -> str:
    """Return blocks one below the other, items of a list without a gap."""
    parts: list[str] = []
    was_item = False
    for block in blocks:
        if not block.md:
            continue
        if parts:
            parts.append("\n" if was_item and block.is_item else "\n\n")
        parts.append(block.md)
        was_item = block.is_item
    return "".join(parts)


def shown(text: str, label: Label | None, heading: int) -> Block:
    """Return a paragraph with what stands before it."""
    if heading:
        number = f"{label.text} " if label and label.text else ""
        return Block(f"{'#' * heading} {number}{' '.join(text.split())}")
    if label is None:
        return Block(text)
    indent = "   " * label.level
    body = text.replace("\n", f"\n{indent}   ")
    number = label.text
    if number.endswith((".", ")")) and number[:-1].isascii() and number[:-1].isdecimal():
        return Block(f"{indent}{number} {body}", is_item=True)
    return Block(f"{indent}- {number} {body}" if number else f"{indent}- {body}", is_item=True)


def _broken(md: str) -> tuple[bool, bool]:
    """Return whether a page ended before this paragraph, and whether within it.

    A page that ends within a sentence ends behind it: nobody wants half a sentence.
    """
    head, mark, _ = md.partition(RENDERED_BREAK)
    if not mark:
        return False, False
    if PAGE_BREAK in md:  # said already
        return False, False
    return (True, False) if not head.strip() else (False, True)


def _unbold(spans: Iterable[Span]) -> list[Span]:
    return [(text, replace(m, bold=False)) for text, m in spans]


def _is_joined(properties: Element | None) -> bool:
    run = None if properties is None else properties.find("w:rPr")
    return run is not None and any(run.find(name) is not None for name in ("w:del", "w:moveFrom"))


def _is_deleted(row: Element) -> bool:
    properties = row.find("w:trPr")
    return properties is not None and properties.find("w:del") is not None


def _count(properties: Element | None, name: str, default: int) -> int:
    found = None if properties is None else properties.find(name)
    value = "" if found is None else found.get("w:val", "")
    return min(int(value), MAX_SPAN) if value.isdecimal() and len(value) < 10 else default


def _parts(parent: Element, tag: str, depth: int = 0) -> Iterable[Element]:
    """Yield rows or cells, also those that controls and changes wrap."""
    for child in parent:
        if child.tag == tag:
            yield child
        elif child.tag in _WRAPPERS and depth < MAX_DEPTH:
            yield from _parts(child, tag, depth + 1)


_WRAPPERS = {"w:sdt", "w:sdtContent", "w:customXml", "w:ins", "w:moveTo", "w:smartTag"}
