"""Items: what of a job is left to do."""

from collections.abc import Sequence

import sqlalchemy as sa

from sheaf.contracts.temporal.page_runs import FindPageResult
from sheaf.contracts.temporal.runs import MAX_RANGES, OrdinalRange
from sheaf.ledger.database import Database
from sheaf.ledger.items.reuse import FileKey, ResultKey, reusable_results
from sheaf.ledger.tables import UNSETTLED, directory_files, items
from sheaf.rules.scheduling.ordinals import at_most


class ItemLedger:
    """Reads the items of jobs that have no outcome yet."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def unsettled(
        self, job_id: str, first: int, last: int
    ) -> list[tuple[int, str, int, int]]:
        """Return (ordinal, name, size in bytes, lost claims) of a range's unsettled items."""
        span = {"b_job": job_id, "b_first": first, "b_last": last}
        async with self._database.read() as connection:
            rows = await connection.execute(_UNSETTLED, span)
            return [(row[0], row[1], row[2], row[3]) for row in rows]

    async def find_page(
        self, job_id: str, after: int, high_water_mark: int, page_files: int
    ) -> FindPageResult:
        """Return the next run of ordinals with `page_files` unsettled items, or what is left.

        The run may be longer than `page_files`: items that are settled already do not count.
        """
        query = (
            sa.select(items.c.ordinal)
            .where(*_in_range(job_id, after + 1, high_water_mark), UNSETTLED)
            .order_by(items.c.ordinal)
            .limit(page_files)
        )
        async with self._database.read() as connection:
            found = list(await connection.scalars(query))
        if not found:
            return FindPageResult(first=high_water_mark, last=high_water_mark, count=0)
        return FindPageResult(first=found[0], last=found[-1], count=len(found))

    async def unsettled_ranges(self, job_id: str) -> tuple[OrdinalRange, ...]:
        """Return ranges that hold every unsettled ordinal, at most MAX_RANGES of them.

        They are the runs of neighbours; where there are more of these, some become one with the
        settled ordinals that lie between them.
        """
        unsettled = sa.select(
            items.c.ordinal,
            (items.c.ordinal - sa.func.row_number().over(order_by=items.c.ordinal)).label("run"),
        ).where(items.c.job_id == job_id, UNSETTLED)
        runs = unsettled.subquery()
        first = sa.func.min(runs.c.ordinal).label("first")
        query = sa.select(first, sa.func.max(runs.c.ordinal)).group_by(runs.c.run).order_by(first)
        ranges: list[OrdinalRange] = []
        async with self._database.read() as connection, connection.stream(query) as rows:
            async for low, high in rows:
                ranges.append(OrdinalRange(first=low, last=high))
                if len(ranges) == 2 * MAX_RANGES:
                    ranges = at_most(ranges, MAX_RANGES)
        return tuple(at_most(ranges, MAX_RANGES))

    async def reusable(
        self, job_id: str, files: Sequence[FileKey], key: ResultKey
    ) -> dict[FileKey, str]:
        """Map files to the results that earlier jobs made of the like under the same key."""
        async with self._database.read() as connection:
            return await reusable_results(connection, job_id, key, files)


def _in_range(job_id: str, first: int, last: int) -> tuple[sa.ColumnElement[bool], ...]:
    return (items.c.job_id == job_id, items.c.ordinal.between(first, last))


_UNSETTLED = (
    sa.select(
        items.c.ordinal,
        directory_files.c.display_name,
        directory_files.c.size_bytes,
        items.c.lost_claims,
    )
    .join(directory_files, directory_files.c.id == items.c.file_id)
    .where(
        items.c.job_id == sa.bindparam("b_job"),
        items.c.ordinal.between(sa.bindparam("b_first"), sa.bindparam("b_last")),
        UNSETTLED,
    )
    .order_by(items.c.ordinal)
)
"""Built once: building a statement takes as long as running it."""
