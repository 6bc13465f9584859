"""How commands speak: tables and bars for people, JSON for programs, and exit codes."""

import json
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from rich.cells import cell_len, set_cell_size
from rich.console import Console

from sheaf.contracts.http.batch import JobStatus
from sheaf.ledger.items.listing import ItemRow
from sheaf.ledger.records import JobRow

console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)

_OBEYED = frozenset({"Cc", "Cs", "Zl", "Zp"})
_DIRECTIONS = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

EXIT_CODES = """\
Exit codes: 0 done · 1 the job failed or was cancelled, or the command could not do its work ·
2 wrong usage · 3 the job completed and some files failed · 4 nothing answers · 130 Ctrl-C"""


class Fault(Exception):
    """A command cannot go on; the message says what is wrong and what to do.

    Args:
        message: for the user.
        code: exit code; see EXIT_CODES.
    """

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


def shown(text: str) -> str:
    """Return a text of foreign origin as a terminal may be told it, on one line.

    What a terminal would obey, or show in another order, is written as its escape.
    """
    return "".join(map(_shown, text))


def _shown(letter: str) -> str:
    is_obeyed = unicodedata.category(letter) in _OBEYED or letter in _DIRECTIONS
    return letter.encode("unicode_escape").decode() if is_obeyed else letter


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


def total_shown(job: JobRow) -> str:
    """Return how many files a job has; `+` says that they are still being counted."""
    return str(job.total) if job.is_enumerated else f"{job.total}+"


def job_json(
    job: JobRow, kinds: dict[str, int] | None = None, place: int | None = None
) -> dict[str, Any]:
    """Return a job as `--json` prints it."""
    value: dict[str, Any] = {
        "id": job.id,
        "job_type": job.job_type,
        "status": job.status,
        "queue_position": place,
        "directory_id": job.directory_id,
        "total_items": job.total,
        "is_enumerated": job.is_enumerated,
        "completed": job.completed,
        "failed": job.failed,
        "skipped": job.skipped,
        "cancelled": job.cancelled,
        "unsupported_parameters": job.unsupported_parameters,
        "reason": job.reason,
        "error_message": job.error_message,
        "created_at": at(job.created_at),
        "started_at": at(job.started_at),
        "completed_at": at(job.completed_at),
    }
    return value if kinds is None else value | {"failures": kinds}


def item_json(item: ItemRow) -> dict[str, Any]:
    """Return an item as `--json` and manifests have it."""
    return {
        "item_id": item.file_id,
        "job_id": item.task_id,
        "name": item.unique_id,
        "status": item.status,
        "failure_kind": item.failure_kind,
        "error_message": item.error_message,
        "skip_reason": item.skip_reason,
        "attempts": item.attempts,
        "result_id": item.result_id,
        "output_metadata": item.output_metadata,
        "started_at": at(item.started_at),
        "completed_at": at(item.completed_at),
    }


def exit_code(job: JobRow) -> int:
    """Return the exit code that tells a job's end."""
    if job.status is not JobStatus.COMPLETED:
        return 1
    return 3 if job.failed else 0


def counts_line(job: JobRow) -> str:
    """Return a job's counts in words."""
    parts = [f"{job.completed} completed", f"{job.failed} failed", f"{job.skipped} skipped"]
    if job.cancelled:
        parts.append(f"{job.cancelled} cancelled")
    return ", ".join(parts)
