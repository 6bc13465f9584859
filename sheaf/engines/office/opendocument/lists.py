"""Lists of OpenDocument: what stands before their items."""

from sheaf.engines.office.word.numbering import written
from sheaf.engines.xml_tree import Element

FORMATS = {
    "i": "lowerRoman",
    "I": "upperRoman",
    "a": "lowerLetter",
    "A": "upperLetter",
    "1": "decimal",
}
LEVELS = 10


class Lists:
    """The styles of lists in a document, and how far each list has counted."""

    def __init__(self, roots: list[Element]) -> None:
        self._styles: dict[str, dict[int, Element]] = {}
        self._outline: dict[int, Element] = {}
        for root in roots:
            for style in root.iter("text:list-style"):
                self._styles[style.get("style:name", "")] = _levels(style)
            for style in root.iter("text:outline-style"):
                self._outline = _levels(style)
        self._counters: dict[str, list[int]] = {}
        self._headings: list[int] = [0] * LEVELS

    def begin(self, style: str, *, goes_on: bool) -> None:
        """Begin a list that is in no other one."""
        if not goes_on or style not in self._counters:
            self._counters[style] = [0] * LEVELS

    def item(self, style: str, level: int, start: str | None) -> str:
        """Count an item, and return what it shows; nothing for a bullet."""
        level = min(level, LEVELS - 1)
        counters = self._counters.setdefault(style, [0] * LEVELS)
        return _label(self._styles.get(style, {}), counters, level, start)

    def heading(self, level: int) -> str:
        """Count a heading, and return its number where headings have any."""
        return _label(self._outline, self._headings, min(level, LEVELS) - 1, None)


def _levels(style: Element) -> dict[int, Element]:
    found = {}
    for child in style:
        level = child.get("text:level", "")
        if level.isdecimal() and 0 < int(level) <= LEVELS:
            found[int(level) - 1] = child
    return found


def _label(levels: dict[int, Element], counters: list[int], at: int, start: str | None) -> str:
    shape = levels.get(at)
    if counters[at] == 0 and shape is not None:
        counters[at] = _number(shape.get("text:start-value"), 1) - 1
    counters[at] = _number(start, counters[at] + 1)
    counters[at + 1 :] = [0] * (LEVELS - at - 1)
    if shape is None or shape.tag.endswith(("bullet", "image")):
        return ""
    shown = _number(shape.get("text:display-levels"), 1)
    numbers = []
    for level in range(max(0, at - shown + 1), at + 1):
        form = levels[level].get("style:num-format", "") if level in levels else ""
        if form:
            numbers.append(written(max(counters[level], 1), FORMATS.get(form, "decimal")))
    if not shape.get("style:num-format"):
        return ""
    return shape.get("style:num-prefix", "") + ".".join(numbers) + shape.get("style:num-suffix", "")


def _number(value: str | None, default: int) -> int:
    return int(value) if value and value.isdecimal() and len(value) < 9 else default
