"""What an enumeration does about faults of its source and of the ledger."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from typing import Any, cast

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.enumeration import LedgerEnumerationActivities
from sheaf.contracts.temporal.runs import EnumerationInput, EnumerationProgress
from sheaf.ledger.records import JobSpec, SourceFile
from sheaf.sources.roots import SourceRefusedError
from tests.unit.processing.test_documents import SPEC

INPUT = EnumerationInput(job_id="job", parent_id="parent")


class Jobs:
    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.run = {"page_files": 10}

    async def spec(self, job_id: str) -> JobSpec:
        if self.error:
            raise self.error
        request = {"job_config": {}, "directory_id": "dir"}
        return replace(SPEC, source_uri="file:///in", request=request)

    async def get(self, job_id: str) -> "Jobs":
        return self


class Enumerations:
    async def take_over(self, job_id: str) -> tuple[int, str | None, int, int, bool]:
        return 1, None, 0, 0, False


class Listing:
    def __init__(self, error: Exception) -> None:
        self.error = error

    async def chunks(
        self, project_id: str, source_uri: str, after: str | None, sizes: Iterable[int]
    ) -> AsyncIterator[list[SourceFile]]:
        raise self.error
        yield []


async def enumerate_with(jobs: Jobs, error: Exception) -> EnumerationProgress:
    parts: tuple[Any, ...] = (jobs, Enumerations(), Listing(error), None)
    made = LedgerEnumerationActivities(*cast("Any", parts))
    return cast("EnumerationProgress", await ActivityEnvironment().run(made.enumerate_items, INPUT))


async def test_a_ledger_that_is_away_does_not_fail_the_source() -> None:
    for error in (ConnectionRefusedError(), FileNotFoundError(2, "no socket"), TimeoutError()):
        with pytest.raises(ApplicationError) as raised:
            await enumerate_with(Jobs(error), OSError())
        assert raised.value.next_retry_delay
        assert not raised.value.non_retryable


async def test_a_source_that_does_not_answer_is_listed_again_later() -> None:
    with pytest.raises(ApplicationError, match="said so") as raised:
        await enumerate_with(Jobs(), OSError("said so"))
    assert raised.value.next_retry_delay


async def test_a_source_that_may_not_be_listed_ends_with_its_reason() -> None:
    enumerated = await enumerate_with(Jobs(), SourceRefusedError("it is gone"))
    assert enumerated.error == "the source cannot be listed: it is gone"
