"""Answers belong to their requests and processes to one project, whatever writes into the pipe."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from structlog.testing import capture_logs

from sheaf.contracts.documents import EngineRequest
from sheaf.contracts.failures import OutageError
from sheaf.parser_pool.pool import ParserPool
from sheaf.parser_pool.process import ParserProcess
from sheaf.parser_pool.requests import ParseRequest, ParseRequests
from sheaf.testing.stray_engine import LATE_SECONDS, STRAYS
from tests.integration.test_parser_pool import living_children, parser_processes

SECONDS = 60.0
MODULE = "sheaf.testing.stray_engine"

Make = Callable[[str], EngineRequest]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def make(text: str) -> EngineRequest:
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.txt"
        path.write_text(text)
        return EngineRequest(path=str(path), name=path.name)

    return make


async def read(pool: ParserPool, project: str, requests: list[EngineRequest]) -> list[str]:
    asked = [ParseRequest(str(n), one, SECONDS) for n, one in enumerate(requests)]
    found = {
        response.request_id: response.result
        async for response in pool.run_many(project, ParseRequests.of([asked]))
    }
    assert list(found) == [one.id for one in asked]
    return [
        result.document.pages[0].text if result.document else str(result.failure)
        for result in found.values()
    ]


@pytest.mark.parametrize("cue", STRAYS)
async def test_no_file_gets_the_text_of_another_project_or_a_forged_one(
    make: Make, cue: str
) -> None:
    async with ParserPool(1, MODULE) as pool:
        for turn in range(3):
            theirs = f"stray: {cue} private words {turn}"
            (first,) = await read(pool, "theirs", [make(theirs)])
            assert first == theirs or "no answer to the request" in first
            await asyncio.sleep(2 * LATE_SECONDS if cue == "late" else 0)
            assert await read(pool, "ours", [make(f"our words {turn}")]) == [f"our words {turn}"]
            more = await read(pool, "theirs", [make(f"more {turn}")])
            assert more == [f"more {turn}"]


@pytest.mark.parametrize("cue", STRAYS)
async def test_files_around_one_that_writes_stray_bytes_get_their_own_text(
    make: Make, cue: str
) -> None:
    words = [f"words {number}" for number in range(40)]
    strays = (0, 11, 12, 39)
    for place in strays:
        words[place] = f"stray: {cue} {place}"
    async with ParserPool(1, MODULE) as pool:
        found = await read(pool, "ours", [make(word) for word in words])
    for place in strays:
        assert found[place] == words[place] or "no answer to the request" in found[place]
        found[place] = words[place]
    assert found == words


async def test_bytes_left_at_the_hand_back_cost_the_process_its_life_and_are_told(
    make: Make,
) -> None:
    async with ParserPool(1, MODULE) as pool:
        with capture_logs() as logs:
            await read(pool, "ours", [make("stray: twice")])
        assert [entry["event"] for entry in logs] == ["stray_bytes_from_parser"]
        assert logs[0]["project"] == "ours"
        for _ in range(100):
            if not living_children():
                return
            await asyncio.sleep(0.05)
    pytest.fail("the process still lives")


async def test_bytes_that_come_while_a_process_idles_harm_no_file(make: Make) -> None:
    async with ParserPool(1, MODULE) as pool:
        await read(pool, "ours", [make("stray: late")])
        (before,) = living_children()
        await asyncio.sleep(2 * LATE_SECONDS)
        assert await read(pool, "ours", [make("next")]) == ["next"]
        assert before not in living_children()


async def test_no_process_ever_reads_files_of_two_projects(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[int, set[str]] = defaultdict(set)
    send = ParserProcess.send

    def sent(self: ParserProcess, frames: list[bytes]) -> list[bytes]:
        for frame in frames:
            name = EngineRequest.model_validate_json(frame).path
            seen[self._process.pid].add(Path(name).read_text().split()[0])
        return send(self, frames)

    monkeypatch.setattr(ParserProcess, "send", sent)

    async def slices(pool: ParserPool, project: str) -> None:
        for number in range(4):
            words = [f"{project} {number} {place}" for place in range(5)]
            assert await read(pool, project, [make(word) for word in words]) == words

    async with ParserPool(2, MODULE) as pool, asyncio.TaskGroup() as group:
        for project in ("a", "b", "c"):
            group.create_task(slices(pool, project))
    assert len(seen) >= 3
    assert all(len(projects) == 1 for projects in seen.values())


async def test_an_idle_process_of_another_project_leaves_with_its_folder_when_a_slot_is_needed(
    make: Make,
) -> None:
    async with ParserPool(2, MODULE) as pool:
        await read(pool, "a", [make("first")])
        (of_a,) = parser_processes()
        folder = Path(of_a.cwd())
        await read(pool, "b", [make("second")])
        (of_b,) = set(living_children()) - {of_a.pid}
        # The one that was used longest ago goes; the other waits for its project.
        await read(pool, "c", [make("third")])
        psutil.wait_procs([of_a], timeout=10)
        await asyncio.sleep(0.2)
        assert of_b in living_children()
        assert of_a.pid not in living_children()
        assert len(living_children()) == 2
        assert not folder.exists()
        assert await read(pool, "b", [make("fourth")]) == ["fourth"]
        assert of_b in living_children()


async def test_a_project_keeps_its_warm_process_between_slices(make: Make) -> None:
    async with ParserPool(1, MODULE) as pool:
        await read(pool, "a", [make("first")])
        before = living_children()
        for number in range(5):
            await read(pool, "a", [make(f"text {number}")])
        assert living_children() == before


async def test_a_process_that_does_not_begin_as_it_must_is_none(make: Make) -> None:
    async with ParserPool(1, "sheaf.testing.chatty_engine") as pool:
        with pytest.raises(OutageError, match="one could not start") as raised:
            await read(pool, "a", [make("text")])
    assert "did not begin by saying that it is ready" in str(raised.value)
