"""Fields of a text document: what they show is text, what they are told to do is not."""

import shlex
from dataclasses import dataclass, field

from sheaf.engines.office.symbols import sign
from sheaf.engines.xml_tree import Element

CHECKED, UNCHECKED = "☒", "☐"


@dataclass
class _Field:
    instruction: str = ""
    has_result: bool = False
    shown: str = ""
    link: str = ""


@dataclass
class Fields:
    """The fields that are open at a place; they go on from one paragraph to the next."""

    _open: list[_Field] = field(default_factory=list)

    @property
    def hides(self) -> bool:
        """Whether text here belongs to the instruction of a field, and not to what it shows."""
        return any(not one.has_result for one in self._open)

    @property
    def link(self) -> str:
        """Where the text here leads to."""
        return next((one.link for one in reversed(self._open) if one.link), "")

    def instruct(self, text: str) -> None:
        """Take a part of an instruction."""
        if self._open and not self._open[-1].has_result:
            self._open[-1].instruction += text

    def character(self, element: Element) -> str:
        """Take a border of a field, and return what it shows by itself."""
        kind = element.get("w:fldCharType")
        if kind == "begin":
            self._open.append(_Field(shown=_form(element.find("w:ffData"))))
        elif kind == "separate" and self._open:
            self._open[-1].has_result = True
            self._open[-1].link = _target(self._open[-1].instruction)
        elif kind == "end" and self._open:
            ended = self._open.pop()
            if ended.shown:
                return ended.shown
            return "" if ended.has_result else _symbol(ended.instruction)
        return ""

    def close(self) -> None:
        """End instructions with their paragraph: one that never ends hides nothing."""
        for one in self._open:
            one.has_result = True

    def simple(self, element: Element) -> str:
        """Return where a field of one element leads to."""
        return _target(element.get("w:instr", ""))


def _words(instruction: str) -> list[str]:
    try:
        return shlex.split(instruction.replace("\\", "\\\\"))
    except ValueError:  # a quote is not closed
        return instruction.replace('"', " ").split()


def _target(instruction: str) -> str:
    name, _, rest = instruction.strip().partition(" ")
    if name.upper() != "HYPERLINK":
        return ""
    words = _words(rest)
    target = ""
    for at, word in enumerate(words):
        if word.lower() == "\\l" and at + 1 < len(words):
            return f"{target}#{words[at + 1]}"
        if not word.startswith("\\") and not target:
            target = word
    return target


def _symbol(instruction: str) -> str:
    words = _words(instruction)
    if len(words) < 2 or words[0].upper() != "SYMBOL":
        return ""
    try:
        code = int(words[1], 0)
    except ValueError:
        return ""
    fonts = [words[at + 1] for at, word in enumerate(words[:-1]) if word.lower() == "\\f"]
    return sign(fonts[0] if fonts else "", code)


def _form(data: Element | None) -> str:
    """Return what a box or a list of an old form shows."""
    if data is None:
        return ""
    box = data.find("w:checkBox")
    if box is not None:
        states = {e.tag: e.get("w:val", "1") for e in box}
        value = states.get("w:checked", states.get("w:default", "0"))
        return UNCHECKED if value in {"0", "false", "off"} else CHECKED
    choices = data.find("w:ddList")
    if choices is None:
        return ""
    entries = [entry.get("w:val", "") for entry in choices.findall("w:listEntry")]
    picked = choices.find("w:result")
    if picked is None:
        picked = choices.find("w:default")
    value = "0" if picked is None else picked.get("w:val", "0")
    return entries[int(value)] if value.isdecimal() and int(value) < len(entries) else ""
