"""Documents through real parser processes, more of them than are opened together."""

import asyncio
import hashlib
import json
from pathlib import Path
from typing import cast

import pytest

from sheaf.contracts.documents import ParseOptions
from sheaf.contracts.markdown_style import MarkdownStyle
from sheaf.contracts.states import ItemStatus
from sheaf.ledger.items.items import ItemLedger
from sheaf.ledger.records import ClaimedItem
from sheaf.parser_pool.pool import ParserPool
from sheaf.processing.job_work import Work
from sheaf.processing.prefetch import OPENED_FILES
from sheaf.processing.processor import DocumentProcessor
from sheaf.processing.result_store import Processed
from sheaf.sources.items import ItemFiles
from sheaf.storage.local import LocalBlobs
from tests.claimed import claimed
from tests.parsers import process_all
from tests.unit.processing.test_documents import SPEC

FILES = 2 * OPENED_FILES + 3
SECONDS = 60


def items_in(folder: Path) -> list[ClaimedItem]:
    """Write files, and return the items that they are."""
    folder.mkdir()
    items = []
    for ordinal in range(1, FILES + 1):
        name = f"{ordinal:03}.txt"
        (folder / name).write_text(f"sleep 0\nfile {ordinal}\n")
        items.append(claimed(ordinal, unique_id=name, source_uri=folder.as_uri()))
    return items


async def process(processor: DocumentProcessor, work: Work, folder: Path) -> list[Processed]:
    return await process_all(processor, work, items_in(folder), SECONDS)


@pytest.mark.parametrize("extra", [0.0, 1.0])
async def test_slices_share_the_only_process_also_where_each_file_is_looked_at_first(
    tmp_path: Path, extra: float
) -> None:
    work = Work(SPEC, ParseOptions(), reuses=False, extra_seconds_per_page=extra)
    async with ParserPool(1, module="sheaf.testing.slow_engine") as pool:
        files = ItemFiles(LocalBlobs(tmp_path))
        processor = DocumentProcessor(pool, cast("ItemLedger", None), files)
        async with asyncio.timeout(SECONDS):
            slices = await asyncio.gather(
                *(process(processor, work, tmp_path / name) for name in ("a", "b"))
            )
    for done in slices:
        assert [one.outcome.item.ordinal for one in done] == list(range(1, FILES + 1))
        assert {one.outcome.status for one in done} == {ItemStatus.COMPLETED}
        assert all(f"file {one.outcome.item.ordinal}" in one.line.decode() for one in done)


async def test_a_file_that_changes_after_its_opening_is_no_result_under_its_old_hash(
    tmp_path: Path,
) -> None:
    work = Work(SPEC, ParseOptions(), reuses=False)
    items = items_in(tmp_path / "in")
    changing = items[OPENED_FILES + 5]
    after = b"sleep 0\nanother text, and a longer one\n"

    def change(one: Processed) -> None:
        if one.outcome.item.ordinal == 1:
            # Its group is opened about now, while the one before it is parsed.
            (tmp_path / "in" / changing.unique_id).write_bytes(after)

    async with ParserPool(1, module="sheaf.testing.slow_engine") as pool:
        files = ItemFiles(LocalBlobs(tmp_path))
        processor = DocumentProcessor(pool, cast("ItemLedger", None), files)
        done = await process_all(processor, work, items, SECONDS, meanwhile=change)
    (changed,) = [one for one in done if one.outcome.item.ordinal == changing.ordinal]
    if changed.outcome.status is ItemStatus.COMPLETED:
        assert changed.outcome.result is not None
        assert changed.outcome.result.content_sha256 == hashlib.sha256(after).hexdigest()
        # Its listing stands for other bytes.
        assert changed.outcome.content_sha256 is None
        assert b"another text" in changed.line
    else:
        assert changed.outcome.failure_kind == "SourceChanged"
    assert len(done) == FILES


async def test_markdown_is_read_for_its_style_in_the_parser_process_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> str:
        raise AssertionError("a document was rendered in the worker")

    monkeypatch.setattr("sheaf.rules.rendering.written_result.written_markdown", never)
    monkeypatch.setattr("sheaf.rules.rendering.written_result.styled", never)
    (tmp_path / "a.md").write_text("| a |\n| --- |\n| 1 |\n")
    item = claimed(1, unique_id="a.md", source_uri=tmp_path.as_uri())
    style = MarkdownStyle(tables_as_html=True)
    work = Work(SPEC, ParseOptions(), style=style, suffix="end", reuses=False)
    async with ParserPool(1) as pool:
        files = ItemFiles(LocalBlobs(tmp_path))
        processor = DocumentProcessor(pool, cast("ItemLedger", None), files)
        (done,) = await process_all(processor, work, [item], SECONDS)
    stored = json.loads(done.line)
    assert stored["markdown"].startswith("<table>")
    assert stored["markdown"].endswith("end")
    assert stored["document"]["pages"][0]["md"].startswith("| a |")
