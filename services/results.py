"""What became of one file's job, and the result that it has: its own, or the one it reused."""

from dataclasses import dataclass
from functools import cached_property

from models.documents import ParsedDocument, ParsedPage
from models.page_parts import PageImage
from services.ledger.database import Database
from services.ledger.item_listing import ItemListing, ItemRow
from services.ledger.jobs import JobLedger
from services.ledger.records import NotFoundError, ResultPlace
from services.result_store import ResultStore
from services.storage.blobs import Blobs
from services.work import Work


@dataclass(frozen=True)
class TaskResult:
    """A parsed document and how the job that asked for it wants it written."""

    document: ParsedDocument
    work: Work
    place: ResultPlace
    is_reused: bool

    @cached_property
    def pages(self) -> tuple[ParsedPage, ...]:
        """The pages, each as the job wants it written."""
        return self.work.styled(self.document.pages)

    @property
    def text(self) -> str:
        """The plain text of all pages."""
        return self.work.text(self.document.pages)

    @property
    def markdown(self) -> str:
        """The markdown of all pages."""
        return self.work.markdown(self.document.pages)

    @property
    def images(self) -> tuple[tuple[int, PageImage], ...]:
        """The pictures that are kept, each with the number of its page."""
        return tuple((page.page, image) for page in self.document.pages for image in page.images)


class Results:
    """Reads the jobs of single files and their results; it never writes."""

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
        missing = NotFoundError(
            f"Result for Parsing Job {task_id} not found. "
            "Check job status to see if it has completed."
        )
        job_id, item = await self._items.of_task(project_id, task_id)
        place = item.place
        if place is None:
            raise missing
        try:
            stored = await self._store.read(place)
        except FileNotFoundError:
            raise missing from None
        return TaskResult(
            ParsedDocument.model_validate(stored.canonical["document"]),
            Work.of(await self._jobs.spec(job_id)),
            place,
            is_reused=place.result_id != item.task_id,
        )

    async def image(
        self, project_id: str | None, task_id: str, name: str
    ) -> tuple[PageImage, bytes]:
        """Return a picture of a result and its bytes; of any project for None.

        Raises:
            NotFoundError: there is no such result, or it has no such picture.
        """
        found = await self.get(project_id, task_id)
        image = next((image for _, image in found.images if image.name == name), None)
        if image is None:
            raise NotFoundError(f"The result of {task_id} has no image {name[:64]!r}.")
        return image, await self._store.image(found.place, name)
