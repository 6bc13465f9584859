"""Paragraphs, lists and tables of OpenDocument, as blocks of markdown."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from sheaf.engines.office.opendocument.lists import Lists
from sheaf.engines.office.spans import PLAIN, Marks, Span, written
from sheaf.engines.office.word.blocks import Block, flat, joined, shown
from sheaf.engines.office.word.numbering import Label
from sheaf.engines.text import markdown_table
from sheaf.engines.xml_tree import Element

MAX_DEPTH = 60
MAX_BLANKS = 1000
MAX_REPEATED = 1000
MAX_CELLS = 1_000_000
SKIPPED = {
    *("text:tracked-changes", "text:note-citation", "text:ruby-text", "office:forms"),
    *(
        "text:sequence-decls",
        "text:variable-decls",
        "text:user-field-decls",
        "office:annotation-end",
    ),
    *("text:alphabetical-index-source", "text:table-of-content-source", "svg:title", "svg:desc"),
    *("text:change", "text:change-start", "text:change-end", "office:event-listeners"),
    *("style:style", "office:binary-data", "draw:glue-point", "presentation:notes"),
}
PARAGRAPHS = {"text:p", "text:h"}
OBJECTS = {"draw:object", "draw:object-ole", "draw:plugin", "draw:floating-frame"}


@dataclass
class Story:
    """The blocks of a document, and what was met in it."""

    lists: Lists
    marks: dict[str, Marks]
    """How the styles of runs are set, by their names."""
    notes: list[tuple[str, Element]] = field(default_factory=list)
    missing: Counter[str] = field(default_factory=Counter)
    _seen: Counter[str] = field(default_factory=Counter)

    def read(self, parent: Element, depth: int = 0) -> list[Block]:
        """Return the blocks within an element."""
        if depth > MAX_DEPTH:
            text = " ".join("".join(p.itertext()) for p in parent.iter("text:p"))
            return [Block(text)] if text.strip() else []
        return [block for child in parent for block in self.read_one(child, depth + 1)]

    def taken_notes(self) -> list[Block]:
        """Return the notes and comments that were referred to since the last time."""
        blocks = []
        for mark, note in self.notes_once():
            text = joined(self.read(note))
            blocks.append(Block(f"[^{mark}]: " + text.replace("\n", "\n    ")))
        return blocks

    def notes_once(self) -> list[tuple[str, Element]]:
        """Take the notes that are waiting."""
        waiting, self.notes = self.notes, []
        return waiting

    def read_one(self, element: Element, depth: int = 0) -> Iterable[Block]:
        """Return the blocks of an element."""
        tag = element.tag
        if tag in SKIPPED:
            return []
        if tag in PARAGRAPHS:
            return self._paragraph(element, depth)
        if tag == "text:list":
            return self._list(element, "", 0, depth)
        if tag in {"table:table", "draw:frame"}:
            return (
                self._table(element, depth) if tag == "table:table" else self._frame(element, depth)
            )
        is_note = tag in {"text:note", "office:annotation"}
        return [Block(self._note(element))] if is_note else self.read(element, depth)

    def _paragraph(self, element: Element, depth: int) -> list[Block]:
        spans: list[Span] = []
        frames: list[Element] = []
        self._spans(element, PLAIN, spans, frames, depth)
        text = _collapsed(spans)
        blocks = []
        if text:
            level = element.get("text:outline-level", "1") if element.tag == "text:h" else ""
            heading = min(int(level), 6) if level.isdecimal() else 0
            number = self.lists.heading(heading) if heading else ""
            blocks.append(shown(text, Label(number, 0) if heading else None, heading))
        for frame in frames:
            blocks += self.read_one(frame, depth + 1)
        return blocks

    def _spans(
        self, element: Element, marks: Marks, spans: list[Span], frames: list[Element], depth: int
    ) -> None:
        spans.append((_plain(element.text), marks))
        for child in element:
            tag = child.tag
            if tag == "text:s":
                count = child.get("text:c", "1")
                blanks = int(count) if count.isdecimal() and len(count) < 6 else 1
                spans.append((_BLANK * min(blanks, MAX_BLANKS), marks))
            elif tag in {"text:tab", "text:line-break"}:
                spans.append(("\t" if tag == "text:tab" else "\n", marks))
            elif tag in {"text:note", "office:annotation"}:
                spans.append((self._note(child), PLAIN))
            elif tag.startswith("draw:") and tag != "draw:a":
                frames.append(child)
            elif tag == "text:ruby-text":
                self.missing["readings above words (ruby) were left out"] += 1
            elif tag not in SKIPPED and depth < 2 * MAX_DEPTH:
                self._spans(child, self._marked(child, marks), spans, frames, depth + 1)
            spans.append((_plain(child.tail), marks))

    def _marked(self, element: Element, marks: Marks) -> Marks:
        if element.tag in {"text:a", "draw:a"}:
            return replace(marks, link=element.get("xlink:href", ""))
        own = self.marks.get(element.get("text:style-name", ""))
        if own is None:
            return marks
        return Marks(
            marks.bold or own.bold,
            marks.italic or own.italic,
            marks.strike or own.strike,
            marks.link,
        )

    def _note(self, element: Element) -> str:
        """Return the mark of a note or a comment, and keep what it says for below."""
        is_comment = element.tag == "office:annotation"
        kind = "comment-" if is_comment else ""
        self._seen[kind] += 1
        mark = f"{kind}{self._seen[kind]}"
        body = element if is_comment else element.find("text:note-body")
        if is_comment:
            author = element.findtext("dc:creator") or ""
            body = _commented(element, author)
        if body is not None:
            self.notes.append((mark, body))
        return f"[^{mark}]"

    def _list(self, element: Element, style: str, level: int, depth: int) -> list[Block]:
        style = element.get("text:style-name") or style
        if level == 0:
            goes_on = element.get("text:continue-numbering") == "true"
            self.lists.begin(style, goes_on=goes_on or "text:continue-list" in element.attrib)
        blocks: list[Block] = []
        for item in element:
            if item.tag not in {"text:list-item", "text:list-header"} or depth > MAX_DEPTH:
                blocks += [] if item.tag in SKIPPED else self.read_one(item, depth + 1)
                continue
            label: Label | None = None
            if item.tag == "text:list-item" and any(c.tag in PARAGRAPHS for c in item):
                number = self.lists.item(style, level, item.get("text:start-value"))
                label = Label(number, level)
            for child in item:
                if child.tag == "text:list":
                    blocks += self._list(child, style, level + 1, depth + 1)
                elif child.tag in PARAGRAPHS:
                    for block in self._paragraph(child, depth + 1):
                        is_heading = block.md.startswith("#")
                        labelled = label is not None and not is_heading
                        blocks.append(shown(block.md, label, 0) if labelled else block)
                        label = None
                else:
                    blocks += self.read_one(child, depth + 1)
        return blocks

    def _frame(self, frame: Element, depth: int) -> list[Block]:
        """Return what a frame holds: the first of its ways to show it that says anything."""
        said = " ".join((frame.findtext("svg:desc") or frame.findtext("svg:title") or "").split())
        for child in frame:
            if child.tag == "draw:image":
                name = said or frame.get("draw:name") or ""
                words = name.replace("[", "(").replace("]", ")")
                target = child.get("xlink:href", "").replace(" ", "%20")
                return [Block(f"![{words}]({target})"), *self.read(child, depth)]
            if child.tag in OBJECTS:
                inner = child.find("office:document")
                if inner is not None:
                    return self.read(inner, depth)
                self.missing["embedded objects were not read"] += 1
                return [Block(f"![{said}]()")] if said else []
            if child.tag not in SKIPPED and (blocks := list(self.read_one(child, depth))):
                return blocks
        return []

    def _table(self, table: Element, depth: int) -> list[Block]:
        rows: list[list[str]] = []
        count = 0
        for row in _rows(table):
            cells: list[str] = []
            for cell in row:
                if cell.tag not in {"table:table-cell", "table:covered-table-cell"}:
                    continue
                covered = cell.tag == "table:covered-table-cell"
                text = "" if covered else flat(self.read(cell, depth))
                cells += [text] * _repeated(cell, "table:number-columns-repeated")
            while cells and not cells[-1]:
                cells.pop()
            count += len(cells)
            if count > MAX_CELLS:
                self.missing["tables were cut at a million cells"] += 1
                break
            if cells:
                rows += [cells] * (_repeated(row, "table:number-rows-repeated"))
        return [Block(markdown_table(rows))] if rows else []


_WHITE = re.compile(r"[ \t\r\n]+")
_BLANKS = re.compile(r" +")
_BLANK = "\u2002"
"""Stands for a blank that is meant, until those that are layout have been joined."""


def _collapsed(spans: list[Span]) -> str:
    lines = _BLANKS.sub(" ", written(spans)).split("\n")
    return "\n".join(line.replace(_BLANK, " ").strip(" ") for line in lines).strip()


def _plain(text: str | None) -> str:
    return _WHITE.sub(" ", text or "")


def _commented(element: Element, author: str) -> Element:
    """Return the paragraphs of a comment, led by who wrote them."""
    body = Element(element.tag)
    body.extend(child for child in element if child.tag in {"text:p", "text:list"})
    if author and len(body) and body[0].tag == "text:p":
        body[0].text = f"{author}: {body[0].text or ''}"
    return body


def _rows(table: Element, depth: int = 0) -> Iterable[Element]:
    for child in table:
        if child.tag == "table:table-row":
            yield child
        elif child.tag.startswith("table:table-") and "row" in child.tag and depth < MAX_DEPTH:
            yield from _rows(child, depth + 1)


def _repeated(element: Element, name: str) -> int:
    value = element.get(name, "1")
    return min(int(value), MAX_REPEATED) if value.isdecimal() and len(value) < 9 else 1
