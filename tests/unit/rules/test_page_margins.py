"""Headers and footers told from the text, and page numbers told from both."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheaf.rules.rendering.page_margins import (
    Margins,
    margins_of,
    printed_page_numbers,
    without_margins,
)

words = st.lists(st.text("abcdefg", min_size=1, max_size=6), min_size=0, max_size=6)
some_words = st.lists(st.text("uvwxyz", min_size=1, max_size=6), min_size=1, max_size=8)


@given(above=words, body=some_words, below=words)
def test_what_stands_before_and_after_the_body_is_told(
    above: list[str], body: list[str], below: list[str]
) -> None:
    found = margins_of(" ".join([*above, *body, *below]), "\n".join(body))
    assert found == Margins(" ".join(above) or None, " ".join(below) or None)


@given(above=words, body=some_words, below=words)
def test_margins_leave_the_text_where_they_are_its_outer_lines(
    above: list[str], body: list[str], below: list[str]
) -> None:
    lines = [" ".join(above), " ".join(body), " ".join(below)]
    text = "\n".join(filter(None, lines))
    margins = Margins(" ".join(above) or None, " ".join(below) or None)
    assert without_margins(text, margins) == " ".join(body)


@given(text=st.text(max_size=80), header=st.text("xyz ", max_size=9))
def test_a_header_that_is_not_there_takes_nothing_away(text: str, header: str) -> None:
    if set(header) & set(text):
        return
    assert without_margins(text, Margins(header)).split() == text.split()


def test_a_page_without_a_body_has_no_margins() -> None:
    assert margins_of("all of it", "") == Margins()


def numbered(number: int) -> Margins:
    return Margins("Report 2026", f"Page {number} of 9")


def test_the_number_that_differs_from_page_to_page_is_the_printed_one() -> None:
    pages = [(number, numbered(number)) for number in (1, 2, 3, 7)]
    assert printed_page_numbers(pages) == ["1", "2", "3", "7"]
    pages[1] = (2, Margins("Report 2026"))
    assert printed_page_numbers([*pages, (10, Margins())]) == ["1", None, "3", "7", None]


@pytest.mark.parametrize(
    ("place", "margins", "number"),
    [
        (4, Margins(footer="- iv -"), "iv"),
        (1, Margins("12 Chapter 3"), "12"),
        (1, Margins("Version 1.2.3 of 10/2026"), None),
    ],
)
def test_a_single_page_prints_its_number(place: int, margins: Margins, number: str | None) -> None:
    assert printed_page_numbers([(place, margins)]) == [number]
