"""Pages of a list: by offset where the contract has it, by cursor everywhere else."""

import base64
import json
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, Protocol, TypeVar

from fastapi import Query
from pydantic import BaseModel

from sheaf.api.errors import InvalidError

Item = TypeVar("Item")
Row = TypeVar("Row")

Offset = Annotated[int, Query(ge=0, le=2**31 - 1)]
PageToken = Annotated[str | None, Query(max_length=1000, description="From `next_page_token`.")]
PageSize = Annotated[int, Query(ge=1, le=1000)]


class Created(Protocol):
    """A row that is listed by its time of creation."""

    @property
    def created_at(self) -> int: ...  # noqa: D102
    @property
    def id(self) -> str: ...  # noqa: D102


class Page(BaseModel, Generic[Item]):
    """One page of a list; `next_page_token` is null on the last one."""

    items: list[Item]
    next_page_token: str | None = None
    total_size: int | None = None


def encode_cursor(*position: object) -> str:
    """Return a page token that stands behind a position, such as (created_at, id)."""
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")


def page_of(
    rows: Sequence[Row], page_size: int, position: Callable[[Row], tuple[object, ...]]
) -> tuple[Sequence[Row], str | None]:
    """Return the rows of a page, and the token of the next page where there is one.

    Args:
        rows: what was asked of the ledger, with one row more than a page has: that one says
            whether there is a next page, and is the first of it.
        page_size: most rows of a page.
        position: what a row's successors are found behind, for `encode_cursor`.
    """
    if len(rows) <= page_size:
        return rows, None
    return rows[:page_size], encode_cursor(*position(rows[page_size - 1]))


def by_creation(row: Created) -> tuple[object, ...]:
    """Return the position of a row in a list by its time of creation."""
    return row.created_at, row.id


def decode_cursor(token: str | None, *types: type) -> tuple[Any, ...] | None:
    """Return the position of a page token; None for the first page.

    Raises:
        InvalidError: the token was not made by `encode_cursor` from values of these types.
    """
    if not token:
        return None
    try:
        padded = token + "=" * (-len(token) % 4)
        position = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, RecursionError):
        position = None
    if not _is_position(position, types):
        raise InvalidError(
            ("query", "page_token"), "page_token is not one that this server gave out."
        )
    return tuple(position)


def _is_position(value: Any, types: tuple[type, ...]) -> bool:
    if not isinstance(value, list) or [type(part) for part in value] != list(types):
        return False
    # NUL and half surrogate pairs, which no database takes, are not printable either.
    return all(
        part.isprintable() if isinstance(part, str) else abs(part) < 2**63
        for part in value
        if isinstance(part, str | int)
    )
