"""The legacy `webhook_url`: each file's result itself, as the v1 parse API pushes it."""

import json

from rules.page_items import shown_image
from services.ledger.records import NotFoundError
from services.results import Results


class ResultPush:
    """Renders results as they are pushed."""

    def __init__(self, results: Results) -> None:
        self._results = results

    async def body(self, task_id: str) -> bytes | None:
        """Return the body for a file's job; None when its result has been deleted."""
        try:
            found = await self._results.get(None, task_id)
        except NotFoundError:
            return None
        pages = [
            {
                "page": page.page,
                "text": page.text,
                "md": page.md,
                "images": [shown_image(image) for image in page.images],
            }
            for page in found.pages
        ]
        names = [image.name for _, image in found.images]
        pushed = {"txt": found.text, "md": found.markdown, "json": pages, "images": names}
        return json.dumps(pushed).encode()
