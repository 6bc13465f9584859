"""Times of the ledger as people and clients read them."""

from datetime import UTC, datetime, timedelta
from typing import overload

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@overload
def moment(us: int) -> datetime: ...
@overload
def moment(us: None) -> None: ...
@overload
def moment(us: int | None) -> datetime | None: ...
def moment(us: int | None) -> datetime | None:
    """Return microseconds of the epoch as a time in UTC, exact to the microsecond."""
    return None if us is None else _EPOCH + timedelta(microseconds=us)


def microseconds(time: datetime) -> int:
    """Return a time as microseconds of the epoch; one without a zone is taken as UTC."""
    zoned = time if time.tzinfo else time.replace(tzinfo=UTC)
    return (zoned - _EPOCH) // timedelta(microseconds=1)
