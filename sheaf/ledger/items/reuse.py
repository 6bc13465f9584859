"""Reuse: results of earlier jobs of a project that spare a file the work."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from sheaf.ledger.database import chunks
from sheaf.ledger.tables import jobs, results


@dataclass(frozen=True)
class ResultKey:
    """What a result depends on beside its file, and who may have it."""

    project_id: str
    parameters_hash: str
    engine_fingerprint: str


class FileKey(NamedTuple):
    """What a result depends on of its file: the bytes, and what they are taken for."""

    sha256: str
    name_hint: str
    """Of `sheaf.rules.name_hints`."""


_REUSABLE = (
    sa.select(results.c.content_sha256, results.c.name_hint, results.c.id)
    .join(jobs, jobs.c.id == results.c.job_id)
    .where(
        results.c.content_sha256.in_(sa.bindparam("b_hashes", expanding=True)),
        jobs.c.project_id == sa.bindparam("b_project"),
        jobs.c.parameters_hash == sa.bindparam("b_parameters"),
        jobs.c.engine_fingerprint == sa.bindparam("b_engines"),
        results.c.is_reusable,
        # Two files of one job that are alike are both parsed: what is skipped must not depend on
        # which of them comes first.
        results.c.job_id != sa.bindparam("b_job"),
    )
)
"""Built once: building a statement takes as long as running it."""


async def reusable_results(
    connection: AsyncConnection, job_id: str, key: ResultKey, files: Iterable[FileKey]
) -> dict[FileKey, str]:
    """Map files to results that another job of the project made of the like under the same key."""
    same = {
        "b_job": job_id,
        "b_project": key.project_id,
        "b_parameters": key.parameters_hash,
        "b_engines": key.engine_fingerprint,
    }
    known: dict[FileKey, str] = {}
    for chunk in chunks(list({file.sha256 for file in files})):
        for row in await connection.execute(_REUSABLE, same | {"b_hashes": chunk}):
            known[FileKey(row.content_sha256, row.name_hint)] = row.id
    return known
