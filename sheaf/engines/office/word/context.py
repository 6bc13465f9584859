"""What the parts of a text document share while they are read."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from sheaf.engines.office.package import Package
from sheaf.engines.office.word.fields import Fields
from sheaf.engines.office.word.numbering import Numbering
from sheaf.engines.office.word.styles import Styles
from sheaf.engines.xml_tree import Element

MAX_DEPTH = 40
"""Levels of tables and text boxes, one in the other; what is deeper is read as plain text."""

SKIPPED = frozenset({"w:del", "w:moveFrom", "w:rt", "w:instrText", "w:delText"})
"""What no reader of the document sees."""


@dataclass(frozen=True)
class Note:
    """A footnote, an endnote or a comment where the text refers to it."""

    kind: str
    id: str
    label: str
    """As in `[^1]`; each note has its own."""


@dataclass(frozen=True)
class Revision:
    """A tracked change."""

    kind: str
    author: str
    words: str


@dataclass
class Context:
    """A document, and what was met in it."""

    package: Package
    part: str
    styles: Styles
    numbering: Numbering
    notes: list[Note] = field(default_factory=list)
    """In the order of the text, those since the last page."""
    note_texts: dict[tuple[str, str], Element] = field(default_factory=dict)
    note_parts: dict[str, str] = field(default_factory=dict)
    revisions: list[Revision] = field(default_factory=list)
    missing: Counter[str] = field(default_factory=Counter)
    """What was left out, and how often: ends of warnings."""
    fields: Fields = field(default_factory=Fields)
    depth: int = 0
    read_word: Callable[[bytes, int], str] | None = None
    """Returns the markdown of a text document within this one, which has been entered so often."""
    chunks: int = 0
    """How many documents this one is inside of."""
    _marks: dict[tuple[str, str], str] = field(default_factory=dict)

    def refer(self, kind: str, id: str) -> str:
        """Return the mark of a note at the place that refers to it."""
        key = (kind, id)
        if key not in self._marks:
            prefix = "comment-" if kind == "comment" else ""
            count = sum((k == "comment") == (kind == "comment") for k, _ in self._marks)
            self._marks[key] = f"{prefix}{count + 1}"
            self.notes.append(Note(kind, id, self._marks[key]))
        return f"[^{self._marks[key]}]"

    def taken_notes(self) -> list[Note]:
        """Return the notes since the last time."""
        taken, self.notes = self.notes, []
        return taken


def words_of(element: Element, names: Iterable[str] = ("w:t",)) -> str:
    """Return all text within an element, as it comes."""
    wanted = set(names)
    return "".join(part.text or "" for part in element.iter() if part.tag in wanted)
