"""What a page carries from run to run, what it tells of itself, and how often."""

import random

from hypothesis import given
from hypothesis import strategies as st

from sheaf.contracts.temporal.page_runs import MAX_PAGE_ITEMS, PageInput
from sheaf.contracts.temporal.runs import Counts, OrdinalRange, ProcessSliceResult, Slice
from sheaf.rules.scheduling.page_state import PageState
from sheaf.rules.scheduling.reporting import report_pause
from sheaf.rules.scheduling.tunables import NEW_JOBS

NOW = 1000.0


def page(share: int = 4, **options: object) -> PageInput:
    given: dict[str, object] = {
        "job_id": "job",
        "parent_id": "job",
        "first": 1,
        "last": MAX_PAGE_ITEMS,
        "share": share,
        "max_events": 100,
    }
    return PageInput.model_validate(given | options)


def state_of(input: PageInput) -> PageState:
    state = PageState(input, "job/page/000001", NOW)
    state.take_up()
    return state


@given(seed=st.integers(0, 10_000), files=st.integers(1, 60))
def test_no_item_is_lost_or_started_twice_however_often_a_page_continues(
    seed: int, files: int
) -> None:
    random_ = random.Random(seed)
    state = state_of(page())
    cuts = sorted({1, *random_.sample(range(1, files + 1), min(files, 6))})
    state.window.add(
        Slice(first=first, last=last - 1)
        for first, last in zip(cuts, [*cuts[1:], files + 1], strict=True)
    )
    settled: list[int] = []
    isolated: set[int] = set()
    in_flight: list[Slice] = []
    while state.window.has_waiting or in_flight:
        state.window.is_held = state.window.is_held or random_.random() < 0.1
        while state.window.may_start:
            in_flight.append(state.window.start())
        if not in_flight:
            # Whatever was given away: one slot is kept.
            assert state.waits(NOW).slots >= 1
            state = state_of(PageInput.model_validate_json(state.carried().model_dump_json()))
            continue
        if state.is_untold:
            assert state.drained(NOW).slots == len(in_flight)
        taken = in_flight.pop(random_.randrange(len(in_flight)))
        result = worked(taken, isolated, settled, random_)
        state.window.end(result)
        state.note(result)
    assert sorted(settled) == list(range(1, files + 1))
    assert state.ended().counts.completed == files


def worked(
    taken: Slice, isolated: set[int], settled: list[int], random_: random.Random
) -> ProcessSliceResult:
    """Settle some files of a slice, leave some for an Activity of their own, and perhaps a rest."""
    until = taken.last
    again: list[Slice] = []
    if not taken.is_isolated:
        until = random_.randint(taken.first, taken.last)
        failed = [n for n in range(taken.first, until + 1) if random_.random() < 0.3]
        assert not isolated & set(failed)
        isolated |= set(failed)
        again = [Slice(first=n, last=n, is_isolated=True) for n in failed]
    done = [n for n in range(taken.first, until + 1) if n not in {one.first for one in again}]
    settled += done
    remaining = OrdinalRange(first=until + 1, last=taken.last) if until < taken.last else None
    return ProcessSliceResult(
        counts=Counts(completed=len(done)), remaining=remaining, isolated=tuple(again)
    )


def test_what_a_page_of_nothing_but_failures_carries_is_small() -> None:
    state = state_of(page())
    state.window.add(
        Slice(first=n, last=n, label="x" * 160, is_isolated=True)
        for n in range(1, MAX_PAGE_ITEMS + 1, 2)
    )
    assert len(state.carried().model_dump_json()) < 100_000


def test_a_page_that_continues_carries_a_share_that_is_told_meanwhile() -> None:
    state = state_of(page(share=4))
    state.window.is_held = True
    assert state.waits(NOW).slots == 1
    state.set_share(3)
    assert state.carried().share == 3
    state.adopt(7)
    assert state.carried().share == 7


def test_a_drained_page_keeps_the_slots_in_use_and_asks_for_more_where_files_wait_again() -> None:
    state = state_of(page(share=4, concurrency=8))
    state.window.add([Slice(first=1, last=50)])
    state.window.start()
    assert state.drained(NOW).slots == 1
    # Sent before the parent knew.
    state.set_share(8)
    state.window.end(
        ProcessSliceResult(
            isolated=tuple(Slice(first=n, last=n, is_isolated=True) for n in range(1, 51))
        )
    )
    state.window.start()
    assert not state.window.may_start
    assert state.is_short_of_slots
    asked = state.waits(NOW)
    assert (asked.slots, asked.waits) == (1, True)
    state.set_share(6)
    assert state.window.may_start


def test_a_page_that_an_earlier_version_has_started_keeps_its_share() -> None:
    state = state_of(page(share=4, max_events=None))
    state.window.add([Slice(first=1, last=50)])
    state.window.start()
    state.drained(NOW)
    assert state.window.share == 4
    assert not state.is_short_of_slots


def test_a_page_reports_its_counts_seldom_enough_however_long_it_runs() -> None:
    age, reports = 0.0, 0
    while age < 2 * 86_400:
        age += report_pause(age, NEW_JOBS)
        reports += 1
        assert age > 40 or report_pause(age, NEW_JOBS) == 2.0
    assert reports < 200


def test_what_is_told_with_the_slots_is_not_reported_once_more() -> None:
    state = state_of(page())
    state.note(ProcessSliceResult(counts=Counts(completed=1)))
    assert not state.may_report(NOW + 1)
    assert state.may_report(NOW + 2)
    assert state.drained(NOW + 2).counts == Counts(completed=1)
    state.note(ProcessSliceResult(counts=Counts(completed=1)))
    assert not state.may_report(NOW + 3.9)
    assert state.may_report(NOW + 4)
