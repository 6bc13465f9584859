"""What paragraphs and runs have by the names of their styles."""

import re
from dataclasses import dataclass, replace
from typing import Any

from sheaf.engines.xml_tree import Element

MAX_ANCESTORS = 20
_HEADING = re.compile(r"heading ?([1-9])", re.IGNORECASE)


@dataclass(frozen=True)
class Style:
    """What a style says; what it does not comes from the one it is based on."""

    heading: int | None = None
    """Level from 1; None for text."""
    number: str | None = None
    level: str | None = None
    bold: bool | None = None
    italic: bool | None = None
    strike: bool | None = None
    vanish: bool | None = None


class Styles:
    """The styles of a document, by their ids."""

    def __init__(self, root: Element | None) -> None:
        self._elements = {
            style.get("w:styleId", ""): style
            for style in (() if root is None else root.findall("w:style"))
        }
        self._styles: dict[str, Style] = {}
        kinds = [s for s in self._elements.values() if s.get("w:type") == "paragraph"]
        defaults = [s.get("w:styleId", "") for s in kinds if is_on(s.get("w:default", "0"))]
        self.default = defaults[0] if defaults else ""

    def get(self, name: str, depth: int = 0) -> Style:
        """Return a style by its id, with what it inherits."""
        if name not in self._styles:
            element = self._elements.get(name)
            if element is None:
                return Style(heading=heading_of(name))
            based = element.find("w:basedOn")
            parent = Style()
            if based is not None and depth < MAX_ANCESTORS:
                parent = self.get(based.get("w:val", ""), depth + 1)
            self._styles[name] = _merged(element, parent)
        return self._styles[name]

    def number_of(self, name: str) -> str | None:
        """Return the id of the list that a style of numbers stands for."""
        return self.get(name).number


def heading_of(name: str) -> int | None:
    """Return the level of a heading by the name of its style, which Word keeps in English."""
    if match := _HEADING.fullmatch(name.strip()):
        return min(int(match[1]), 6)
    return 1 if name.strip().lower() == "title" else None


def is_on(value: str) -> bool:
    """Whether an on-off value is on."""
    return value not in {"0", "false", "off"}


def flag(properties: Element | None, name: str) -> bool | None:
    """Return whether a property is on or off; None where nothing is said."""
    found = None if properties is None else properties.find(name)
    return None if found is None else is_on(found.get("w:val", "1"))


def outline(properties: Element | None) -> int | None:
    """Return the level of a heading by the outline, 0 for text; None where nothing is said."""
    found = None if properties is None else properties.find("w:outlineLvl")
    value = "" if found is None else found.get("w:val", "")
    if not value.isdecimal():
        return None
    return int(value) + 1 if int(value) < 9 else 0


def _merged(element: Element, parent: Style) -> Style:
    names = element.find("w:name")
    paragraph, run = element.find("w:pPr"), element.find("w:rPr")
    heading = heading_of("" if names is None else names.get("w:val", ""))
    if heading is None and (level := outline(paragraph)) is not None:
        heading = min(level, 6)
    number, level_ = numbered(paragraph)
    said: dict[str, Any] = {
        "heading": heading,
        "number": number,
        "level": level_,
        "bold": flag(run, "w:b"),
        "italic": flag(run, "w:i"),
        "strike": flag(run, "w:strike"),
        "vanish": flag(run, "w:vanish"),
    }
    return replace(parent, **{key: value for key, value in said.items() if value is not None})


def numbered(properties: Element | None) -> tuple[str | None, str | None]:
    """Return the ids of list and level that properties of a paragraph name."""
    found = None if properties is None else properties.find("w:numPr")
    if found is None:
        return None, None
    number, level = found.find("w:numId"), found.find("w:ilvl")
    return (
        None if number is None else number.get("w:val"),
        None if level is None else level.get("w:val"),
    )
