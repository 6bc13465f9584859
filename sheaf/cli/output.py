"""How commands speak: lines and tables for people, JSON for programs."""

import json
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.markup import escape

console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)

_OBEYED = frozenset({"Cc", "Cs", "Zl", "Zp"})
_DIRECTIONS = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def shown(text: str) -> str:
    """Return a text of foreign origin as a terminal may be told it, on one line.

    What a terminal would obey, or show in another order, is written as its escape.
    """
    return "".join(map(_escaped, text))


def _escaped(letter: str) -> str:
    is_obeyed = unicodedata.category(letter) in _OBEYED or letter in _DIRECTIONS
    return letter.encode("unicode_escape").decode() if is_obeyed else letter


def complain(text: str) -> None:
    """Say on standard error what is wrong."""
    told = "\n".join(map(shown, text.splitlines()))
    errors.print(f"[red]sheaf:[/red] {escape(told)}", soft_wrap=True)


def print_json(value: object) -> None:
    """Print one JSON document on standard output, and nothing else there."""
    console.file.write(json.dumps(value, ensure_ascii=False) + "\n")
    console.file.flush()


def print_rows(names: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under the names of their columns, a line each that is never cut or folded.

    A terminal that is too narrow wraps a line itself, and what is copied from it stays whole.
    """
    table = [[shown(cell) for cell in row] for row in (names, *rows)]
    widths = [max(map(cell_len, column)) for column in zip(*table, strict=True)]
    for number, row in enumerate(table):
        padded = (set_cell_size(*cell) for cell in zip(row, widths, strict=True))
        style = None if number else "bold"
        console.print(" ".join(padded).rstrip(), style=style, soft_wrap=True, markup=False)


def at(microseconds: int | None) -> str | None:
    """Return a ledger time in ISO 8601, UTC."""
    if microseconds is None:
        return None
    return datetime.fromtimestamp(microseconds / 1_000_000, UTC).isoformat()


def short_at(microseconds: int) -> str:
    """Return a ledger time as month, day, hour and minute, UTC."""
    return f"{datetime.fromtimestamp(microseconds / 1_000_000, UTC):%m-%d %H:%M}"
