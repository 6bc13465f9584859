"""Parameters of how a job is run: time, earlier results, urgency, and what is carried through."""

from pathlib import Path
from typing import Any

import pytest
from temporalio.common import Priority

from sheaf.contracts.documents import EngineRequest, EngineResult
from sheaf.ledger.items.claims import ClaimLedger
from sheaf.ledger.items.enumerations import EnumerationLedger
from sheaf.ledger.jobs.jobs import JobLedger
from sheaf.ledger.records import SourceFile
from sheaf.processing.job_work import Work
from tests.api.conftest import Served
from tests.api.test_batch_jobs import create, enumerate_files
from tests.api.test_parsing import TwoPages
from tests.api.working import work_through


class Timed(TwoPages):
    """A parser of two pages that remembers how long it was given."""

    def __init__(self) -> None:
        self.deadlines: list[float] = []

    async def run(self, request: EngineRequest, deadline_seconds: float) -> EngineResult:
        self.deadlines.append(deadline_seconds)
        return await super().run(request, deadline_seconds)


async def run(served: Served, folder: Path, **parameters: Any) -> tuple[list[float], str]:
    """Process one file under these parameters; return the deadlines given and its status."""
    (folder / "a.txt").write_text("one")
    job = await create(served, folder, job_config={"parameters": parameters})
    state = served.state
    spec = await JobLedger(state.database).spec(job["id"])
    listing = EnumerationLedger(state.database, 1000)
    fence, *_ = await listing.take_over(job["id"])
    files, reuses = [SourceFile("a.txt", 3, 1)], Work.of(spec).reuses
    await listing.add_files(job["id"], fence, files, page_files=10, reuses=reuses)
    await listing.finish(job["id"], fence)
    parser = Timed()
    done = await work_through(served, job["id"], parser, 1)
    # One that was skipped when it was listed is never worked on.
    return parser.deadlines, str(done[0].outcome.status) if done else "skipped"


async def test_a_file_has_the_time_that_its_job_asks_for(served: Served, tmp_path: Path) -> None:
    assert (await run(served, tmp_path))[0] == [60]
    asked: dict[str, Any] = {"job_timeout_in_seconds": 200, "do_not_cache": True}
    assert (await run(served, tmp_path, **asked))[0] == [200]
    # A glance at the first page tells how many pages there are: two.
    asked["job_timeout_extra_time_per_page_in_seconds"] = 5
    assert (await run(served, tmp_path, **asked))[0] == [200, 210]


async def test_an_earlier_result_is_taken_unless_the_job_wants_its_own(
    served: Served, tmp_path: Path
) -> None:
    assert (await run(served, tmp_path, do_not_cache=True))[1] == "completed"
    assert (await run(served, tmp_path))[1] == "completed"  # what was not to be cached was not
    assert (await run(served, tmp_path))[1] == "skipped"
    assert (await run(served, tmp_path, invalidate_cache=True))[1] == "completed"
    assert (await run(served, tmp_path, do_not_cache=True))[1] == "completed"


@pytest.mark.parametrize(
    ("given", "key"), [("critical", 1), ("high", 2), (None, 3), ("medium", 3), ("low", 4)]
)
async def test_an_urgent_job_goes_before_others(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str | None, key: int
) -> None:
    seen: list[Priority] = []
    start = served.temporal.start_workflow

    async def spy(*arguments: object, id: str, **named: Any) -> None:
        seen.append(named["priority"])
        await start(*arguments, id=id, **named)

    monkeypatch.setattr(served.temporal, "start_workflow", spy)
    parameters = {} if given is None else {"priority": given}
    await create(served, tmp_path, job_config={"parameters": parameters})
    await served.admit()
    assert [priority.priority_key for priority in seen] == [key]


async def test_what_a_job_carries_is_told_with_each_of_its_files(
    served: Served, tmp_path: Path
) -> None:
    carried = {
        "custom_metadata": {"case": 7},
        "resource_info": {"kind": "invoice"},
        "pipeline_id": "pipeline",
        "project_id": "project",
    }
    (tmp_path / "a.txt").write_text("one")
    job = await create(served, tmp_path, job_config={"parameters": carried})
    await enumerate_files(served, job["id"], ["a.txt"])
    claimed, _ = await ClaimLedger(served.state.database, "worker").claim(job["id"], 1, 1)
    at = f"/api/v1/parsing/job/{claimed[0].task_id}/parameters"
    told = (await served.client.get(at)).json()
    assert {name: told["parameters"][name] for name in carried} == carried
