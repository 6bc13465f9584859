"""Tables within a sheet, hidden sheets, and names for sheets that have none."""

from hypothesis import given
from hypothesis import strategies as st

from sheaf.engines.office.sheets import grid_of, guessed_name, sub_tables, without_marks, written
from sheaf.engines.text import markdown_table

cells = st.sampled_from(["", "", "", "a", "b", "a|b", "1"])
grids = st.integers(1, 6).flatmap(
    lambda width: st.lists(st.lists(cells, min_size=width, max_size=width), min_size=1, max_size=7)
)


@given(grid=grids)
def test_sub_tables_have_every_cell_once_and_no_empty_row_or_column(grid: list[list[str]]) -> None:
    tables = sub_tables(grid)
    held = sorted(cell for table in tables for row in table for cell in row if cell)
    assert held == sorted(cell for row in grid for cell in row if cell)
    for table in tables:
        assert all(any(row) for row in table)
        assert all(any(column) for column in zip(*table, strict=True))
        assert sub_tables(table) == [table]


@given(grid=grids)
def test_a_table_is_read_back_from_its_markdown(grid: list[list[str]]) -> None:
    found = grid_of(markdown_table(grid))
    assert found is not None
    assert [[cell.replace("\\|", "|") for cell in row] for row in found] == grid
    assert written([found]) == markdown_table(grid)


def test_what_is_no_table_alone_is_left_alone() -> None:
    assert grid_of("words\n\n| a |\n| --- |") is None
    assert grid_of("") is None


def test_marks_of_hidden_sheets_are_names_only_where_they_fit() -> None:
    content = "## One\n\n| a |\n\n## Two (hidden)\n\n## Three (very hidden)\n\n## Four (hidden)"
    names = ["One", "Two", "Three", "Four (hidden)"]
    plain, hidden = without_marks(content, names)
    assert hidden == {"Two", "Three"}
    assert plain.count("hidden") == 0 or "Four (hidden)" in plain
    assert without_marks("## One", ["One"]) == ("## One", frozenset())


def test_only_a_name_that_says_nothing_is_guessed() -> None:
    grid = [["", ""], ["Sales of 2026", ""], ["month", "sum"]]
    assert guessed_name("Sheet1", grid) == "Sales of 2026"
    assert guessed_name("Tabelle 2", [["month", "sum"]]) == "month, sum"
    assert guessed_name("Budget", grid) == "Budget"
    assert guessed_name("Sheet1", [["12", "3.4"]]) == "Sheet1"
    assert guessed_name("Sheet1", []) == "Sheet1"
