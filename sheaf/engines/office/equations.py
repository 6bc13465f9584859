"""Equations of Office (OMML) as LaTeX."""
# ruff: noqa: RUF001 - signs of mathematics are meant

from collections.abc import Callable

from sheaf.engines.xml_tree import Element, below

MAX_DEPTH = 60

_NARY = {
    "∑": r"\sum",
    "∏": r"\prod",
    "∐": r"\coprod",
    "∫": r"\int",
    "∬": r"\iint",
    "∭": r"\iiint",
    "∮": r"\oint",
    "⋃": r"\bigcup",
    "⋂": r"\bigcap",
    "⋁": r"\bigvee",
    "⋀": r"\bigwedge",
}
_HAT = r"\hat"
_ACCENTS = {
    "\u0302": r"\hat",
    "\u0303": r"\tilde",
    "\u0304": r"\bar",
    "\u0305": r"\bar",
    "\u0307": r"\dot",
    "\u0308": r"\ddot",
    "\u20d7": r"\vec",
    "\u030c": r"\check",
}


def latex(element: Element, depth: int = 0) -> str:
    """Return an element of an equation, and all that is in it."""
    if depth > MAX_DEPTH:
        return " ".join(part.text or "" for part in element.iter("m:t"))
    write = _WRITERS.get(element.tag)
    if write is not None:
        return write(element, depth + 1)
    if element.tag in {"m:t", "w:t"}:
        return element.text or ""
    if element.tag.endswith("Pr") or element.tag in {"w:del", "w:moveFrom"}:
        return ""
    return _all(element, depth + 1)


def _all(element: Element, depth: int) -> str:
    return "".join(latex(child, depth) for child in element)


def _part(element: Element, name: str, depth: int) -> str:
    child = element.find(f"m:{name}")
    return "" if child is None else _all(child, depth)


def _property(element: Element, name: str, default: str) -> str:
    found = below(element, f"{element.tag}Pr", f"m:{name}")
    return default if found is None else found.get("m:val", "")


def _fraction(element: Element, depth: int) -> str:
    above, below = _part(element, "num", depth), _part(element, "den", depth)
    if _property(element, "type", "bar") == "lin":
        return f"{above}/{below}"
    return rf"\frac{{{above}}}{{{below}}}"


def _scripts(element: Element, depth: int) -> str:
    base = _part(element, "e", depth)
    marks = (("_", _part(element, "sub", depth)), ("^", _part(element, "sup", depth)))
    scripts = "".join(f"{mark}{{{text}}}" for mark, text in marks if text)
    if element.tag == "m:sPre":
        return f"{{}}{scripts}{base}"
    return base + scripts


def _root(element: Element, depth: int) -> str:
    degree = _part(element, "deg", depth)
    return rf"\sqrt{f'[{degree}]' if degree else ''}{{{_part(element, 'e', depth)}}}"


def _nary(element: Element, depth: int) -> str:
    sign = _property(element, "chr", "∫")
    marks = (("_", _part(element, "sub", depth)), ("^", _part(element, "sup", depth)))
    limits = "".join(f"{mark}{{{text}}}" for mark, text in marks if text)
    return f"{_NARY.get(sign, sign)}{limits} {_part(element, 'e', depth)}"


def _delimited(element: Element, depth: int) -> str:
    left, right = _property(element, "begChr", "("), _property(element, "endChr", ")")
    between = _property(element, "sepChr", "|")
    return left + between.join(_all(part, depth) for part in element.findall("m:e")) + right


def _limit(element: Element, depth: int) -> str:
    mark = "_" if element.tag == "m:limLow" else "^"
    return f"{_part(element, 'e', depth)}{mark}{{{_part(element, 'lim', depth)}}}"


def _function(element: Element, depth: int) -> str:
    return f"{_part(element, 'fName', depth)} {_part(element, 'e', depth)}"


def _accent(element: Element, depth: int) -> str:
    sign = _property(element, "chr", "\u0302")
    return f"{_ACCENTS.get(sign, _HAT)}{{{_part(element, 'e', depth)}}}"


def _bar(element: Element, depth: int) -> str:
    name = "overline" if _property(element, "pos", "bot") == "top" else "underline"
    return rf"\{name}{{{_part(element, 'e', depth)}}}"


def _matrix(element: Element, depth: int) -> str:
    rows = [
        " & ".join(_all(cell, depth) for cell in row.findall("m:e"))
        for row in element.findall("m:mr")
    ]
    inside = r" \\ ".join(rows)
    return rf"\begin{{matrix}}{inside}\end{{matrix}}"


def _array(element: Element, depth: int) -> str:
    return r" \\ ".join(_all(line, depth) for line in element.findall("m:e"))


_WRITERS: dict[str, Callable[[Element, int], str]] = {
    "m:f": _fraction,
    **dict.fromkeys(("m:sSup", "m:sSub", "m:sSubSup", "m:sPre"), _scripts),
    "m:rad": _root,
    "m:nary": _nary,
    "m:d": _delimited,
    **dict.fromkeys(("m:limLow", "m:limUpp"), _limit),
    "m:func": _function,
    "m:acc": _accent,
    "m:bar": _bar,
    "m:m": _matrix,
    "m:eqArr": _array,
}
