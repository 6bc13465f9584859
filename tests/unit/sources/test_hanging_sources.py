"""Sources and stores that hang: no slot, no thread and no file is lost to them."""

import asyncio
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Self, cast

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.enumeration import LedgerEnumerationActivities
from sheaf.contracts.documents import EngineRequest, EngineResult, ParseOptions
from sheaf.contracts.failures import FailureKind, OutageError
from sheaf.contracts.states import ItemStatus
from sheaf.ledger.items.items import ItemLedger
from sheaf.ledger.records import JobSpec
from sheaf.processing.job_work import Work
from sheaf.processing.processor import DocumentProcessor
from sheaf.runtime.file_calls import FILE_CALLS, StalledError
from sheaf.sources import content, listing, sorted_entries
from sheaf.sources.items import ItemFiles
from sheaf.sources.listing import SourceListing, vanished_of
from sheaf.storage import local
from sheaf.storage.local import LocalBlobs
from tests.claimed import claimed
from tests.hanging import hanging
from tests.parsers import EachAlone, process_all
from tests.unit.activities.test_enumeration_faults import INPUT, Enumerations, Jobs
from tests.unit.processing.test_documents import SPEC, Silent

STALL = 0.4
FILES = 5


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FILE_CALLS, "stall_seconds", STALL)


@pytest.fixture
def hang(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Any, str], threading.Event]]:
    """Have a function of a module hang until the event is set, which the end of the test does."""
    gate = threading.Event()

    def plant(module: Any, name: str) -> threading.Event:
        was = getattr(module, name)

        def waits(*given: Any, **named: Any) -> Any:
            gate.wait()
            return was(*given, **named)

        monkeypatch.setattr(module, name, waits)
        return gate

    yield plant
    gate.set()
    until = time.monotonic() + 10
    while FILE_CALLS.hung and time.monotonic() < until:
        time.sleep(0.01)
    assert not FILE_CALLS.hung


async def worked_through(
    folder: Path, parser: EachAlone | None = None
) -> dict[str, FailureKind | None]:
    """Process the files of a folder as one slice does; return how each has ended."""
    items = [claimed(number, source_uri=folder.as_uri()) for number in range(1, FILES + 1)]
    processor = DocumentProcessor(
        parser or Silent(is_blank=True), cast("ItemLedger", None), ItemFiles(LocalBlobs(folder))
    )
    work = Work(SPEC, ParseOptions(), reuses=False)
    async with asyncio.timeout(30):
        done = [one.outcome for one in await process_all(processor, work, items)]
    assert all(one.failure_kind or one.status is ItemStatus.COMPLETED for one in done)
    return {one.item.unique_id: one.failure_kind for one in done}


def files(folder: Path) -> list[Path]:
    made = [folder / f"{number}.txt" for number in range(1, FILES + 1)]
    for path in made:
        path.write_text(path.name)
    return made


async def test_a_file_that_hangs_is_left_and_its_neighbours_are_read(tmp_path: Path) -> None:
    made = files(tmp_path)
    with hanging(made[2]):
        ended = await worked_through(tmp_path)
        again = await worked_through(tmp_path)
        assert len(FILE_CALLS.hung) == 1
    assert (
        ended
        == again
        == dict.fromkeys((path.name for path in made), None) | {"3.txt": FailureKind.UNAVAILABLE}
    )
    while FILE_CALLS.hung:
        await asyncio.sleep(0.01)
    assert set((await worked_through(tmp_path)).values()) == {None}


async def test_a_source_that_hangs_is_an_outage_and_is_not_called_again_until_it_answers(
    tmp_path: Path, hang: Callable[[Any, str], threading.Event]
) -> None:
    made = files(tmp_path)
    gate = hang(listing, "_ask_folder")
    with hanging(made[0]):
        with pytest.raises(OutageError, match=r"the source .* no answer for"):
            await worked_through(tmp_path)
        before = FILE_CALLS.hung
        assert len(before) == 2
        for _ in range(3):
            with pytest.raises(OutageError, match="has not answered yet"):
                await worked_through(tmp_path)
        assert FILE_CALLS.hung == before
    gate.set()
    while FILE_CALLS.hung:
        await asyncio.sleep(0.01)
    assert set((await worked_through(tmp_path)).values()) == {None}


class HangsMeanwhile(EachAlone):
    """A parser during whose work the source begins to hang."""

    def __init__(self, hang: Callable[[Any, str], threading.Event]) -> None:
        self._hang = hang

    async def run(self, request: EngineRequest, deadline_seconds: float) -> EngineResult:
        self._hang(listing, "_ask_folder")
        self._hang(Path, "stat")
        return await Silent(is_blank=True).run(request, deadline_seconds)


async def test_a_source_that_hangs_once_a_file_is_parsed_stops_no_loop(
    tmp_path: Path,
    hang: Callable[[Any, str], threading.Event],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files(tmp_path)
    monkeypatch.setattr(content, "is_on_disk", lambda _: False)
    turns = 0

    async def tick() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0.01)
            turns += 1

    ticking = asyncio.create_task(tick())
    with pytest.raises(OutageError, match="the source"):
        await worked_through(tmp_path, HangsMeanwhile(hang))
    ticking.cancel()
    assert turns > STALL / 0.01 / 4


class OfFolder(Jobs):
    """A job over a folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    async def spec(self, job_id: str) -> JobSpec:
        return replace(await super().spec(job_id), source_uri=self._folder.as_uri())


async def test_a_listing_that_hangs_comes_again_and_says_what_it_waits_for(
    tmp_path: Path, hang: Callable[[Any, str], threading.Event]
) -> None:
    files(tmp_path)
    gate = hang(sorted_entries.os, "scandir")
    jobs = OfFolder(tmp_path)
    parts: tuple[Any, ...] = (jobs, Enumerations(), SourceListing({}), None)
    made = LedgerEnumerationActivities(*cast("Any", parts))
    for _ in range(2):
        with pytest.raises(ApplicationError, match=r"\(listing\)") as raised:
            await ActivityEnvironment().run(made.enumerate_items, INPUT)
        assert raised.value.next_retry_delay
        assert FILE_CALLS.hung == [f"{tmp_path.as_uri()} (listing)"]
    gate.set()


async def test_a_long_listing_is_not_taken_for_one_that_hangs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files(tmp_path)
    was = os.scandir

    class Slow:
        """Gives an entry in half of the time in which one must come."""

        def __init__(self, path: bytes) -> None:
            self._found = was(path)

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            self._found.close()

        def __iter__(self) -> Self:
            return self

        def __next__(self) -> "os.DirEntry[bytes]":
            time.sleep(STALL / 2)
            return next(self._found)

    monkeypatch.setattr(sorted_entries.os, "scandir", Slow)
    chunks = SourceListing({}).chunks("p", tmp_path.as_uri(), None, iter([100, 100]))
    assert [len(chunk) async for chunk in chunks] == [FILES]


async def test_what_is_gone_from_a_source_that_hangs_is_not_known(
    tmp_path: Path, hang: Callable[[Any, str], threading.Event]
) -> None:
    hang(os, "lstat")
    with pytest.raises(StalledError):
        await vanished_of(tmp_path.as_uri(), ["a.txt"])


async def test_a_store_that_hangs_is_away_for_whoever_writes_and_reads(
    tmp_path: Path, hang: Callable[[Any, str], threading.Event]
) -> None:
    blobs = LocalBlobs(tmp_path)
    await blobs.put_many([("a", b"1")])
    hang(local.os, "fsync")
    hang(local, "_read")
    hang(local, "_ask")
    with pytest.raises(StalledError):
        await blobs.put_many([("b", b"1")])
    with pytest.raises(StalledError):
        await blobs.get("a")
    for _ in range(2):
        with pytest.raises(StalledError):
            await blobs.ask()
