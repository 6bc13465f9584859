"""JSON of callers: the one reader of it, which takes no number that is not finite.

Python reads NaN and Infinity, which are no JSON, and takes `1e999` for infinite; neither can be
checked against a bound, nor written again.
"""

import json
import math
from typing import Any


class NotFiniteError(ValueError):
    """A number is not finite.

    Args:
        place: names and positions that lead to it.
    """

    def __init__(self, place: tuple[str | int, ...]) -> None:
        super().__init__("a number is not finite; send one that is, or null")
        self.place = place


def read_json(text: str | bytes) -> Any:
    """Return a JSON document.

    Raises:
        NotFiniteError: a number in it is NaN, infinite, or too large to be told from that.
        ValueError: it is no JSON.
        RecursionError: it is nested too deeply.
    """
    is_finite = True

    def number(written: str) -> float:
        nonlocal is_finite
        value = float(written)
        is_finite = is_finite and math.isfinite(value)
        return value

    document = json.loads(text, parse_float=number, parse_constant=number)
    if not is_finite:
        raise NotFiniteError(_place(document) or ())
    return document


def check_finite(document: Any) -> None:
    """Check what was read otherwise, as from YAML.

    Raises:
        NotFiniteError: a number in it is not finite.
    """
    if (place := _place(document)) is not None:
        raise NotFiniteError(place)


def _place(document: Any) -> tuple[str | int, ...] | None:
    """Return where the first number is that is not finite."""
    left: list[tuple[tuple[str | int, ...], Any]] = [((), document)]
    while left:
        place, value = left.pop()
        if isinstance(value, float) and not math.isfinite(value):
            return place
        pairs = (
            value.items()
            if isinstance(value, dict)
            else enumerate(value)
            if isinstance(value, list)
            else ()
        )
        left += [((*place, key), inner) for key, inner in reversed(list(pairs))]
    return None
