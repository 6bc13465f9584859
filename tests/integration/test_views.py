"""Results that are written by processes: what becomes of those that hang, die, or tell lies."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sheaf.contracts.documents import ParsedDocument, ParsedPage, ParseOptions
from sheaf.contracts.states import JobType
from sheaf.contracts.views import Part
from sheaf.ledger.records import JobSpec, NotFoundError, ResultPlace
from sheaf.processing.job_work import Work
from sheaf.processing.results import TaskResult
from sheaf.storage.local import LocalBlobs
from sheaf.storage.scratch import own_folder
from sheaf.testing.faulty_views import BEGUN
from sheaf.views import views as views_module
from sheaf.views.views import BusyError, UnwritableError, Views
from tests.integration.test_parser_pool import living_children, parser_processes

JOB = f"bjb-{'1' * 32}"
SECONDS = 5.0
DOCUMENT = ParsedDocument(
    pages=(ParsedPage(page=1, text="words", md="# words"),),
    media_type="text/plain",
    engine="e",
    engine_version="1",
    total_pages=1,
)
FINE = '{"document": ' + DOCUMENT.model_dump_json() + "}"


class Stored:
    """Results with given lines, and what writes them."""

    def __init__(self, folder: Path) -> None:
        self._blobs = LocalBlobs(folder)
        self._number = 0
        self.views = Views(
            self._blobs,
            processes=4,
            at_once=4,
            seconds=SECONDS,
            wait_seconds=0.2,
            memory_bytes=512 * 1024**2,
            module="sheaf.testing.faulty_views",
        )

    async def put(self, line: str, project_id: str = "ours") -> TaskResult:
        """Store a result's line."""
        self._number += 1
        content, pack = line.encode(), f"{self._number:09}-1"
        await self._blobs.put_many([(f"results/{JOB}/{pack}.jsonl", content)])
        spec = JobSpec(JOB, project_id, JobType.PARSE, {}, None, "", "", 100)
        place = ResultPlace(JOB, "task", pack, 0, len(content))
        return TaskResult("task", Work(spec, ParseOptions()), place)

    async def text(self, line: str, project_id: str = "ours") -> str:
        """Return the plain text that is written of a result with this line."""
        written = await self.views.written(await self.put(line, project_id), [Part.TEXT_FULL])
        file = written.files[Part.TEXT_FULL]
        content = b"".join([block async for block in file.blocks()])
        await written.close()
        return content.decode()


@pytest.fixture
async def stored(tmp_path: Path) -> AsyncIterator[Stored]:
    made = Stored(tmp_path)
    yield made
    assert not list(own_folder().glob("view-*"))
    await made.views.close()
    assert living_children() == []


async def killed_soon() -> None:
    """Kill the process that writes, as a machine without memory does."""
    for _ in range(400):
        await asyncio.sleep(0.05)
        if begun := list(own_folder().glob(f"view-*/*/{BEGUN}")):
            begun[0].unlink()
            (running,) = parser_processes()
            running.kill()
            return
    pytest.fail("no result is written")


async def test_a_process_is_warm_for_its_project_and_serves_no_other(stored: Stored) -> None:
    ours = await stored.text("pid")
    theirs = await stored.text("pid", "theirs")
    assert await stored.text("pid") == ours
    assert await stored.text("pid", "theirs") == theirs
    assert ours != theirs


async def test_a_result_that_hangs_ends_at_its_deadline_with_its_process(stored: Stored) -> None:
    for fault in ("fault: spin", "fault: sleep"):
        began = time.monotonic()
        with pytest.raises(UnwritableError, match="text_full: it takes over 5 s"):
            await stored.text(fault)
        assert SECONDS <= time.monotonic() - began < 4 * SECONDS
    assert await stored.text(FINE) == "words"


async def test_a_process_that_is_killed_costs_at_most_its_own_request(stored: Stored) -> None:
    killing = asyncio.create_task(killed_soon())
    asked = asyncio.create_task(stored.text("fault: sleep"))
    await killing
    await killed_soon()
    with pytest.raises(UnwritableError, match="parser process died: SIGKILL"):
        await asked
    assert await stored.text(FINE) == "words"
    (idle,) = parser_processes()
    idle.kill()
    assert await stored.text(FINE) == "words"


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ("fault: link", "a part was not written"),
        ("fault: fifo", "a part was not written"),
        ("fault: none", "a part was not written"),
        ("fault: hole", "it is over 268435456 bytes"),
        ("fault: many", "the result is over 4000000 bytes"),
        ("fault: segfault", "parser process died: SIGSEGV"),
        ("fault: memory", "needs more memory than is allowed"),
    ],
)
async def test_what_a_process_says_is_checked(stored: Stored, fault: str, why: str) -> None:
    with pytest.raises(UnwritableError, match=why):
        await stored.text(fault)
    assert await stored.text(FINE) == "words"


async def test_a_project_whose_results_hang_keeps_no_other_from_its_own(stored: Stored) -> None:
    hung = [asyncio.create_task(stored.text("fault: spin")) for _ in range(2)]
    await asyncio.sleep(0.5)
    with pytest.raises(BusyError):
        await stored.text(FINE)
    assert await stored.text(FINE, "theirs") == "words"
    for one in hung:
        with pytest.raises(UnwritableError):
            await one


async def test_a_process_ends_when_no_one_has_asked_for_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views_module, "IDLE_SECONDS", 0.3)
    made = Stored(tmp_path)
    assert await made.text(FINE) == "words"
    assert living_children()
    for _ in range(100):
        await asyncio.sleep(0.05)
        if not living_children():
            break
    assert not living_children()
    assert await made.text(FINE) == "words"
    await made.views.close()


async def test_a_result_that_is_gone_is_not_found(stored: Stored, tmp_path: Path) -> None:
    result = await stored.put(FINE)
    for pack in tmp_path.rglob("*.jsonl"):
        pack.unlink()
    with pytest.raises(NotFoundError, match="Result for Parsing Job task not found"):
        await stored.views.written(result, [Part.TEXT])
