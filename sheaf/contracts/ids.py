"""Ids of what we store, and Workflow IDs made from them; nothing else spells either.

An id is a prefix and the 32 hexadecimal digits of a UUIDv7 (RFC 9562), so that ids made later sort
later. They are lower-case, so that they survive file names and case-folding indexes.
"""

import os
import time
from collections.abc import Iterator
from typing import Annotated
from uuid import UUID

from pydantic import StringConstraints

JOB_PREFIX = "bjb"
DIRECTORY_PREFIX = "dir"
FILE_PREFIX = "dfl"

JobId = Annotated[str, StringConstraints(pattern="^bjb-[a-z0-9]{26,40}$")]
DirectoryId = Annotated[str, StringConstraints(pattern="^dir-[a-z0-9]{26,40}$")]
FileId = Annotated[str, StringConstraints(pattern="^dfl-[a-z0-9]{26,40}$")]
"""A file of a directory, which is also an item of a job."""
TaskId = Annotated[
    str, StringConstraints(pattern="^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")
]
"""The parse or classify job of one item; clients expect a bare UUID."""

_NANOSECONDS_PER_MILLISECOND = 1_000_000
_UNIX_MILLISECONDS_MASK = (1 << 48) - 1


def uuid7(now_ns: int | None = None) -> UUID:
    """A UUIDv7 that sorts by time, to a quarter of a microsecond, and is random beyond that.

    The 12 bits after the version hold the fraction of the millisecond (RFC 9562, section 6.2,
    method 3). Python has no uuid7 before 3.14.

    Args:
        now_ns: Unix time in nanoseconds; None reads the clock.
    """
    return UUID(int=_uuid7(time.time_ns() if now_ns is None else now_ns))


def _uuid7(now_ns: int, random_bytes: bytes | None = None) -> int:
    milliseconds, nanoseconds = divmod(now_ns, _NANOSECONDS_PER_MILLISECOND)
    fraction = nanoseconds * 4096 // _NANOSECONDS_PER_MILLISECOND
    return (
        (milliseconds & _UNIX_MILLISECONDS_MASK) << 80
        | 0x7 << 76
        | fraction << 64
        | 0b10 << 62
        | int.from_bytes(random_bytes or os.urandom(8)) >> 2
    )


def new_id(prefix: str, now_ns: int | None = None) -> str:
    """A new id with this prefix, which is written without its hyphen."""
    return f"{prefix}-{_uuid7(time.time_ns() if now_ns is None else now_ns):032x}"


def new_job_id() -> str:
    """Id of a batch job, which is also its Workflow ID."""
    return new_id(JOB_PREFIX)


def new_directory_id() -> str:
    """Id of a directory."""
    return new_id(DIRECTORY_PREFIX)


def new_file_id() -> str:
    """Id of a directory file."""
    return new_id(FILE_PREFIX)


def new_file_ids(count: int) -> list[str]:
    """Ids of so many directory files, in order; faster than one by one."""
    return [f"{FILE_PREFIX}-{value:032x}" for value in _uuid7s(count)]


def new_task_id() -> str:
    """Id of the parse or classify job of one item."""
    return _bare(_uuid7(time.time_ns()))


def new_task_ids(count: int) -> list[str]:
    """Ids of so many items' jobs, in order; faster than one by one."""
    return list(map(_bare, _uuid7s(count)))


def _uuid7s(count: int) -> Iterator[int]:
    # Asked for at once: each question to the system also gives up the interpreter's lock.
    random_bytes = os.urandom(8 * count)
    for start in range(0, 8 * count, 8):
        yield _uuid7(time.time_ns(), random_bytes[start : start + 8])


def _bare(value: int) -> str:
    digits = f"{value:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def batch_workflow_id(job_id: str) -> str:
    """Workflow ID of a batch job."""
    return job_id


def new_carrier_id() -> str:
    """Workflow ID of what carries several small jobs."""
    return f"small-jobs/{_uuid7(time.time_ns()):032x}"


def page_workflow_id(job_id: str, first_ordinal: int, generation: int = 1) -> str:
    """Workflow ID of a page, by the ordinal of its first item.

    Args:
        job_id: the batch job.
        first_ordinal: from 1. Written with six digits at least, so that the pages of the first
            million items list in order.
        generation: from 1; a page that is dispatched again takes the next one.
    """
    _check_from_one("first_ordinal", first_ordinal)
    return f"{job_id}/page/{first_ordinal:06d}{_suffix(generation)}"


def enumeration_workflow_id(job_id: str, generation: int = 1) -> str:
    """Workflow ID of the enumeration of a job's files; generations as for a page."""
    return f"{job_id}/enumeration{_suffix(generation)}"


def delivery_workflow_id(receiver_id: str) -> str:
    """Workflow ID of what tells a receiver of events."""
    return f"webhooks/{receiver_id}"


def _suffix(generation: int) -> str:
    _check_from_one("generation", generation)
    return "" if generation == 1 else f"/{generation}"


def _check_from_one(name: str, value: int) -> None:
    if value < 1:
        raise ValueError(f"{name} is {value}. Count from 1.")
