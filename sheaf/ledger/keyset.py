"""Pages by key: the rows behind a position, however many come before it."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

Order = Sequence[tuple[sa.ColumnElement[Any], bool]]
"""Columns and whether each descends; the last one is unique, and none is ever NULL."""


def page_of(
    query: sa.Select[Any], order: Order, position: Sequence[Any] | None, limit: int
) -> sa.Select[Any]:
    """Return a query's rows behind a position (None: from the first), in an order."""
    if position is not None:
        query = query.where(_behind(order, position))
    ordered = [column.desc() if descends else column.asc() for column, descends in order]
    return query.order_by(*ordered).limit(limit)


def _behind(order: Order, position: Sequence[Any]) -> sa.ColumnElement[bool]:
    if len({descends for _, descends in order}) == 1:
        # A comparison of rows is answered by an index; the general form below is not.
        columns = sa.tuple_(*(column for column, _ in order))
        return columns < tuple(position) if order[0][1] else columns > tuple(position)
    clauses = []
    for index, (column, descends) in enumerate(order):
        same = [order[n][0] == position[n] for n in range(index)]
        beyond = column < position[index] if descends else column > position[index]
        clauses.append(sa.and_(*same, beyond))
    return sa.or_(*clauses)
