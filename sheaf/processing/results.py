"""What became of one file's job, and where the result is that it has: its own, or a reused one."""

from dataclasses import dataclass

from sheaf.contracts.page_parts import IMAGE_NAME, image_type
from sheaf.ledger.database import Database
from sheaf.ledger.items.listing import ItemListing, ItemRow
from sheaf.ledger.jobs.jobs import JobLedger
from sheaf.ledger.records import NotFoundError, ResultPlace
from sheaf.processing.job_work import Work
from sheaf.processing.result_store import ResultStore
from sheaf.storage.blobs import Blobs, OpenBlob


@dataclass(frozen=True)
class TaskResult:
    """A result that is stored, and what the job asked for whose result it is."""

    task_id: str
    work: Work
    place: ResultPlace

    @property
    def project_id(self) -> str:
        """Whose it is."""
        return self.work.spec.project_id

    @property
    def is_reused(self) -> bool:
        """Whether an earlier job's result was taken."""
        return self.place.result_id != self.task_id

    def missing(self) -> NotFoundError:
        """Return what to raise where it is not in the store any more."""
        return _missing(self.task_id)


class Results:
    """Finds the jobs of single files and their results; it looks into none."""

    def __init__(self, database: Database, blobs: Blobs) -> None:
        self._items = ItemListing(database)
        self._jobs = JobLedger(database)
        self._store = ResultStore(blobs)

    async def item(self, project_id: str, task_id: str) -> ItemRow:
        """Return the item that a job of one file is.

        Raises:
            NotFoundError: the project has no such job.
        """
        return (await self._items.of_task(project_id, task_id))[1]

    async def get(self, project_id: str | None, task_id: str) -> TaskResult:
        """Return the result of a file's job; of any project for None.

        Raises:
            NotFoundError: the project has no such job, or it has no result: not yet, or it failed.
        """
        job_id, item = await self._items.of_task(project_id, task_id)
        if item.place is None:
            raise _missing(task_id)
        return TaskResult(item.task_id, Work.of(await self._jobs.spec(job_id)), item.place)

    async def image(self, project_id: str | None, task_id: str, name: str) -> tuple[str, OpenBlob]:
        """Return the media type of a result's picture, and open it; of any project for None.

        Raises:
            NotFoundError: there is no such result, or it has no such picture.
        """
        _, item = await self._items.of_task(project_id, task_id)
        if item.place is None:
            raise _missing(task_id)
        none = NotFoundError(f"The result of {task_id} has no image {name[:64]!r}.")
        if not IMAGE_NAME.fullmatch(name):
            raise none
        try:
            return image_type(name), await self._store.image(item.place, name)
        except FileNotFoundError:
            raise none from None


def _missing(task_id: str) -> NotFoundError:
    return NotFoundError(
        f"Result for Parsing Job {task_id} not found. Check job status to see if it has completed."
    )
