"""How long a pattern takes, against a pattern that takes one step a character."""

import gc
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

LINEAR = re.compile(r"(?:(b)|(a))*+")
LINEAR_OF_MANY = re.compile(r"(b)")
"""For what is found again and again: each character is one that is found."""
AT_ONCE = ("match", "fullmatch", "search")
TRIES = 3
"""The least of so many, in processor time, so that a busy machine slows none."""
NOT_WORTH_MORE = 2e-5
"""Seconds that are nothing, at the first try."""


class TooLongError(Exception):
    """A pattern was stopped."""


def seconds(pattern: "re.Pattern[Any]", method: str, text: Any, limit: float) -> float:
    """Return the processor seconds that a use of a pattern takes, the least of a few tries.

    Raises:
        TooLongError: over the limit, also in the middle of a match.
    """
    use = _use(pattern, method)
    taken = []
    for _ in range(TRIES):
        with _stopped_after(limit):
            began = time.thread_time()
            use(text)
            taken.append(time.thread_time() - began)
        if taken[-1] < NOT_WORTH_MORE:
            break
    return min(taken)


def linear_seconds(length: int, method: str = "match") -> float:
    """Return what a text of this length takes where each character is one step."""
    pattern = LINEAR if method in AT_ONCE else LINEAR_OF_MANY
    return seconds(pattern, method, "b" * length, 60.0)


def _use(pattern: "re.Pattern[Any]", method: str) -> Callable[[Any], object]:
    if method in {"sub", "subn"}:
        return lambda text: getattr(pattern, method)(text[:0], text)
    if method == "finditer":
        return lambda text: [found.end() for found in pattern.finditer(text)]
    found: Callable[[Any], object] = getattr(pattern, method)
    return found


@contextmanager
def _stopped_after(limit: float) -> Iterator[None]:
    def stop(*_: object) -> None:
        raise TooLongError

    # Of the processor's time, so that a busy machine stops nothing; `re` looks for signals.
    before = signal.signal(signal.SIGVTALRM, stop)
    # A search that finds much makes many objects; to look through them is no work of the pattern.
    gc.disable()
    signal.setitimer(signal.ITIMER_VIRTUAL, limit)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        gc.enable()
        signal.signal(signal.SIGVTALRM, before)
