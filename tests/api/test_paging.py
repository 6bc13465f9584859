"""A list is read to its end page by page, and each row once."""

from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from sheaf.api.dependencies.paging import by_creation, decode_cursor, page_of


class Row(NamedTuple):
    created_at: int
    id: str


@given(
    st.lists(st.builds(Row, st.integers(0, 3), st.uuids().map(str)), unique=True, max_size=12),
    st.integers(1, 5),
)
def test_pages_hold_every_row_once_and_no_more_than_their_size(
    rows: list[Row], page_size: int
) -> None:
    rows.sort(reverse=True)
    seen: list[Row] = []
    token: str | None = None
    while True:
        position = decode_cursor(token, int, str)
        behind = [row for row in rows if position is None or row < position]
        shown, token = page_of(behind[: page_size + 1], page_size, by_creation)
        assert len(shown) <= page_size
        seen += shown
        if token is None:
            break
    assert seen == rows
