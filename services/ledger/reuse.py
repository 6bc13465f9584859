"""Reuse: results of earlier jobs that spare a file the work."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ledger.database import chunks
from services.ledger.schema import jobs, results

ResultKey = tuple[str, str]
"""Parameters hash and engine fingerprint: what a result depends on beside the bytes."""


async def reusable_results(
    connection: AsyncConnection, job_id: str, key: ResultKey, hashes: Sequence[str]
) -> dict[str, str]:
    """Map hashes of bytes to results that another job made of them under the same key."""
    parameters_hash, engine_fingerprint = key
    known: dict[str, str] = {}
    for chunk in chunks(hashes):
        found = await connection.execute(
            sa.select(results.c.content_sha256, results.c.id)
            .join(jobs, jobs.c.id == results.c.job_id)
            .where(
                results.c.content_sha256.in_(chunk),
                jobs.c.parameters_hash == parameters_hash,
                jobs.c.engine_fingerprint == engine_fingerprint,
                results.c.is_reusable,
                results.c.job_id != job_id,
            )
        )
        known.update({row.content_sha256: row.id for row in found})
    return known
