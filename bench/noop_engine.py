"""A parser module that reads nothing: what is left is the cost of everything around it."""

from sheaf.contracts.documents import EngineRequest, EngineResult, ParsedDocument, ParsedPage

_DOCUMENT = ParsedDocument(
    pages=(ParsedPage(page=1, text="x", md="x"),),
    media_type="text/plain",
    engine="noop",
    engine_version="1",
    total_pages=1,
)


def handle(_: EngineRequest) -> EngineResult:
    """Return one page at once."""
    return EngineResult(document=_DOCUMENT)
