"""From claimed items to their outcomes: the stages in between, and the queues that join them."""

import asyncio
from collections.abc import Sequence
from functools import partial

from sheaf.ledger.items.items import ItemLedger
from sheaf.ledger.records import ClaimedItem
from sheaf.parser_pool.requests import ParseRequests
from sheaf.processing.job_work import Work
from sheaf.processing.open_files import FileOpener, OpenFiles
from sheaf.processing.parsing import Parser, ParseStage, RequestWriter
from sheaf.processing.passwords import Passwords
from sheaf.processing.prefetch import Prefetcher, groups_of
from sheaf.processing.result_store import Processed
from sheaf.processing.slice_budget import SliceBudget
from sheaf.runtime.bounded_queue import BoundedQueue
from sheaf.runtime.stages import Stages
from sheaf.sources.items import ItemFiles


class DocumentProcessor:
    """Starts the stages through which the files of a slice go.

    Args:
        parser: the pool of parser processes.
        items: for results of earlier jobs on the same bytes.
        files: opens what is to be read.
        passwords: for documents that need one.
    """

    def __init__(
        self,
        parser: Parser,
        items: ItemLedger,
        files: ItemFiles,
        passwords: Passwords | None = None,
    ) -> None:
        self._parser = parser
        self._opener = FileOpener(files, items)
        self._passwords = passwords or Passwords()

    def start(
        self,
        stages: Stages,
        work: Work,
        items: Sequence[ClaimedItem],
        file_seconds: float,
        processed: BoundedQueue[Processed],
        budget: SliceBudget,
        stop: asyncio.Future[None] | None = None,
    ) -> None:
        """Start what leads from items to `processed`: open and hash -> parse.

        A fault of a document is an outcome, not an error.

        Args:
            stages: run until all items are through, or their budget is used.
            work: what their job asks for.
            items: in the order in which they are parsed.
            file_seconds: wall time for one file where the job asks for no other.
            processed: gets what became of each item. What is known without a parse comes as soon
                as it is known.
            budget: says when nothing more is to be begun.
            stop: kills what is parsed once it is done; the stages then end with a CancelledError.
        """
        # Of groups, so that one is open ahead of the one that is parsed.
        requests = ParseRequests(1)
        open_files = OpenFiles(stages.resources)
        writer = RequestWriter(self._parser, work, self._passwords, file_seconds, stop)
        prefetcher = Prefetcher(
            partial(self._opener.opened, work), writer.requests, open_files, budget
        )
        parsing = ParseStage(self._parser, work, self._opener, open_files, budget)
        stages.start(
            prefetcher.run(groups_of(items), requests, processed), writes=(requests, processed)
        )
        stages.start(parsing.run(requests, processed, stop), reads=(requests,), writes=(processed,))
