"""A parser module for tests: a file says how long it takes and what becomes of it.

Its first line is `sleep SECONDS`, `fail KIND`, or both separated by a comma.
"""

import time
from pathlib import Path

from sheaf.contracts.documents import (
    EngineFailure,
    EngineRequest,
    EngineResult,
    ParsedDocument,
    ParsedPage,
)
from sheaf.contracts.failures import FailureKind


def handle(request: EngineRequest) -> EngineResult:
    """Do as the file says."""
    text = Path(request.path).read_text()
    for order in text.splitlines()[0].split(","):
        verb, _, value = order.strip().partition(" ")
        if verb == "sleep":
            time.sleep(float(value))
        if verb == "fail":
            failure = EngineFailure(kind=FailureKind(value), message="as the file says")
            return EngineResult(failure=failure)
    page = ParsedPage(page=1, text=text, md=text)
    return EngineResult(
        document=ParsedDocument(
            pages=(page,), media_type="text/plain", engine="slow", engine_version="1", total_pages=1
        )
    )
