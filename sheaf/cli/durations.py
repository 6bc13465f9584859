"""Spans of time as people type them."""

import re
from datetime import timedelta

from sheaf.cli.faults import Fault

LONGEST = timedelta(days=36_500)
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def span(text: str) -> timedelta | None:
    """Return `30m`, `12h`, `90d` or `4w` as a span over zero; None for any other text."""
    found = re.fullmatch(r"([1-9]\d{0,7})([mhdw])", text.strip(), re.ASCII)
    return timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else None


def lifetime(option: str, text: str) -> timedelta:
    """Return the span of an option, at most `LONGEST`.

    Raises:
        Fault: it is none, or longer.
    """
    found = span(text)
    if found is None or found > LONGEST:
        raise Fault(f"{option} {text}: write 30m, 12h, 90d or 4w, at most 36500d", code=2)
    return found
