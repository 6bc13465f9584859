"""Faults of sources: which are the file's own, which an attempt at it, and which nobody's."""

import asyncio
import errno
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from sheaf.contracts.documents import EngineRequest, EngineResult, ParseOptions
from sheaf.contracts.failures import DocumentError, FailureKind, OutageError
from sheaf.ledger.items.items import ItemLedger
from sheaf.ledger.records import SourceFile
from sheaf.processing.job_work import Work
from sheaf.processing.processor import DocumentProcessor
from sheaf.processing.result_store import Processed
from sheaf.runtime.together import together
from sheaf.sources import content, listing
from sheaf.sources.items import ItemFiles
from sheaf.sources.listing import SourceListing
from sheaf.sources.roots import SourceRefusedError
from sheaf.storage import downloads
from sheaf.storage.blobs import OpenBlob
from sheaf.storage.downloads import downloaded
from sheaf.storage.local import LocalBlobs
from sheaf.storage.object_store import ObjectStoreError
from tests.claimed import claimed
from tests.parsers import EachAlone, process_one
from tests.unit.processing.test_documents import SPEC, Silent

OF_THE_WORLD = (errno.EIO, errno.ESTALE, errno.EMFILE, errno.ENOTCONN, errno.ETIMEDOUT)


def fails(monkeypatch: pytest.MonkeyPatch, code: int, *, away: bool = False) -> None:
    """Make reading any file fail, and with it, if it is away, listing its folder."""

    def read(*_: object) -> str:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(content, "_sha256", read)
    if away:
        monkeypatch.setattr(listing, "_ask_folder", read)


async def processed(folder: Path, parser: EachAlone | None = None, **values: Any) -> Processed:
    (folder / "1.txt").write_text("text")
    item = claimed(1, **{"source_uri": folder.as_uri(), **values})
    work = Work(SPEC, ParseOptions(), reuses=False)
    processor = DocumentProcessor(
        parser or Silent(is_blank=True), cast("ItemLedger", None), ItemFiles(LocalBlobs(folder))
    )
    return await process_one(processor, work, item)


@pytest.mark.parametrize("code", OF_THE_WORLD)
async def test_a_source_that_is_away_is_an_outage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    fails(monkeypatch, code, away=True)
    with pytest.raises(OutageError, match="the source"):
        await processed(tmp_path)


@pytest.mark.parametrize("code", OF_THE_WORLD)
async def test_a_fault_of_one_file_in_a_source_that_answers_is_an_attempt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    fails(monkeypatch, code)
    assert (await processed(tmp_path)).outcome.failure_kind is FailureKind.UNAVAILABLE


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (errno.ENOENT, FailureKind.SOURCE_CHANGED),
        (errno.EACCES, FailureKind.REFUSED),
        (errno.EPERM, FailureKind.REFUSED),
    ],
)
async def test_a_file_that_is_gone_or_may_not_be_read_has_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, kind: FailureKind
) -> None:
    fails(monkeypatch, code)
    assert (await processed(tmp_path)).outcome.failure_kind is kind


class Unmounting(EachAlone):
    """A parser during whose work the source goes away."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._patch = monkeypatch

    async def run(self, request: EngineRequest, deadline_seconds: float) -> EngineResult:
        def stale(_: object) -> os.stat_result:
            raise DocumentError(FailureKind.UNAVAILABLE, "stale")

        self._patch.setattr(content, "_status", stale)
        return await Silent(is_blank=True).run(request, deadline_seconds)


async def test_a_source_that_goes_while_a_file_is_parsed_is_an_outage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: Path) -> None:
        raise OSError(errno.ESTALE, "stale")

    monkeypatch.setattr(listing, "_ask_folder", away)
    with pytest.raises(OutageError, match="the source"):
        await processed(tmp_path, Unmounting(monkeypatch))


class Away(LocalBlobs):
    """A store of uploads that does not answer, or only for one."""

    def __init__(self, root: Path, *, answers: bool) -> None:
        super().__init__(root)
        self._answers = answers

    @asynccontextmanager
    async def on_disk(self, key: str) -> AsyncIterator[Path]:
        raise ObjectStoreError("503")
        yield Path()

    async def ask(self) -> None:
        if not self._answers:
            raise ObjectStoreError("503")


async def test_an_upload_is_at_fault_only_where_the_store_answers(tmp_path: Path) -> None:
    items = [claimed(number, source_uri=None, upload_id=f"u{number}") for number in range(20)]
    with pytest.raises(OutageError, match="the store of uploads"):
        async with ItemFiles(Away(tmp_path, answers=False)).on_disk("p", items):
            pass
    async with ItemFiles(Away(tmp_path, answers=True)).on_disk("p", items) as found:
        kinds = {one.kind for one in found if isinstance(one, DocumentError)}
    assert kinds == {FailureKind.UNAVAILABLE}
    assert len(found) == 20


async def test_no_room_for_a_copy_is_an_outage_and_no_fault_of_the_object(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(**_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    async def blocks() -> AsyncIterator[bytes]:
        yield b"x"

    monkeypatch.setattr(downloads, "NamedTemporaryFile", full)
    with pytest.raises(OutageError, match=r"temporary files .* No space left"):
        async with downloaded(OpenBlob(1, blocks())):
            pass


async def test_calls_that_run_together_end_together() -> None:
    running: set[int] = set()

    async def call(number: int) -> int:
        running.add(number)
        try:
            await asyncio.sleep(0.01 if number == 3 else 3600)
            raise OSError(errno.EIO, "broken")
        finally:
            running.remove(number)

    with pytest.raises(OSError, match="broken"):
        await together(call(number) for number in range(10))
    assert not running

    async def double(number: int) -> int:
        return 2 * number

    assert await together(double(number) for number in range(4)) == [0, 2, 4, 6]


async def listed(monkeypatch: pytest.MonkeyPatch, error: OSError) -> list[list[SourceFile]]:
    def walk(root: Path, after: str | None, moved: object) -> Any:
        raise error
        yield

    monkeypatch.setattr(listing, "walk", walk)
    chunks = SourceListing({}).chunks("p", "file:///in", None, iter([1, 1]))
    return [chunk async for chunk in chunks]


@pytest.mark.parametrize("code", [*OF_THE_WORLD, errno.ENOMEM])
async def test_a_listing_that_may_go_later_is_no_refusal(
    monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    with pytest.raises(OSError, match="said so"):
        await listed(monkeypatch, OSError(code, "said so"))


@pytest.mark.parametrize("code", [errno.ENOENT, errno.EACCES])
async def test_a_source_that_is_gone_or_shut_is_refused(
    monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    with pytest.raises(SourceRefusedError, match="said so"):
        await listed(monkeypatch, OSError(code, "said so"))
