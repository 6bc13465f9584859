"""When an event is sent again, and when an endpoint is left alone.

The waits between the ten attempts are those that Standard Webhooks 1.0 recommends: together 75
hours 35 minutes 5 seconds.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

SCHEDULE = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Seconds before the second attempt, the third, and so on to the tenth, which is the last."""

JITTER = 0.1
"""Share of a wait by which it is lengthened or shortened at random."""

MAX_RETRY_AFTER = 86_400.0
"""Seconds of a Retry-After that are kept; the longest wait of the schedule."""

FAILURES_TO_REST = 16
"""Failed attempts in a row, of any events, after which an endpoint is probed with one at a time."""

RESTS = (5, 15, 60, 300)
"""Seconds between such probes. The last is the longest that an endpoint waits after it is back."""

SECONDS_TO_DISABLE = 5 * 86_400
"""An endpoint that has taken nothing for so long is disabled: five days, as the specification's
reference implementation has it."""


def retry_wait(
    attempts: int, draw: float, retry_after: float | None, schedule: Sequence[float] = SCHEDULE
) -> float | None:
    """Return the seconds until the next attempt; None when the last one has been made.

    Args:
        attempts: made so far, at least 1.
        draw: uniform in [0, 1).
        retry_after: what the receiver asked for, in seconds; it is never undercut.
        schedule: waits before the second attempt and each next one.
    """
    if attempts > len(schedule):
        return None
    wait = schedule[attempts - 1] * (1 + JITTER * (2 * draw - 1))
    return max(wait, min(retry_after or 0.0, MAX_RETRY_AFTER))


def cool_down(failures: int, retry_after: float | None = None) -> float:
    """Return how many seconds an endpoint is left alone after so many failures in a row."""
    over = failures - FAILURES_TO_REST
    pause = 0.0 if over < 0 else float(RESTS[min(over, len(RESTS) - 1)])
    return max(pause, min(retry_after or 0.0, MAX_RETRY_AFTER))


def window(failures: int, widest: int) -> int:
    """Return how many events may be on their way at once."""
    return 1 if failures >= FAILURES_TO_REST else widest


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """Return the seconds that a Retry-After header asks for; None when it asks for nothing.

    Args:
        value: seconds, or an HTTP date.
        now: with a zone.
    """
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    aware = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (aware - now).total_seconds())
