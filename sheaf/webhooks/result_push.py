"""The legacy `webhook_url`: each file's result itself, as the v1 parse API pushes it."""

from sheaf.contracts.views import Part
from sheaf.ledger.records import NotFoundError
from sheaf.processing.results import Results
from sheaf.views.views import Views

MOST_BYTES = 64 * 1024**2
"""Of what is sent of one result: it is in memory until the receiver has it."""


class ResultPush:
    """Has results written as they are pushed."""

    def __init__(self, results: Results, views: Views) -> None:
        self._results = results
        self._views = views

    async def body(self, task_id: str) -> bytes | None:
        """Return the body for a file's job; None when its result has been deleted.

        Raises:
            UnwritableError: there can never be one.
            BusyError: not just now.
        """
        try:
            found = await self._results.get(None, task_id)
            written = await self._views.written(found, [Part.PUSH], most_bytes=MOST_BYTES)
        except NotFoundError:
            return None
        try:
            return b"".join([block async for block in written.files[Part.PUSH].blocks()])
        finally:
            await written.close()
