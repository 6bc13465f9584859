"""When an answer of a parser counts as a completed document."""

import json
from pathlib import Path
from typing import Any, cast

from sheaf.contracts.documents import (
    EngineRequest,
    EngineResult,
    ParsedDocument,
    ParsedPage,
    ParseOptions,
)
from sheaf.contracts.failures import FailureKind
from sheaf.contracts.markdown_style import MarkdownStyle, Rendering
from sheaf.contracts.states import ItemStatus
from sheaf.ledger.items.items import ItemLedger
from sheaf.ledger.records import JobSpec
from sheaf.processing.job_work import Work
from sheaf.processing.processor import DocumentProcessor
from sheaf.processing.result_store import Processed
from sheaf.sources.items import ItemFiles
from sheaf.storage.local import LocalBlobs
from tests.claimed import claimed
from tests.parsers import EachAlone, process_one

SPEC = JobSpec(
    job_id="job",
    project_id="project",
    job_type=cast("Any", "parse"),
    request={},
    source_uri=None,
    parameters_hash="hash",
    engine_fingerprint="engines",
    page_files=10,
)

NO_STYLE = MarkdownStyle()
PAGES = (ParsedPage(page=1, text="", md=""),)


class Silent(EachAlone):
    """A parser that answers with a document without text."""

    def __init__(self, *, is_blank: bool) -> None:
        self._document = ParsedDocument(
            pages=PAGES,
            media_type="text/plain",
            engine="silent",
            engine_version="1",
            total_pages=1,
            is_blank=is_blank,
            warnings=("the document is blank",) if is_blank else (),
        )

    async def run(self, request: EngineRequest, deadline_seconds: float) -> EngineResult:
        return EngineResult(document=self._document)


class Styling(EachAlone):
    """A parser that answers with a page, and with this markdown of the whole document."""

    def __init__(self, markdown: str | None) -> None:
        self._markdown = markdown
        self.asked: Rendering | None = None

    async def run(self, request: EngineRequest, deadline_seconds: float) -> EngineResult:
        self.asked = request.rendering
        document = ParsedDocument(
            pages=(ParsedPage(page=1, text="a", md="[a](b)"),),
            media_type="text/plain",
            engine="styling",
            engine_version="1",
            total_pages=1,
        )
        return EngineResult(document=document, markdown=self._markdown)


async def processed(folder: Path, parser: EachAlone, style: MarkdownStyle = NO_STYLE) -> Processed:
    (folder / "a.txt").write_text(" ")
    item = claimed(0, attempts=1, unique_id="a.txt", source_uri=folder.as_uri())
    work = Work(SPEC, ParseOptions(), style=style, prefix="p", reuses=False)
    processor = DocumentProcessor(parser, cast("ItemLedger", None), ItemFiles(LocalBlobs(folder)))
    return await process_one(processor, work, item)


async def test_a_document_that_was_proved_blank_completes_with_a_warning(tmp_path: Path) -> None:
    done = await processed(tmp_path, Silent(is_blank=True))
    assert done.outcome.status is ItemStatus.COMPLETED
    assert done.outcome.result is not None
    assert done.outcome.result.output_metadata == {"warnings": ["the document is blank"]}
    stored = json.loads(done.line)
    assert stored["document"]["is_blank"] is True
    assert stored["markdown"] == "p"


async def test_a_document_without_text_is_otherwise_empty(tmp_path: Path) -> None:
    done = await processed(tmp_path, Silent(is_blank=False))
    assert done.outcome.status is ItemStatus.FAILED
    assert done.outcome.failure_kind is FailureKind.EMPTY
    assert done.line == b""


async def test_a_style_is_put_on_by_the_parser(tmp_path: Path) -> None:
    style = MarkdownStyle(links_in_text=True, is_plain=True)
    parser = Styling("from the parser")
    done = await processed(tmp_path, parser, style)
    assert parser.asked == Rendering(style=style, prefix="p")
    assert json.loads(done.line)["markdown"] == "from the parser"


async def test_pages_without_a_style_are_only_joined(tmp_path: Path) -> None:
    parser = Styling(None)
    done = await processed(tmp_path, parser)
    assert parser.asked is None
    assert json.loads(done.line)["markdown"] == "p[a](b)"


async def test_a_parser_that_leaves_the_style_out_has_crashed(tmp_path: Path) -> None:
    done = await processed(tmp_path, Styling(None), MarkdownStyle(is_plain=True))
    assert done.outcome.failure_kind is FailureKind.CRASHED
