"""Jobs of single files: a batch of one, over a file that no listing shows.

All ids of such a job are made of the one that is reserved for it, so that making it again makes
nothing new.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from sheaf.contracts.apis import JobApi
from sheaf.contracts.http.batch import BatchJobCreate
from sheaf.contracts.http.classify import ClassifyJob
from sheaf.contracts.http.job_config import BatchParseJobRecordCreate
from sheaf.contracts.ids import FILE_PREFIX, JOB_PREFIX
from sheaf.jobs.service import JobService, Origin
from sheaf.ledger.database import Database
from sheaf.ledger.files.directories import HIDDEN, DirectoryLedger
from sheaf.ledger.files.directory_files import DirectoryFileLedger, NewFile
from sheaf.ledger.files.uploads import UploadRow
from sheaf.ledger.items.listing import ItemListing, ItemRow
from sheaf.ledger.jobs.deletions import delete_job
from sheaf.ledger.jobs.jobs import JobLedger
from sheaf.ledger.jobs.receivers import NewReceivers
from sheaf.ledger.records import JobRow
from sheaf.processing.result_store import ResultStore
from sheaf.storage.blobs import Blobs

SINGLE_APIS = (JobApi.PARSE, JobApi.CLASSIFY)

Config = BatchParseJobRecordCreate | ClassifyJob


class OfABatchError(Exception):
    """The job belongs to a batch, which alone can be cancelled or deleted."""


@dataclass(frozen=True)
class Task:
    """The job of one file: its batch, which may be of this file alone, and its item."""

    job: JobRow
    item: ItemRow

    @property
    def is_single(self) -> bool:
        """Whether the batch is of this file alone."""
        return self.job.public_id == self.item.task_id


class SingleJobs:
    """Makes, finds, cancels and deletes jobs of single files."""

    def __init__(self, database: Database, jobs: JobService, blobs: Blobs) -> None:
        self._database = database
        self._jobs = jobs
        self._store = ResultStore(blobs)

    async def hide(
        self, project_id: str, uploads: Sequence[UploadRow], reserved_id: str
    ) -> list[str]:
        """Make uploaded files items that no listing shows; return their ids, in order.

        Idempotent by the reserved id and the files.
        """
        directory = hashlib.md5(f"hidden {project_id}".encode(), usedforsecurity=False)
        ledger = DirectoryLedger(self._database)
        values = {"name": "files of single jobs", "type": HIDDEN}
        row = await ledger.create(project_id, values, directory.hexdigest())
        files = DirectoryFileLedger(self._database)
        hidden = []
        for upload in uploads:
            own_id = uuid5(UUID(reserved_id), upload.id).hex
            new = NewFile(unique_id=f"{FILE_PREFIX}-{own_id}", display_name=upload.name)
            hidden.append((await files.put(project_id, row.id, upload.id, new, own_id)).id)
        return hidden

    async def create(
        self,
        project_id: str,
        api: JobApi,
        file_id: str,
        config: Config,
        reserved_id: str,
        echo: Mapping[str, Any],
        unsupported: Sequence[str],
        receivers: NewReceivers | None = None,
    ) -> Task:
        """Make the job of one directory file. Idempotent by the reserved id, 32 digits.

        Receivers are those of its configuration where none are named.

        Raises:
            BadReceiverError: one of them cannot be told of anything.
            NotFoundError: the project has no such file.
            ValueError: the configuration is malformed.
        """
        task_id = str(UUID(reserved_id))
        origin = Origin(
            api=api,
            job_id=f"{JOB_PREFIX}-{reserved_id}",
            public_id=task_id,
            task_id=task_id,
            echo=dict(echo),
            unsupported=tuple(sorted(set(unsupported))),
        )
        request = BatchJobCreate(item_ids=(file_id,), job_config=config)
        job = await self._jobs.create(project_id, request, origin=origin, receivers=receivers)
        return (await self.tasks([job]))[0]

    async def get(self, project_id: str, task_id: str) -> Task:
        """Return the job of one file, also of a batch.

        Raises:
            NotFoundError: the project has no such job.
        """
        job_id, item = await ItemListing(self._database).of_task(project_id, task_id)
        return Task(await JobLedger(self._database).get(job_id), item)

    async def tasks(self, jobs: Sequence[JobRow]) -> list[Task]:
        """Return single jobs with their items."""
        items = await ItemListing(self._database).first_of([job.id for job in jobs])
        return [Task(job, items[job.id]) for job in jobs]

    async def cancel(self, project_id: str, task_id: str) -> Task:
        """Cancel a single job; one that has ended stays as it is.

        Raises:
            NotFoundError: the project has no such job.
            OfABatchError: it is of a batch and has not ended.
        """
        task = await self.get(project_id, task_id)
        if task.job.status.is_terminal:
            return task
        _check_single(task, "cancel")
        await self._jobs.cancel(task.job.id, None)
        return await self.get(project_id, task_id)

    async def delete(self, project_id: str, task_id: str) -> None:
        """Delete a single job and its result, after cancelling it if it runs.

        A result that another job took stays for that job.

        Raises:
            NotFoundError: the project has no such job.
            OfABatchError: it is of a batch.
        """
        task = await self.get(project_id, task_id)
        _check_single(task, "delete")
        await self._jobs.cancel(task.job.id, "deleted")
        if await delete_job(self._database, task.job.id):
            await self._store.delete_job(task.job.id)


def _check_single(task: Task, verb: str) -> None:
    if not task.is_single:
        batch = task.job.public_id or task.job.id
        raise OfABatchError(f"{task.item.task_id} is of the batch {batch}; {verb} that instead")
