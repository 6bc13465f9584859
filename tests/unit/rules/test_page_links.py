"""Links of markdown, written into plain text."""

from hypothesis import given
from hypothesis import strategies as st

from sheaf.rules.rendering.page_links import Link, annotated, links_of

MD = "See [the *first* page](https://a.example/x_(1)) and ![no](b.png), or [here](<c d>)."


def test_links_are_told_in_order_with_plain_words() -> None:
    assert links_of(MD) == [Link("the first page", "https://a.example/x_(1)"), Link("here", "c d")]


def test_words_of_links_are_annotated_in_the_text() -> None:
    text = "See the  first page and , or here. And here."
    assert annotated(text, MD) == (
        "See [the  first page](https://a.example/x_(1)) and , or [here](c d). And here."
    )


def test_words_that_are_not_in_the_text_are_passed_over() -> None:
    assert annotated("only here", MD) == "only [here](c d)"


@given(text=st.text(max_size=60), markdown=st.text("[]()ab! \n\\<>*", max_size=40))
def test_nothing_of_the_text_is_lost_and_its_order_holds(text: str, markdown: str) -> None:
    found = iter(annotated(text, markdown))
    assert all(letter in found for letter in text)  # each behind the one before


def test_annotation_takes_time_in_proportion_to_its_input() -> None:
    assert annotated("[" * 20_000, "[" * 20_000) == "[" * 20_000


def test_words_are_found_over_runs_of_blanks_and_the_runs_stay() -> None:
    text = "  a \t b\tc   d  e "
    assert annotated(text, "[a b](u) [d e](v)") == "  [a \t b](u)\tc   [d  e](v) "


def test_a_bracket_behind_a_backslash_begins_no_link() -> None:
    assert links_of(r"\[a](b) \\[c](d) [e\]f](g) \![h](i)") == [Link("c", "d"), Link("e]f", "g")]


def test_links_are_given_up_where_the_text_has_none_of_them() -> None:
    gone = "".join(f"[gone{number}](u)" for number in range(199))
    assert annotated("here", f"{gone}[here](u)") == "[here](u)"
    assert annotated("here", f"{gone}[also gone](u)[here](u)") == "here"
