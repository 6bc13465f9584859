"""The numbers that a text document shows before its paragraphs, which stand nowhere in it."""

import re
from dataclasses import dataclass, field

from sheaf.engines.office.symbols import UNKNOWN, in_font
from sheaf.engines.office.word.styles import Styles, is_on
from sheaf.engines.xml_tree import Element

LEVELS = 9
_PLACE = re.compile(r"%([1-9])")
_ROMAN = (
    *((1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC")),
    *((50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")),
)
_CHINESE = "〇一二三四五六七八九"
_DIGITS = {"arabicAbjad": 0x0660, "hindiNumbers": 0x0966, "thaiNumbers": 0x0E50}


@dataclass(frozen=True)
class Level:
    """How one level of a list is numbered."""

    format: str = "decimal"
    text: str = "%1."
    start: int = 1
    style: str = ""
    is_legal: bool = False
    """Whether every number in it is decimal."""


@dataclass
class _List:
    key: str
    """The abstract list, whose counters all its instances share."""
    levels: list[Level]
    restarts: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Label:
    """What stands before a paragraph; without words for a bullet."""

    text: str
    level: int


class Numbering:
    """The lists of a document, and how far each has counted."""

    def __init__(self, root: Element | None, styles: Styles) -> None:
        self._styles = styles
        elements = [] if root is None else list(root)
        self._abstract = {
            e.get("w:abstractNumId", ""): e for e in elements if e.tag == "w:abstractNum"
        }
        self._numbers = {e.get("w:numId", ""): e for e in elements if e.tag == "w:num"}
        self._lists: dict[str, _List | None] = {}
        self._counters: dict[str, list[int | None]] = {}

    def label(self, number: str, level: str | None, style: str) -> Label | None:
        """Count a paragraph of a list, and return what it shows; None for no list."""
        if number not in self._lists:
            self._lists[number] = self._list(number)
        found = self._lists[number]
        if found is None:
            return None
        at = int(level) if level and level.isdecimal() else _by_style(found, style)
        at = min(at, LEVELS - 1)
        shape = found.levels[at]
        counters = self._counters.setdefault(found.key, [None] * LEVELS)
        if at in found.restarts:
            counters[at] = found.restarts.pop(at) - 1
        before = counters[at]
        counters[at] = shape.start if before is None else before + 1
        counters[at + 1 :] = [None] * (LEVELS - at - 1)
        if shape.format == "bullet":
            return Label("", at)
        return Label(_text(found.levels, counters, at), at)

    def _list(self, number: str) -> _List | None:
        element = self._numbers.get(number)
        named = None if element is None else element.find("w:abstractNumId")
        key = "" if named is None else named.get("w:val", "")
        abstract = self._abstract.get(key)
        if element is None or abstract is None:
            return None
        link = abstract.find("w:numStyleLink")
        if link is not None:
            other = self._styles.number_of(link.get("w:val", ""))
            linked = self._numbers.get(other or "")
            named = None if linked is None else linked.find("w:abstractNumId")
            abstract = self._abstract.get("" if named is None else named.get("w:val", ""), abstract)
        levels = [Level(text=f"%{at + 1}.") for at in range(LEVELS)]
        for found in abstract.findall("w:lvl"):
            _put(levels, found)
        restarts = {}
        for override in element.findall("w:lvlOverride"):
            at = _number(override.get("w:ilvl"), 0)
            if (shape := override.find("w:lvl")) is not None:
                _put(levels, shape)
            if (start := override.find("w:startOverride")) is not None and at < LEVELS:
                restarts[at] = _number(start.get("w:val"), 1)
        return _List(key, levels, restarts)


def _by_style(found: _List, style: str) -> int:
    return next((at for at, level in enumerate(found.levels) if style and level.style == style), 0)


def _put(levels: list[Level], element: Element) -> None:
    at = _number(element.get("w:ilvl"), 0)
    if at >= LEVELS:
        return
    values = {child.tag: child.get("w:val", "") for child in element}
    legal = values.get("w:isLgl")
    levels[at] = Level(
        format=values.get("w:numFmt", "decimal"),
        text=values.get("w:lvlText", ""),
        start=_number(values.get("w:start"), 0 if "w:start" not in values else 1),
        style=values.get("w:pStyle", ""),
        is_legal=legal is not None and is_on(legal or "1"),
    )


def _text(levels: list[Level], counters: list[int | None], at: int) -> str:
    def shown(match: re.Match[str]) -> str:
        place = int(match[1]) - 1
        value = counters[place]
        if value is None:
            # A level that was jumped over shows its first number, and keeps it.
            value = counters[place] = levels[place].start
        return written(value, "decimal" if levels[at].is_legal else levels[place].format)

    return in_font("symbol", _PLACE.sub(shown, levels[at].text)).replace(UNKNOWN, "").strip()


def written(value: int, kind: str) -> str:
    """Return a number as a format writes it; in decimals where the format is not known."""
    if kind.startswith(("lower", "upper")) and kind[5:] in {"Letter", "Roman"}:
        text = _letters(value) if kind.endswith("Letter") else _roman(value)
        return text.lower() if kind.startswith("lower") else text
    if "hinese" in kind or "japanese" in kind or "ideograph" in kind:
        return _chinese(value)
    if kind in _DIGITS:
        return "".join(chr(_DIGITS[kind] + int(digit)) for digit in str(abs(value)))
    return _western(value, kind)


def _western(value: int, kind: str) -> str:
    if kind == "none":
        return ""
    if kind == "decimalZero":
        return f"{value:02d}"
    if kind == "ordinal":
        last = (
            "th" if 10 <= value % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
        )
        return f"{value}{last}"
    if kind.startswith("decimalEnclosedCircle") and 0 < value <= 20:
        return chr(0x245F + value)
    return str(value)


def _letters(value: int) -> str:
    if value < 1:
        return str(value)
    turns, letter = divmod(value - 1, 26)
    return chr(ord("A") + letter) * min(turns + 1, 20)


def _roman(value: int) -> str:
    if not 0 < value < 4000:
        return str(value)
    text = ""
    for amount, letters in _ROMAN:
        text += letters * (value // amount)
        value %= amount
    return text


def _chinese(value: int) -> str:
    if not 0 < value < 100:
        return str(value)
    tens, ones = divmod(value, 10)
    head = "" if tens == 0 else "十" if tens == 1 else _CHINESE[tens] + "十"
    return head + (_CHINESE[ones] if ones else "")


def _number(value: str | None, default: int) -> int:
    return int(value) if value and value.isdecimal() else default
