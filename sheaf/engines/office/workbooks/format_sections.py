"""Codes of number formats in their sections, each of which says how some numbers are shown."""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

GENERAL = "General"
BUILT_IN = {
    0: GENERAL,
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    5: '"$"#,##0_);("$"#,##0)',
    6: '"$"#,##0_);("$"#,##0)',
    7: '"$"#,##0.00_);("$"#,##0.00)',
    8: '"$"#,##0.00_);("$"#,##0.00)',
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    12: "# ?/?",
    13: "# ??/??",
    18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM",
    20: "h:mm",
    21: "h:mm:ss",
    22: "m/d/yy h:mm",
    32: "h:mm",
    33: "h:mm:ss",
    37: "#,##0_);(#,##0)",
    38: "#,##0_);(#,##0)",
    39: "#,##0.00_);(#,##0.00)",
    40: "#,##0.00_);(#,##0.00)",
    41: '_(* #,##0_);_(* (#,##0);_(* "-"_);_(@_)',
    42: '_("$"* #,##0_);_("$"* (#,##0);_("$"* "-"_);_(@_)',
    43: '_(* #,##0.00_);_(* (#,##0.00);_(* "-"??_);_(@_)',
    44: '_("$"* #,##0.00_);_("$"* (#,##0.00);_("$"* "-"??_);_(@_)',
    45: "mm:ss",
    46: "[h]:mm:ss",
    47: "mm:ss.0",
    48: "##0.0E+0",
    49: "@",
    **dict.fromkeys((*range(14, 18), *range(27, 32), *range(34, 37), *range(50, 59)), "yyyy-mm-dd"),
}
_TOKEN = re.compile(
    r'"[^"]*+"|\\.|_.|\*.|\[[^\[\]]*+\]|[Ee][+-]|General|AM/PM|A/P|[A-Za-z]|.', re.DOTALL
)
_CONDITION = re.compile(r"\[(<=|>=|<>|<|>|=)\s*+(-?\d++(?:\.\d++)?)\]")
_SYMBOL = re.compile(r"\[\$([^\]-]*+)(?:-[^\]]*+)?\]")
_ELAPSED = re.compile(r"\[(h+|m+|s+)\]", re.IGNORECASE)
PLACES = "0#?"


@dataclass
class Section:
    """A part of a code: its signs, and which numbers it is for."""

    tokens: list[str]
    condition: tuple[str, Decimal] | None = None
    kind: str = "number"
    """`number`, `general`, `text`, `date`, `time`, `elapsed` or `moment`."""


@lru_cache(maxsize=512)
def sections_of(code: str) -> tuple[Section, ...]:
    """Return the parts of a code, four at most."""
    tokens = _TOKEN.findall(code)
    parts: list[list[str]] = [[]]
    for sign in tokens:
        if sign == ";":
            parts.append([])
        else:
            parts[-1].append(sign)
    return tuple(_section(part) for part in parts[:4])


def _section(tokens: list[str]) -> Section:
    condition = None
    kept = []
    for sign in tokens:
        if found := _CONDITION.fullmatch(sign):
            condition = (found[1], Decimal(found[2]))
        elif found := _SYMBOL.fullmatch(sign):
            kept.append(f'"{found[1]}"')
        elif not sign.startswith("[") or _ELAPSED.fullmatch(sign):
            kept.append(sign)
    return Section(kept, condition, _kind(kept))


def _kind(tokens: list[str]) -> str:
    if any(sign in PLACES for sign in tokens):
        letters = [sign.lower() for sign in tokens if sign.isalpha() and len(sign) == 1]
        if not set(letters) & {"y", "d", "h", "s"}:
            return "number"
    bare = "".join(t.lower() for t in tokens if t.isalpha() or t.startswith("[") or t == ":")
    if "general" in bare:
        return "general"
    if _ELAPSED.search(bare):
        return "elapsed"
    has_time = bool(re.search(r"[hs]", bare.replace("am/pm", "")))
    has_day = bool(re.search(r"[yd]", bare)) or ("m" in bare and not has_time)
    if has_day or has_time:
        return "moment" if has_day and has_time else "date" if has_day else "time"
    return "text" if "@" in tokens else "number"


def chosen(sections: tuple[Section, ...], value: Decimal) -> tuple[Section, bool]:
    """Return the section for a value, and whether its sign is still to be written."""
    for section in sections:
        if section.condition is not None and _holds(section.condition, value):
            return section, True
    if any(section.condition for section in sections):
        rest = [section for section in sections if section.condition is None]
        return (rest[0] if rest else Section([GENERAL], kind="general")), True
    if len(sections) > 1 and value < 0:
        return _or_general(sections[1]), False
    if len(sections) > 2 and value == 0:
        return sections[2], True
    return _or_general(sections[0]), True


def _or_general(section: Section) -> Section:
    """Return what shows a value also where its format hides it."""
    return section if section.tokens else Section([GENERAL], kind="general")


def _holds(condition: tuple[str, Decimal], value: Decimal) -> bool:
    compared, bound = condition
    return {
        "<": value < bound,
        "<=": value <= bound,
        ">": value > bound,
        ">=": value >= bound,
        "=": value == bound,
        "<>": value != bound,
    }[compared]


def literal_of(sign: str) -> str | None:
    """Return the text of what stands for itself, or None for a place."""
    if sign.startswith('"'):
        return sign[1:-1] if len(sign) > 1 else ""
    if sign.startswith("\\"):
        return sign[1:]
    if sign.startswith("_"):
        return " "
    if sign.startswith(("*", "[")):
        return ""
    return None
