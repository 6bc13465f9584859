"""How many pages go out together."""

from hypothesis import given
from hypothesis import strategies as st

from sheaf.contracts.temporal.page_runs import PageDrained, PageEnded
from sheaf.contracts.temporal.runs import (
    BatchInput,
    Counts,
    OpenPage,
    Spent,
)
from sheaf.rules.scheduling.batch_state import BatchState
from sheaf.rules.scheduling.page_coalescing import coalesced_pages
from sheaf.rules.scheduling.tunables import NEW_JOBS

MOST_ITEMS = NEW_JOBS.most_coalesced_items

page_files = st.integers(1, 1000)
concurrency = st.integers(1, 256)
seconds = st.floats(0, 1e6)


@given(
    page_files=page_files,
    concurrency=concurrency,
    seconds_per_file=seconds,
    room=st.integers(-1000, 100_000),
)
def test_pages_that_go_out_together_are_few_and_no_more_work_than_every_slot_needs(
    page_files: int, concurrency: int, seconds_per_file: float, room: int
) -> None:
    pages = coalesced_pages(page_files, concurrency, seconds_per_file, room, NEW_JOBS)
    assert pages >= 1
    if pages > 1:
        assert pages * page_files <= min(room, MOST_ITEMS)
        work = pages * page_files * seconds_per_file
        full = NEW_JOBS.slices_per_slot * NEW_JOBS.longest_slice_seconds
        assert work <= 1.001 * concurrency * full
        assert work <= 1.001 * NEW_JOBS.most_coalesced_seconds


def test_a_page_goes_out_alone_while_nothing_is_known() -> None:
    assert coalesced_pages(100, 16, 0.0, MOST_ITEMS, NEW_JOBS) == 1


def test_pages_of_files_that_take_no_time_go_out_up_to_the_bound() -> None:
    assert coalesced_pages(100, 4, 1e-9, MOST_ITEMS, NEW_JOBS) == MOST_ITEMS // 100


def test_pages_of_long_files_go_out_one_by_one() -> None:
    assert coalesced_pages(100, 16, 2.0, MOST_ITEMS, NEW_JOBS) == 1


def ended(completed: int, taken: float) -> PageEnded:
    spent = {"other": Spent(predicted=1.0, seconds=taken)}
    return PageEnded(page_id="page", counts=Counts(completed=completed), spent=spent)


def test_the_time_of_a_file_follows_what_pages_show_and_is_carried_on() -> None:
    state = BatchState(BatchInput(job_id="job", page_files=10, threshold=10))
    for page, expected in (
        (ended(10, 1.0), 0.1),
        (ended(10, 3.0), 0.2),
        (ended(0, 0.0), 0.2),
    ):
        state.scheduler.pages["page"] = OpenPage(first=1, last=10)
        state.ended(page)
        assert state.seconds_per_file == expected
        assert 0.01 <= state.speed_factors["other"] <= 1000
    assert BatchState(state.carried()).seconds_per_file == 0.2


def test_the_first_page_shows_what_its_files_take_before_it_ends() -> None:
    state = BatchState(BatchInput(job_id="job", page_files=10, threshold=10))
    spent = {"other": Spent(predicted=1.0, seconds=3.0)}
    state.drained(PageDrained(page_id="page", slots=2, completed=10, spent=spent))
    assert (state.seconds_per_file, state.speed_factors) == (0.3, {"other": 2.0})
    state.drained(PageDrained(page_id="page", slots=1, completed=20, spent=spent))
    assert (state.seconds_per_file, state.speed_factors) == (0.3, {"other": 2.0})


def test_a_page_that_has_completed_nothing_yet_shows_nothing() -> None:
    state = BatchState(BatchInput(job_id="job", page_files=10, threshold=10))
    state.drained(PageDrained(page_id="page", slots=2))
    assert (state.seconds_per_file, state.speed_factors) == (0.0, {})
