"""The relay of pages, the window of a page and the cutting of slices."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sheaf.contracts.temporal.runs import (
    MAX_REDISPATCH,
    BatchInput,
    OrdinalRange,
    ProcessSliceResult,
    Slice,
)
from sheaf.rules.scheduling.batch_state import BatchState
from sheaf.rules.scheduling.page_scheduler import PageScheduler
from sheaf.rules.scheduling.prediction import corrected_speed_factor
from sheaf.rules.scheduling.slice_window import Window
from sheaf.rules.scheduling.slicing import MOST_FILES, Weighed, cut, merged
from sheaf.rules.scheduling.tunables import NEW_JOBS
from sheaf.testing.simulation import Simulation, greedy

FILES = 800
CONCURRENCY = 16


def lognormal(sigma: float, mean: float, seed: int) -> list[float]:
    random_ = random.Random(seed)
    drawn = [random_.lognormvariate(0, sigma) for _ in range(FILES)]
    factor = mean * FILES / sum(drawn)
    return [seconds * factor for seconds in drawn]


DURATIONS = {
    "lognormal sigma 1.0": lambda seed: lognormal(1.0, 0.5, seed),
    "lognormal sigma 1.5": lambda seed: lognormal(1.5, 0.5, seed),
    "60 s in every 100 of 1 s": lambda seed: [
        60.0 if number % 100 == (37 + seed) % 100 else 1.0 for number in range(FILES)
    ],
}


@pytest.mark.parametrize("name", DURATIONS)
@pytest.mark.parametrize("seed", range(5))
def test_a_heavy_tail_costs_at_most_a_tenth_over_the_greedy_schedule(name: str, seed: int) -> None:
    durations = DURATIONS[name](seed)
    best = greedy(durations, CONCURRENCY)
    relayed = Simulation(durations, CONCURRENCY, page_files=100, threshold=100)
    drained = Simulation(durations, CONCURRENCY, page_files=100, threshold=100, drains=True)
    ratio, drained_ratio = relayed.run() / best, drained.run() / best
    print(f"{name}, seed {seed}: {ratio:.3f} x greedy; drained {drained_ratio:.2f} x")
    assert ratio <= 1.10
    assert relayed.most_in_flight <= CONCURRENCY
    assert relayed.runs == FILES / 100
    assert relayed.overlaps >= (relayed.runs - 1) / 2


@given(
    seconds=st.lists(st.floats(min_value=0.001, max_value=100), max_size=300),
    window=st.integers(min_value=1, max_value=64),
    is_last=st.booleans(),
    is_measured=st.booleans(),
)
def test_cutting_keeps_every_item_once_and_in_order(
    seconds: list[float], window: int, is_last: bool, is_measured: bool
) -> None:
    items = [Weighed(ordinal, value) for ordinal, value in enumerate(seconds, start=1)]
    runs = cut(items, window, is_last=is_last, is_measured=is_measured)
    assert [item for run in runs for item in run] == items
    assert all(0 < len(run) <= MOST_FILES for run in runs)


@given(
    sizes=st.lists(st.integers(min_value=1, max_value=3), max_size=100),
    most=st.integers(min_value=1, max_value=30),
)
def test_merging_keeps_every_item_in_order_and_the_bound(sizes: list[int], most: int) -> None:
    ordinals = iter(range(1, sum(sizes) + 1))
    runs = [[Weighed(next(ordinals), 1.0) for _ in range(size)] for size in sizes]
    joined = merged(runs, most)
    assert len(joined) <= most
    assert [item for run in joined for item in run] == [item for run in runs for item in run]
    assert len(runs) > most or joined == runs


def test_a_small_page_still_fills_every_slot() -> None:
    runs = cut([Weighed(ordinal, 1.0) for ordinal in range(1, 33)], window=16)
    assert len(runs) >= 16


def test_a_page_fills_every_slot_also_when_its_files_are_thought_to_take_no_time() -> None:
    runs = cut([Weighed(ordinal, 1e-6) for ordinal in range(1, 101)], window=16)
    assert len(runs) >= 32


def test_files_that_have_shown_to_take_no_time_fill_long_slices() -> None:
    items = [Weighed(ordinal, 1e-5) for ordinal in range(1, 1001)]
    assert [len(run) for run in cut(items, window=8, is_measured=True)] == [500, 500]
    assert len(cut(items, window=8)) >= 16


def test_only_the_last_page_has_slices_that_shrink() -> None:
    items = [Weighed(ordinal, 0.05) for ordinal in range(1, 401)]
    lengths = {len(run) for run in cut(items, 4, is_last=False, is_measured=True)[:-1]}
    assert len(lengths) == 1
    last = [len(run) for run in cut(items, 4, is_last=True, is_measured=True)]
    assert last[0] > last[-2]


def test_a_large_file_is_alone() -> None:
    runs = cut([Weighed(1, 50.0), *(Weighed(n, 0.01) for n in range(2, 100))], window=2)
    assert runs[0] == [Weighed(1, 50.0)]


@given(
    speed_factor=st.floats(min_value=0.01, max_value=100),
    predicted=st.floats(min_value=0, max_value=1e6),
    seconds=st.floats(min_value=0, max_value=1e6),
)
def test_the_pace_stays_within_its_bounds(
    speed_factor: float, predicted: float, seconds: float
) -> None:
    assert 0.01 <= corrected_speed_factor(speed_factor, predicted, seconds, NEW_JOBS) <= 1000


@settings(max_examples=200)
@given(
    total=st.integers(min_value=0, max_value=120),
    page_files=st.integers(min_value=1, max_value=30),
    concurrency=st.integers(min_value=1, max_value=8),
    pages=st.integers(min_value=1, max_value=4),
    seed=st.integers(min_value=0, max_value=1000),
)
def test_a_relay_hands_out_every_ordinal_whatever_happens_to_its_pages(
    total: int, page_files: int, concurrency: int, pages: int, seed: int
) -> None:
    random_ = random.Random(seed)
    scheduler = PageScheduler(concurrency, page_files, NEW_JOBS)
    settled: set[int] = set()
    losses = 0
    for step in range(10_000):
        scheduler.high_water_mark = min(
            total, scheduler.high_water_mark + random_.randint(0, page_files)
        )
        scheduler.is_final = scheduler.high_water_mark == total
        if scheduler.is_done:
            break
        if scheduler.may_start:
            taken = scheduler.next_range(pages)
            size = taken.last - taken.first + 1
            assert 1 <= size <= pages * page_files
            assert scheduler.redispatch or scheduler.is_final or size % page_files == 0
            scheduler.start(f"page-{step}", taken)
            if random_.random() < 0.2:
                # An earlier parent has started it, with more items or with fewer.
                last = random_.randint(taken.first, min(total, taken.last + page_files))
                scheduler.covers(f"page-{step}", OrdinalRange(first=taken.first, last=last))
        shares = scheduler.shares()
        drained_slots = sum(page.slots for page in scheduler.pages.values() if page.is_drained)
        assert sum(shares.values()) + drained_slots <= concurrency
        if scheduler.pages:
            page_id = random_.choice(list(scheduler.pages))
            page = scheduler.pages[page_id]
            what = random_.random()
            if what < 0.2 and losses < 20:
                scheduler.lost(page_id)
                losses += 1
            elif what < 0.5 and shares.get(page_id, 0):
                scheduler.told(page_id, shares[page_id])
                scheduler.drained(page_id, random_.randint(0, shares[page_id]))
            elif what < 0.7 and page.is_drained:
                # Files that failed transiently, or a run of it that it has continued as new.
                scheduler.drained(page_id, page.slots, waits=True)
            elif page.is_drained:
                scheduler.ended(page_id)
                settled |= set(range(page.first, page.last + 1))
    assert scheduler.is_done
    assert settled == set(range(1, total + 1))


def test_the_page_ahead_waits_with_no_share_until_the_current_one_drains() -> None:
    scheduler = PageScheduler(4, 10, NEW_JOBS, high_water_mark=30, is_final=True)
    assert scheduler.start("a", scheduler.next_range()) == 4
    assert scheduler.start("b", scheduler.next_range()) == 0
    assert not scheduler.may_start
    scheduler.drained("a", 3)
    assert scheduler.untold_shares() == {"b": 1}
    assert scheduler.may_start


def test_a_drained_page_that_has_slices_again_gets_what_is_free_and_no_more() -> None:
    scheduler = PageScheduler(8, 10, NEW_JOBS, high_water_mark=30, is_final=True)
    scheduler.start("a", scheduler.next_range())
    scheduler.drained("a", 3)
    assert scheduler.start("b", scheduler.next_range()) == 5
    scheduler.drained("a", 2, waits=True)
    assert scheduler.untold_shares() == {"a": 3}
    scheduler.told("a", 3)
    scheduler.drained("b", 2)
    assert scheduler.untold_shares() == {"a": 6}
    scheduler.told("a", 6)
    assert scheduler.start("c", scheduler.next_range()) == 0


def test_ranges_that_wait_to_be_handed_out_again_are_never_too_many_to_be_carried() -> None:
    state = BatchState(
        BatchInput(job_id="job", page_files=1, threshold=1, cursor=5000, high_water_mark=5000)
    )
    state.unsettled(tuple(OrdinalRange(first=n, last=n) for n in range(1, 1200, 2)))
    redispatch = state.carried().redispatch
    assert len(redispatch) == MAX_REDISPATCH
    held = {n for one in redispatch for n in range(one.first, one.last + 1)}
    assert set(range(1, 1200, 2)) <= held


def test_a_page_that_lost_its_parent_twice_is_forgotten_once() -> None:
    scheduler = PageScheduler(4, 10, NEW_JOBS, high_water_mark=10, is_final=True)
    scheduler.start("a", scheduler.next_range())
    assert scheduler.ended("a")
    assert not scheduler.ended("a")
    assert not scheduler.lost("a")


def test_an_adopted_page_with_more_items_leaves_none_of_them_to_the_next_page() -> None:
    scheduler = PageScheduler(4, 10, NEW_JOBS, high_water_mark=30, is_final=True)
    scheduler.start("a", scheduler.next_range())
    scheduler.covers("a", OrdinalRange(first=1, last=25))
    assert scheduler.next_range() == OrdinalRange(first=26, last=30)


def test_what_an_adopted_page_does_not_have_is_handed_out_before_anything_new() -> None:
    scheduler = PageScheduler(4, 10, NEW_JOBS, high_water_mark=30, is_final=True)
    scheduler.start("a", scheduler.next_range())
    scheduler.covers("a", OrdinalRange(first=1, last=4))
    assert scheduler.next_range() == OrdinalRange(first=5, last=10)


def test_a_window_puts_back_the_rest_first_and_retries_last() -> None:
    window = Window(share=1)
    window.add([Slice(first=1, last=5), Slice(first=6, last=10)])
    window.start()
    retried = Slice(first=2, last=2, is_isolated=True)
    window.end(ProcessSliceResult(remaining=OrdinalRange(first=4, last=5), isolated=(retried,)))
    started = []
    while window.may_start:
        taken = window.start()
        started.append((taken.first, taken.is_isolated))
        window.end(ProcessSliceResult())
    assert started == [(4, False), (6, False), (2, True)]
