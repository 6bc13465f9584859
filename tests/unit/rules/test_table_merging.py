"""Tables over several pages in the markdown of a whole document."""

from hypothesis import given
from hypothesis import strategies as st

from sheaf.contracts.documents import ParsedPage
from sheaf.rules.rendering.rendering import render_markdown
from sheaf.rules.rendering.table_merging import merge_tables

HEAD = "| a | b |\n| --- | --- |"


def pages(*texts: str) -> list[ParsedPage]:
    return [ParsedPage(page=at, text=md, md=md) for at, md in enumerate(texts, 1)]


def test_a_table_that_goes_on_is_joined_and_its_repeated_head_dropped() -> None:
    first, second = f"words\n\n{HEAD}\n| 1 | 2 |", f"{HEAD}\n| 3 | 4 |\n\nmore"
    merged, gave = merge_tables(pages(first, second))
    assert merged[0].md == f"{first}\n| 3 | 4 |"
    assert merged[1].md == "more"
    assert gave == {2}
    assert render_markdown(merged, joined=gave) == f"{first}\n| 3 | 4 |\n\nmore"
    assert render_markdown(merged) == f"{first}\n| 3 | 4 |\n\n---\n\nmore"


def test_a_head_that_says_otherwise_becomes_a_row() -> None:
    merged, _ = merge_tables(pages(f"{HEAD}\n| 1 | 2 |", "| 3 | 4 |\n| --- | --- |"))
    assert merged[0].md == f"{HEAD}\n| 1 | 2 |\n| 3 | 4 |"


def test_a_table_may_fill_three_pages() -> None:
    merged, gave = merge_tables(pages(HEAD, f"{HEAD}\n| 1 | 2 |", f"{HEAD}\n| 3 | 4 |"))
    assert [page.md for page in merged] == [f"{HEAD}\n| 1 | 2 |\n| 3 | 4 |", "", ""]
    assert gave == {2, 3}


def test_other_tables_stay_apart() -> None:
    for texts in (
        (HEAD, "| a | b | c |\n| --- | --- | --- |"),
        (f"{HEAD}\n\nwords", HEAD),
        (HEAD, f"words\n\n{HEAD}"),
        (HEAD, "| no | table |"),
    ):
        merged, gave = merge_tables(pages(*texts))
        assert [page.md for page in merged] == list(texts)
        assert gave == frozenset()


parts = st.sampled_from(
    ["words", HEAD, "| 1 | 2 |", "| x |\n|---|", "", "# head", f"{HEAD}\n| 5 | 6 |"]
)


@given(texts=st.lists(st.lists(parts, max_size=3).map("\n\n".join), max_size=5))
def test_no_word_but_of_repeated_heads_is_lost_and_order_holds(texts: list[str]) -> None:
    merged, _ = merge_tables(pages(*texts))
    before = "\n".join(texts).split("\n")
    after = "\n".join(page.md for page in merged).split("\n")
    marks = {"", "| a | b |", "| --- | --- |", "| x |", "|---|"}
    assert [line for line in after if line not in marks] == [
        line for line in before if line not in marks
    ]
