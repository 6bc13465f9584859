"""The numbers that decide commands travel with each job, and change for new jobs alone."""

import ast
from pathlib import Path

import pytest

from sheaf.contracts.temporal.page_runs import PageInput
from sheaf.contracts.temporal.runs import BatchInput, OrdinalRange
from sheaf.contracts.temporal.tunables import SchedulingTunables
from sheaf.rules.scheduling.batch_state import BatchState
from sheaf.rules.scheduling.page_state import PageState
from sheaf.rules.scheduling.tunables import NEW_JOBS

ROOT = Path(__file__).parents[3]
DECIDING = [
    *sorted((ROOT / "workflows").glob("*.py")),
    *(
        ROOT / "sheaf" / "rules" / "scheduling" / f"{name}.py"
        for name in (
            *("batch_state", "ordinals", "page_coalescing", "page_scheduler", "page_state"),
            *("reporting", "slice_window", "watching"),
        )
    ),
]
BEFORE = {
    "most_undrained": 2,
    "most_redispatched": 400,
    "most_finalizations": 3,
    "slices_per_slot": 4,
    "longest_slice_seconds": 2.0,
    "most_coalesced_items": 5000,
    "most_coalesced_seconds": 400.0,
    "learned_share": 0.5,
    "least_pace": 0.01,
    "most_pace": 1000.0,
    "quiet_watch_growth": 2.0,
    "shortest_report_seconds": 2.0,
    "reports_per_age": 20.0,
    "quiet_report_pauses": 5.0,
}
"""What jobs had that were accepted before any travelled: never edited, only added to."""


def test_a_job_that_carries_none_goes_on_by_those_that_it_began_with() -> None:
    job = BatchInput.model_validate({"job_id": "job", "page_files": 10, "threshold": 10})
    assert job.tunables.model_dump() == BEFORE
    page = PageInput.model_validate(
        {"job_id": "job", "parent_id": "job", "first": 1, "last": 2, "share": 1}
    )
    assert page.tunables.model_dump() == BEFORE


def test_a_run_carries_the_tunables_of_its_job_on() -> None:
    own = NEW_JOBS.changed(most_undrained=5, most_redispatched=1)
    job = BatchInput(job_id="job", page_files=10, threshold=10, tunables=own)
    state = BatchState(job)
    assert state.carried().tunables == own
    page = PageInput(job_id="job", parent_id="job", first=1, last=2, share=1, tunables=own)
    assert PageState(page, "page", 0.0).carried().tunables == own
    state.scheduler.redispatch_ranges(
        [OrdinalRange(first=1, last=1), OrdinalRange(first=9, last=9)]
    )
    assert state.scheduler.redispatch == [OrdinalRange(first=1, last=9)]


@pytest.mark.parametrize(
    ("own", "pages"), [({}, 2), ({"most_undrained": 3}, 3), ({"most_undrained": 5}, 5)]
)
def test_a_parent_starts_as_many_pages_ahead_as_its_own_tunables_say(
    own: dict[str, int], pages: int
) -> None:
    job = BatchInput(
        job_id="job",
        page_files=10,
        threshold=1000,
        mark=100,
        is_enumerated=True,
        tunables=SchedulingTunables(**own),
    )
    scheduler = BatchState(job).scheduler
    while scheduler.may_start:
        scheduler.start(f"page {len(scheduler.pages)}", scheduler.next_range())
    assert len(scheduler.pages) == pages


@pytest.mark.parametrize("path", DECIDING, ids=lambda path: path.stem)
def test_what_decides_has_no_number_of_its_own(path: Path) -> None:
    """A module's constant would change for open jobs too; those of `options` decide nothing."""
    numbers = [
        ast.unparse(node)
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, int | float)
    ]
    assert numbers == []
