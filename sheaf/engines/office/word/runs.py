"""The runs of a paragraph: text with its marks, fields, notes, equations and pictures."""

from dataclasses import dataclass, field, replace

from sheaf.engines.office.drawings import graphic
from sheaf.engines.office.equations import latex
from sheaf.engines.office.spans import PAGE_BREAK, PLAIN, Marks, Span
from sheaf.engines.office.symbols import in_font, sign
from sheaf.engines.office.word.context import Context, Revision, words_of
from sheaf.engines.office.word.styles import flag
from sheaf.engines.xml_tree import Element

RENDERED_BREAK = "\x1c"
"""Where a page ended when the document was last shown; XML cannot hold this character."""

CHARACTERS = {
    "w:tab": "\t",
    "w:ptab": "\t",
    "w:cr": "\n",
    "w:noBreakHyphen": "-",
    "w:lastRenderedPageBreak": RENDERED_BREAK,
}
NOTES = {
    "w:footnoteReference": "footnote",
    "w:endnoteReference": "endnote",
    "w:commentReference": "comment",
}
DELETED = frozenset({"w:del", "w:moveFrom"})
LEAVES = frozenset({"m:oMath", "m:oMathPara", *NOTES})
WRAPPERS = frozenset({"w:ins", "w:r", "w:sdt", "w:smartTag", "w:hyperlink"})
"""What some producers put into a run although it goes around runs."""
MAX_RUN_DEPTH = 60
_WHITE = str.maketrans({"\n": " ", "\r": " ", "\t": " ", "\f": " "})


@dataclass
class Runs:
    """What was met of one paragraph."""

    context: Context
    spans: list[Span] = field(default_factory=list)
    boxes: list[Element] = field(default_factory=list)
    """Text boxes that are anchored in it, each as it holds paragraphs."""
    blocks: list[str] = field(default_factory=list)
    """Charts and diagrams within it."""

    def read(self, element: Element, marks: Marks = PLAIN, depth: int = 0) -> None:
        """Read what is inside an element of a paragraph."""
        for child in element:
            self.read_one(child, marks, depth)

    def read_one(self, element: Element, marks: Marks, depth: int = 0) -> None:
        """Read an element of a paragraph."""
        tag = element.tag
        if depth > MAX_RUN_DEPTH:
            self._add(words_of(element, ("w:t", "m:t")), marks)
        elif tag == "w:r":
            self._run(element, marks, depth)
        elif tag in {"w:hyperlink", "w:fldSimple"}:
            self.read(element, self._linked(element, marks), depth + 1)
        elif tag in DELETED:
            self._revised("deletion", element, ("w:delText", "w:t"))
        elif tag in {"w:ins", "w:moveTo"}:
            self._revised("insertion", element, ("w:t",))
            self.read(element, marks, depth + 1)
        elif tag in LEAVES:
            self._leaf(element)
        elif not tag.endswith("Pr"):
            self.read(element, marks, depth + 1)

    def _leaf(self, element: Element) -> None:
        tag = element.tag
        if tag == "m:oMathPara":
            for equation in element.findall("m:oMath"):
                self._add(f"$${latex(equation).strip()}$$", PLAIN)
        elif tag == "m:oMath":
            self._add(f"${latex(element).strip()}$", PLAIN)
        else:
            self._add(self.context.refer(NOTES[tag], element.get("w:id", "")), PLAIN)

    def _run(self, run: Element, marks: Marks, depth: int) -> None:
        properties = run.find("w:rPr")
        if properties is not None:
            name = properties.find("w:rStyle")
            style = self.context.styles.get("" if name is None else name.get("w:val", ""))
            for said in (
                {"bold": style.bold, "italic": style.italic, "strike": style.strike},
                {
                    "bold": flag(properties, "w:b"),
                    "italic": flag(properties, "w:i"),
                    "strike": flag(properties, "w:strike"),
                },
            ):
                marks = marks.but(**said)
            own = flag(properties, "w:vanish")
            is_hidden = style.vanish if own is None else own
            if is_hidden and not flag(properties, "w:specVanish"):
                if words_of(run).strip():
                    self.context.missing["runs of hidden text were left out"] += 1
                return
        font = _font(properties)
        for child in run:
            self._piece(child, marks, font, depth + 1)

    def _piece(self, element: Element, marks: Marks, font: str, depth: int) -> None:
        tag = element.tag
        if tag == "w:t":
            text = (element.text or "").translate(_WHITE)
            self._add(in_font(font, text) if font else text, marks)
        elif tag in CHARACTERS:
            self._add(CHARACTERS[tag], marks)
        elif tag == "w:br":
            self._add(PAGE_BREAK if element.get("w:type") == "page" else "\n", marks)
        elif tag == "w:sym":
            self._symbol(element, marks)
        elif tag == "w:fldChar":
            self._add(self.context.fields.character(element), marks)
        elif tag == "w:instrText":
            self.context.fields.instruct(element.text or "")
        elif tag in {"w:drawing", "w:pict", "w:object", "mc:AlternateContent"}:
            self._drawing(element)
        elif tag == "w:ruby":
            self._ruby(element, marks, depth)
        elif tag in LEAVES or tag in WRAPPERS:
            self.read_one(element, marks, depth)

    def _add(self, text: str, marks: Marks) -> None:
        if not text or self.context.fields.hides:
            return
        if self.context.fields.link and not marks.link:
            marks = replace(marks, link=self.context.fields.link)
        self.spans.append((text, marks))

    def _linked(self, element: Element, marks: Marks) -> Marks:
        if element.tag == "w:fldSimple":
            return replace(marks, link=self.context.fields.simple(element) or marks.link)
        context = self.context
        relation = context.package.relations(context.part).get(element.get("r:id", ""))
        target = relation.target if relation and relation.is_external else ""
        if anchor := element.get("w:anchor"):
            target += f"#{anchor}"
        return replace(marks, link=target)

    def _symbol(self, element: Element, marks: Marks) -> None:
        try:
            code = int(element.get("w:char", ""), 16)
        except ValueError:
            return
        self._add(sign(element.get("w:font", ""), code), marks)

    def _ruby(self, element: Element, marks: Marks, depth: int) -> None:
        for base in element.findall("w:rubyBase"):
            self.read(base, marks, depth + 1)
        if any(words_of(reading).strip() for reading in element.findall("w:rt")):
            self.context.missing["readings above words (ruby) were left out"] += 1

    def _revised(self, kind: str, element: Element, names: tuple[str, ...]) -> None:
        words = " ".join(words_of(element, names).split())
        if words:
            self.context.revisions.append(Revision(kind, element.get("w:author", ""), words))

    def _drawing(self, element: Element) -> None:
        """Read what a drawing says: its text boxes, charts, and pictures by their descriptions."""
        if element.tag == "mc:AlternateContent":
            choices = [*element.findall("mc:Choice"), *element.findall("mc:Fallback")]
            shown = next((c for c in choices if _says(c)), choices[0] if choices else None)
            if shown is not None:
                self.read_pieces(shown)
            return
        boxes = _outermost(element, "w:txbxContent")
        self.boxes += boxes
        blocks = graphic(self.context.package, self.context.part, element)
        self.blocks += blocks
        self._pictures(element, is_bare=not boxes and not blocks)
        if element.tag == "w:object" and any(o.tag == "o:OLEObject" for o in element.iter()):
            self.context.missing["embedded objects were not read"] += 1

    def read_pieces(self, element: Element) -> None:
        """Read what stands in a run beside its text."""
        for child in element:
            self._piece(child, PLAIN, "", 0)

    def _pictures(self, element: Element, *, is_bare: bool) -> None:
        relations = self.context.package.relations(self.context.part)
        properties = next(element.iter("wp:docPr"), None)
        said = "" if properties is None else properties.get("descr") or ""
        named = said or ("" if properties is None else properties.get("name") or "")
        pictures = [*element.iter("a:blip"), *element.iter("v:imagedata")]
        for picture in pictures:
            relation = relations.get(
                picture.get("r:embed") or picture.get("r:link") or picture.get("r:id") or ""
            )
            words = " ".join((named or picture.get("o:title") or "").split())
            words = words.replace("[", "(").replace("]", ")")
            name = relation.target.removeprefix("word/") if relation else ""
            self._add(f"![{words}]({name.replace(' ', '%20')})", PLAIN)
        art = " ".join(shape.get("string", "") for shape in element.iter("v:textpath"))
        self._add(" ".join(art.split()), PLAIN)
        if is_bare and not pictures and said:
            self._add(f"![{' '.join(said.split())}]()", PLAIN)


def _font(properties: Element | None) -> str:
    fonts = None if properties is None else properties.find("w:rFonts")
    return "" if fonts is None else fonts.get("w:ascii") or fonts.get("w:hAnsi") or ""


_SPEAKING = {"w:t", "a:t", "a:blip", "v:imagedata", "c:chart", "dgm:relIds", "m:t", "v:textpath"}


def _says(element: Element) -> bool:
    """Whether a choice of a drawing holds anything that is read."""
    return any(part.tag in _SPEAKING for part in element.iter())


def _outermost(element: Element, tag: str) -> list[Element]:
    """Return elements of a name that are not within another of it, one of each alternative."""
    found: list[Element] = []
    waiting = list(reversed(element))
    while waiting:
        part = waiting.pop()
        if part.tag == tag:
            found.append(part)
        elif part.tag == "mc:AlternateContent":
            choices = [choice for choice in part if _says(choice)]
            waiting += choices[:1]
        else:
            waiting += reversed(part)
    return found
