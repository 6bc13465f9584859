"""Reuse: results of earlier jobs that spare a file the work."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ledger.database import chunks
from services.ledger.schema import jobs, results

ResultKey = tuple[str, str]
"""Parameters hash and engine fingerprint: what a result depends on beside the bytes."""


_REUSABLE = (
    sa.select(results.c.content_sha256, results.c.id)
    .join(jobs, jobs.c.id == results.c.job_id)
    .where(
        results.c.content_sha256.in_(sa.bindparam("b_hashes", expanding=True)),
        jobs.c.parameters_hash == sa.bindparam("b_parameters"),
        jobs.c.engine_fingerprint == sa.bindparam("b_engines"),
        results.c.is_reusable,
        results.c.job_id != sa.bindparam("b_job"),
    )
)
"""Built once: building a statement takes as long as running it."""


async def reusable_results(
    connection: AsyncConnection, job_id: str, key: ResultKey, hashes: Sequence[str]
) -> dict[str, str]:
    """Map hashes of bytes to results that another job made of them under the same key."""
    parameters_hash, engine_fingerprint = key
    same = {"b_job": job_id, "b_parameters": parameters_hash, "b_engines": engine_fingerprint}
    known: dict[str, str] = {}
    for chunk in chunks(hashes):
        found = await connection.execute(_REUSABLE, same | {"b_hashes": chunk})
        known.update({row.content_sha256: row.id for row in found})
    return known
