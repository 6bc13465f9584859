"""No text that a stranger sends makes a pattern take longer than in proportion to its length."""

import re

import pytest

from tests.unit.patterns.attacks import Attack, as_written, attacks_on
from tests.unit.patterns.found import Found, patterns
from tests.unit.patterns.timed import TooLongError, linear_seconds, seconds

WHOLE = 100_000
"""Characters of the worst texts."""
GLANCE = 2_000
"""Characters by which the worst texts are found; a quadratic pattern takes a millisecond here."""
FIRST = 64
"""Characters in which an exponential pattern shows."""
WORST = 4
TRIES = 4
ENDLESS_SECONDS = 2.0
"""Of the processor; a linear pattern takes milliseconds on the longest text."""
MOST_TIMES_LINEAR = 40
"""A search that is quadratic, at a nanosecond a step, takes a thousand times what is linear."""
MEASURABLE_TIMES_LINEAR = 15
MOST_GROWTH = 128
"""Of the time for sixteen times the text: 16 is linear, 256 quadratic; memory adds."""

BY_HAND = (
    Attack("[", "\\a", ""),
    Attack("", '"\\', ""),
    Attack("", "<!-- ", ""),
    Attack("", "<!---->", ""),
    Attack("<!--", "-->\n<!--", ""),
    Attack("<?xml>", " ", ""),
    Attack("", "[a](", ""),
    Attack("", "[a](b(c)", ""),
    Attack("", "| -", ""),
    Attack("|", "-:|", "x"),
    Attack("|", " - ", "x"),
    Attack("", "**a", ""),
    Attack("", "a**", ""),
    Attack("", "*a ~~b `c", ""),
    Attack("", " ", "x"),
    Attack("", "1 0 ", ""),
    Attack("", "1 ", ""),
    Attack("", "/a ", ""),
    Attack("", "(\\", ""),
    Attack("", "(a", ""),
    Attack("", ">> stream", ""),
    Attack("", "<w:body", ""),
    Attack("<", "a-", ""),
    Attack("", "<p ", ""),
    Attack("x-", "a", ""),
    Attack("## ", "(hidden) ", "x"),
)
"""Worst texts that a person thought of; each pattern gets all of them."""

FOUND = patterns()


@pytest.mark.parametrize("one", FOUND, ids=lambda one: f"{one.where}-{one.method}")
def test_a_pattern_takes_time_in_proportion_to_the_text(one: Found) -> None:
    _check(one)


@pytest.mark.parametrize(
    ("pattern", "method"),
    [
        (rb'"(?:[^"\\]|\\.)*"', "sub"),
        (r"(?<!!)\[((?:[^\[\]\n]|\\.)+)\]\(", "findall"),
        (r"\A\s*(<!--.*?-->\s*)*<html\b", "match"),
        (r"\s+$", "search"),
        (r"(a+)+b", "match"),
        (r"<!--.*?-->", "search"),
        (r"x*y", "search"),
    ],
)
def test_a_pattern_that_is_not_linear_is_told(pattern: str | bytes, method: str) -> None:
    with pytest.raises(pytest.fail.Exception):
        _check(Found("here", method, pattern, re.DOTALL))


def test_the_patterns_of_the_product_are_found() -> None:
    assert len({one.where for one in FOUND}) > 60
    assert {one.method for one in FOUND} > {"match", "fullmatch", "search", "sub", "split"}


def _check(one: Found) -> None:
    pattern = one.compiled()
    taken: list[tuple[float, Attack]] = []
    for attack in {*attacks_on(one.pattern, one.flags), *BY_HAND}:
        for length in (FIRST, GLANCE):
            text = as_written(attack.text(length), pattern)
            try:
                spent = seconds(pattern, one.method, text, ENDLESS_SECONDS)
            except TooLongError:
                pytest.fail(f"{one}: does not end on {length} characters of {attack}")
        taken.append((spent, attack))
    taken.sort(key=lambda pair: pair[0], reverse=True)
    for _, attack in taken[:WORST]:
        # What another program takes of the machine meanwhile is no pattern's fault.
        fault = None
        for _ in range(TRIES):
            fault = _fault(one, attack)
            if fault is None:
                break
        if fault:
            pytest.fail(f"{one}: {fault} on {attack}")


def _fault(one: Found, attack: Attack) -> str | None:
    """Try ever longer texts, since nothing stops a search within one match; tell what is wrong."""
    pattern, first, spent, linear = one.compiled(), 0.0, 0.0, 0.0
    for length in (WHOLE // 16, WHOLE // 4, WHOLE):
        text, linear = as_written(attack.text(length), pattern), linear_seconds(length, one.method)
        try:
            spent = seconds(pattern, one.method, text, ENDLESS_SECONDS)
        except TooLongError:
            return f"no end with {length} characters"
        if spent > MOST_TIMES_LINEAR * linear:
            return f"{spent / linear:.0f} times the linear time with {length} characters"
        first = first or spent
    if spent > MEASURABLE_TIMES_LINEAR * linear and spent > MOST_GROWTH * first:
        return f"{spent / first:.0f} times the time for sixteen times the text"
    return None
