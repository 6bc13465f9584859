"""Results as they lie in the store, decoded for the one user of a command.

Only the command line decodes results in its own process: it renders nothing of them, what it does
takes time in proportion to their size, and whoever asked for it can end it. The API and whatever
else serves several people has `sheaf.views.views`.
"""

import json
from dataclasses import dataclass
from typing import Any

from sheaf.contracts.documents import ParsedDocument
from sheaf.ledger.records import ResultPlace
from sheaf.processing.result_store import ResultStore


@dataclass(frozen=True)
class StoredResult:
    """A result as it was stored."""

    canonical: dict[str, Any]
    """Names of file and job, `document` and `classification`; see `sheaf.processing.outcomes`."""
    markdown: str
    """As the job wanted it written."""

    def image_names(self) -> list[str]:
        """Return the names of the pictures that are kept with it."""
        document = ParsedDocument.model_validate(self.canonical["document"])
        return [image.name for page in document.pages for image in page.images]


async def read_result(store: ResultStore, place: ResultPlace) -> StoredResult:
    """Return a result.

    Raises:
        FileNotFoundError: it is not there any more.
    """
    canonical = json.loads(b"".join([block async for block in store.line(place)]))
    markdown = await store.own_markdown(place)
    return StoredResult(
        canonical, canonical.pop("markdown") if markdown is None else markdown.decode()
    )
