from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheaf.contracts.documents import ParsedPage
from sheaf.rules.rendering.rendering import render_markdown, render_text

PAGES = (
    ParsedPage(page=2, text="two", md="# Two"),
    ParsedPage(page=5, text="five", md="# Five"),
    ParsedPage(page=6, text="six", md="# Six"),
)


def test_pages_are_joined_by_a_rule_unless_told_otherwise() -> None:
    assert render_markdown(PAGES) == "# Two\n\n---\n\n# Five\n\n---\n\n# Six"
    assert render_text(PAGES) == "two\n\n---\n\nfive\n\n---\n\nsix"


def test_the_separator_is_numbered_by_the_page_that_follows() -> None:
    assert render_text(PAGES, separator="|{pageNumber}|") == "two|5|five|6|six"


def test_prefix_and_suffix_are_numbered_by_their_own_page() -> None:
    rendered = render_text(PAGES[:2], " ", "<{pageNumber} {pageNumber}>", "</{pageNumber}>")
    assert rendered == "<2 2>two</2> <5 5>five</5>"


def test_a_document_without_pages_is_empty() -> None:
    assert render_markdown((), "s", "p", "x") == ""


def test_an_empty_separator_is_not_the_default() -> None:
    assert render_text(PAGES, "") == "twofivesix"


@pytest.mark.parametrize("render", [render_markdown, render_text])
def test_a_page_that_holds_the_placeholder_keeps_it(render: Callable[..., str]) -> None:
    page = ParsedPage(page=1, text="{pageNumber}", md="{pageNumber}")
    assert render([page], "", "{pageNumber}:", "") == "1:{pageNumber}"


plain = st.text(st.characters(exclude_characters="\0\1\2", exclude_categories=["Cs"]), max_size=20)


@given(texts=st.lists(plain, min_size=1, max_size=8), first=st.integers(1, 1000))
def test_marked_pages_can_be_cut_out_again(texts: list[str], first: int) -> None:
    pages = [ParsedPage(page=first + i, text=text, md=text) for i, text in enumerate(texts)]
    rendered = render_markdown(pages, "\0", "\1", "\2")
    assert [part[1:-1] for part in rendered.split("\0")] == texts


@given(texts=st.lists(plain, min_size=1, max_size=8))
def test_every_separator_names_the_next_page(texts: list[str]) -> None:
    pages = [ParsedPage(page=i, text=text, md="") for i, text in enumerate(texts, start=1)]
    separators = render_markdown(pages, "\0{pageNumber}").split("\0")[1:]
    assert separators == [str(page.page) for page in pages[1:]]
