"""What became of one file's job, and the result that it has: its own, or the one it reused."""

import json
from dataclasses import dataclass

from models.documents import ParsedDocument
from rules.markdown_style import styled
from rules.rendering import render_markdown, render_text
from services.documents import Work, blob_key
from services.ledger.database import Database
from services.ledger.item_listing import ItemListing, ItemRow
from services.ledger.jobs import JobLedger
from services.ledger.records import NotFoundError
from services.storage.local import LocalBlobs


@dataclass(frozen=True)
class TaskResult:
    """A parsed document and how the job that asked for it wants it written."""

    document: ParsedDocument
    work: Work
    is_reused: bool

    @property
    def text(self) -> str:
        """The plain text of all pages."""
        work = self.work
        return render_text(self.document.pages, work.separator, work.prefix, work.suffix)

    @property
    def markdown(self) -> str:
        """The markdown of all pages."""
        work = self.work
        return render_markdown(self.document.pages, work.separator, work.prefix, work.suffix)


class Results:
    """Reads the jobs of single files and their results; it never writes."""

    def __init__(self, database: Database, blobs: LocalBlobs) -> None:
        self._items = ItemListing(database)
        self._jobs = JobLedger(database)
        self._blobs = blobs

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
        if item.result_id is None or item.result_job_id is None:
            raise missing
        try:
            content = await self._blobs.get(blob_key(item.result_job_id, item.result_id, "json"))
        except FileNotFoundError:
            raise missing from None
        document = ParsedDocument.model_validate(json.loads(content)["document"])
        work = Work.of(await self._jobs.spec(job_id))
        pages = styled(document.pages, work.style)
        document = document.model_copy(update={"pages": pages})
        return TaskResult(document, work, is_reused=item.result_id != item.task_id)
