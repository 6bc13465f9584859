"""The Activity that lists a source, on real ledgers."""

from collections.abc import AsyncIterator, Iterable
from typing import Any

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import ActivityEnvironment

from activities.enumeration import LedgerEnumerationActivities
from sheaf.contracts.temporal.runs import EnumerationInput, EnumerationProgress
from sheaf.ledger.database import Database
from sheaf.ledger.items.enumerations import EnumerationLedger
from sheaf.ledger.jobs.jobs import JobLedger
from sheaf.ledger.records import SourceFile
from sheaf.sources.listing import SourceListing
from tests.integration.test_ledger import LIMIT, files, make_job


class OvertakenListing(SourceListing):
    """A listing in whose middle another enumeration of the job begins."""

    def __init__(self, enumerations: EnumerationLedger, job_id: str) -> None:
        super().__init__({})
        self._enumerations = enumerations
        self._job_id = job_id

    async def chunks(
        self, project_id: str, source_uri: str, after: str | None, sizes: Iterable[int]
    ) -> AsyncIterator[list[SourceFile]]:
        del project_id, source_uri, after, sizes
        yield files(1, 2)
        await self._enumerations.take_over(self._job_id)
        yield files(3, 4)


class Parent:
    """Stands in for the client and for the handle of the parent that it gives."""

    def __init__(self, *, is_gone: bool = False) -> None:
        self.heard: list[EnumerationProgress] = []
        self._is_gone = is_gone

    def get_workflow_handle(self, workflow_id: str) -> "Parent":
        del workflow_id
        return self

    async def signal(self, name: str, enumerated: EnumerationProgress, **options: Any) -> None:
        del name, options
        if self._is_gone:
            raise RPCError("no such workflow", RPCStatusCode.NOT_FOUND, b"")
        self.heard.append(enumerated)


async def enumerate_with(database: Database, parent: Parent) -> EnumerationProgress:
    job_id = await make_job(database)
    enumerations = EnumerationLedger(database, LIMIT)
    client: Client = parent  # type: ignore[assignment]
    activities = LedgerEnumerationActivities(
        JobLedger(database), enumerations, OvertakenListing(enumerations, job_id), client
    )
    argument = EnumerationInput(job_id=job_id, parent_id=job_id)
    return await ActivityEnvironment().run(activities.enumerate_items, argument)


async def test_an_enumeration_that_is_overtaken_does_not_fail_its_job(database: Database) -> None:
    parent = Parent()
    enumerated = await enumerate_with(database, parent)
    assert [one.high_water_mark for one in parent.heard] == [2]
    assert enumerated == EnumerationProgress(high_water_mark=0, is_superseded=True)


async def test_an_enumeration_whose_parent_is_gone_leaves_the_next_parent_no_error(
    database: Database,
) -> None:
    enumerated = await enumerate_with(database, Parent(is_gone=True))
    assert enumerated == EnumerationProgress(high_water_mark=0, is_superseded=True)
