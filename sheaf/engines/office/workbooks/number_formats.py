"""Numbers as a spreadsheet shows them, by the codes of ECMA-376 part 1, 18.8.30 and 18.8.31.

Dates are written as ISO 8601 has them, whatever their format: a day that stands before its month in
one country stands behind it in another.
"""

import re
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from fractions import Fraction

from sheaf.engines.office.workbooks.format_sections import (
    GENERAL,
    PLACES,
    Section,
    chosen,
    literal_of,
    sections_of,
)

MAX_CODE_CHARACTERS = 255
MAX_PLAIN = Decimal(10) ** 21
MAX_DENOMINATOR_DIGITS = 4
LAST_SERIAL = 2_958_466
"""Behind the last day of the year 9999."""
LEAP_DAY = 60
"""The day 29 February 1900, which spreadsheets have and the calendar has not."""


def shown(raw: str, code: str = GENERAL, *, since_1904: bool = False) -> str:
    """Return what a cell shows.

    Args:
        raw: the number, as the file has it.
        code: its format.
        since_1904: whether days count from 1904.
    """
    try:
        value = Decimal(raw)
    except InvalidOperation:
        return raw
    if not value.is_finite():
        return raw
    if code == GENERAL or len(code) > MAX_CODE_CHARACTERS or abs(value) >= MAX_PLAIN:
        return general(raw, value)
    section, is_signed = chosen(sections_of(code), value)
    if section.kind in {"general", "text"}:
        return _with_literals(section, general(raw, value))
    if section.kind != "number":
        return _moment(value, section.kind, since_1904=since_1904) or general(raw, value)
    return _number(section, value if is_signed else abs(value), raw)


def general(raw: str, value: Decimal) -> str:
    """Return a number without a format: digits, and no more of them than a float has."""
    if raw.lstrip("-").isdigit():
        return raw
    if abs(value) >= MAX_PLAIN:
        return f"{float(value):.15g}"
    short = Decimal(f"{float(value):.15g}")
    text = f"{short:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _with_literals(section: Section, text: str) -> str:
    parts = []
    for sign in section.tokens:
        literal = literal_of(sign)
        parts.append(text if sign in {GENERAL, "@"} else literal if literal is not None else sign)
    return "".join(parts).strip()


def _number(section: Section, value: Decimal, raw: str) -> str:
    tokens = section.tokens
    places = [at for at, sign in enumerate(tokens) if sign in PLACES]
    if not places:
        return _plain(tokens) if tokens else ""
    value *= Decimal(100) ** tokens.count("%")
    if any(sign in {"E+", "E-", "e+", "e-"} for sign in tokens):
        return _scientific(tokens, value)
    if "/" in tokens[places[0] : places[-1]]:
        return _fraction(tokens, value, raw)
    point = next((at for at, sign in enumerate(tokens) if sign == "."), len(tokens))
    whole_places = [at for at in places if at < point]
    last = whole_places[-1] if whole_places else -1
    value /= Decimal(1000) ** _commas_behind(tokens, {last, places[-1]})
    is_grouped = whole_places and "," in tokens[whole_places[0] : last]
    decimals = [at for at in places if at > point]
    rounded = abs(value).quantize(Decimal(1).scaleb(-len(decimals)), ROUND_HALF_UP)
    whole, _, part = f"{rounded:f}".partition(".")
    head = _whole(tokens[:point], whole, is_grouped=bool(is_grouped))
    tail = _part(tokens[point + 1 :], part) if point < len(tokens) else ""
    dot = "." if decimals and re.match(r"\d", tail) else ""
    minus = "-" if value < 0 and rounded else ""
    return f"{minus}{head}{dot}{tail}".strip()


def _commas_behind(tokens: list[str], places: set[int]) -> int:
    """Count the commas behind a last place, each of which divides by a thousand."""
    count = 0
    for place in places:
        behind = place + 1
        while place >= 0 and behind < len(tokens) and tokens[behind] == ",":
            count += 1
            behind += 1
    return count


def _plain(tokens: list[str]) -> str:
    literals = (literal_of(sign) for sign in tokens)
    texts = (sign if text is None else text for sign, text in zip(tokens, literals, strict=True))
    return "".join(texts).strip()


def _whole(tokens: list[str], digits: str, *, is_grouped: bool) -> str:
    """Fill the places before the point from the right; the first takes what is left."""
    digits = digits.lstrip("0")
    count = sum(sign in PLACES for sign in tokens)
    parts: list[str] = []
    seen = written = 0

    def put(digit: str) -> None:
        nonlocal written
        if is_grouped and written and written % 3 == 0:
            parts.append(",")
        parts.append(digit)
        written += 1

    for sign in reversed(tokens):
        if sign in PLACES:
            seen += 1
            take = digits if seen == count else digits[-1:]
            digits = digits[: len(digits) - len(take)]
            for digit in reversed(take):
                put(digit)
            if not take and sign == "0":
                put("0")
        elif sign != ",":
            literal = literal_of(sign)
            parts.extend(reversed(sign if literal is None else literal))
    if not count:
        parts = [*parts, *reversed(digits)]
    return "".join(reversed(parts))


def _part(tokens: list[str], digits: str) -> str:
    """Fill the places behind the point, without zeros that are not asked for."""
    optional = [sign in "#?" for sign in tokens if sign in PLACES]
    kept = len(optional)
    while kept and optional[kept - 1] and digits[kept - 1] == "0":
        kept -= 1
    rest = iter(digits[:kept])
    parts = []
    for sign in tokens:
        literal = literal_of(sign)
        if sign in PLACES:
            parts.append(next(rest, ""))
        elif sign != ",":
            parts.append(sign if literal is None else literal)
    return "".join(parts)


def _scientific(tokens: list[str], value: Decimal) -> str:
    mark = next(at for at, sign in enumerate(tokens) if sign[0] in "Ee" and len(sign) == 2)
    mantissa = "".join(tokens[:mark])
    decimals = sum(place in PLACES for place in mantissa.partition(".")[2])
    return f"{value:.{decimals}E}"


def _fraction(tokens: list[str], value: Decimal, raw: str) -> str:
    slash = tokens.index("/")
    below = "".join(tokens[slash + 1 :]).strip()
    fixed = re.match(r"\d++", below.replace("?", "").replace("#", ""))
    size = min(sum(c in PLACES for c in below) or 1, MAX_DENOMINATOR_DIGITS)
    number = abs(Fraction(value))
    if fixed and int(fixed[0]):
        near = Fraction(round(number * int(fixed[0])), int(fixed[0]))
        below_text = fixed[0]
    else:
        near = number.limit_denominator(10**size - 1)
        below_text = str(near.denominator)
    above = "".join(tokens[:slash])
    whole = near.numerator // near.denominator if " " in above.strip() else 0
    rest = (near - whole) * int(below_text)
    minus = "-" if value < 0 else ""
    if rest.denominator != 1:
        return general(raw, value)
    if not rest:
        return f"{minus}{whole or near.numerator // near.denominator}"
    return f"{minus}{whole} {rest}/{below_text}" if whole else f"{minus}{rest}/{below_text}"


def _moment(value: Decimal, kind: str, *, since_1904: bool) -> str | None:
    """Return a date, a time, both, or hours and minutes that have passed."""
    if kind == "elapsed":
        seconds = round(abs(float(value)) * 86_400)
        minus = "-" if value < 0 else ""
        return f"{minus}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    if not 0 <= value < LAST_SERIAL:
        return None
    if kind == "time":
        value %= 1
    early = 0 if since_1904 or value >= LEAP_DAY else 1
    start = datetime(1904, 1, 1) if since_1904 else datetime(1899, 12, 30 + early)  # noqa: DTZ001
    moment = start + timedelta(milliseconds=round(float(value) * 86_400_000 / 10) * 10)
    if moment.microsecond >= 995_000 or moment.microsecond < 5_000:
        moment = (moment + timedelta(milliseconds=5)).replace(microsecond=0)
    clock = moment.strftime("%H:%M:%S")
    if moment.microsecond:
        clock += f".{moment.microsecond // 10_000:02}"
    if kind == "time":
        return clock
    # A format of the date alone may be on a cell that also has a time; it shows none.
    return f"{moment:%Y-%m-%d} {clock}" if kind == "moment" else f"{moment:%Y-%m-%d}"
