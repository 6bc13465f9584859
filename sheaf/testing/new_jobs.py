"""Rows of jobs for tests of the ledger, which care for few of their columns."""

from dataclasses import replace
from typing import Any

from sheaf.contracts.ids import new_job_id
from sheaf.contracts.states import JobType
from sheaf.ledger.records import NewJob

PROJECT = "p"
KEY = ("parameters", "engines")
"""Parameters and engines, by which results of the same bytes are found again."""


def new_job(**columns: Any) -> NewJob:
    """Return a job of nothing in particular, with the columns that a test cares for."""
    job = NewJob(
        id=new_job_id(),
        project_id=PROJECT,
        job_type=JobType.PARSE,
        directory_id=None,
        request={},
        run={},
        parameters_hash=KEY[0],
        engine_fingerprint=KEY[1],
        unsupported_parameters=[],
        has_webhooks=False,
    )
    return replace(job, **columns)


def directory_job(directory_id: str, **columns: Any) -> NewJob:
    """Return a job over a directory, in pages of ten files."""
    request = {"job_config": {}, "directory_id": directory_id}
    job = new_job(directory_id=directory_id, request=request, **columns)
    return replace(job, run={"job_id": job.id, "page_files": 10, "threshold": 10})
