"""Who is admitted: never too many, oldest first, and every project in its turn."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from sheaf.contracts.temporal.small_jobs import MOST_CARRIED
from sheaf.rules.scheduling.admission import (
    FEWEST_CARRIED,
    Waiting,
    admitted,
    cached_workflows,
    capacity,
    carried,
    place,
)

GIB = 1024**3
PROJECTS = st.sampled_from(["a", "b", "c", "d"])


def waiting(project: str, count: int, at: int = 0, priority: int = 3) -> Waiting:
    return Waiting(project, [f"{project}{number}" for number in range(count)], (priority, at))


@given(
    counts=st.dictionaries(PROJECTS, st.integers(0, 40)),
    open_jobs=st.dictionaries(PROJECTS, st.integers(0, 10)),
    places=st.integers(1, 40),
    most=st.integers(0, 20),
)
def test_no_more_are_admitted_than_there_are_places(
    counts: dict[str, int], open_jobs: dict[str, int], places: int, most: int
) -> None:
    taken = admitted([waiting(*one) for one in counts.items()], open_jobs, places, most)
    assert len(taken) <= most
    assert len(set(taken)) == len(taken)
    assert len(taken) <= max(0, places - sum(open_jobs.values()))


@given(counts=st.dictionaries(PROJECTS, st.integers(0, 40)), places=st.integers(1, 40))
def test_jobs_of_a_project_are_admitted_in_their_order(counts: dict[str, int], places: int) -> None:
    taken = admitted([waiting(*one) for one in counts.items()], {}, places, places)
    for project in counts:
        own = [job for job in taken if job.startswith(project)]
        assert own == [f"{project}{number}" for number in range(len(own))]


@given(
    counts=st.dictionaries(PROJECTS, st.integers(1, 40), min_size=2),
    open_jobs=st.dictionaries(PROJECTS, st.integers(0, 10)),
    places=st.integers(1, 60),
)
def test_who_is_given_a_place_has_no_more_than_any_other_that_waits(
    counts: dict[str, int], open_jobs: dict[str, int], places: int
) -> None:
    taken = Counter(
        job[0]
        for job in admitted([waiting(*one) for one in counts.items()], open_jobs, places, places)
    )
    after = {project: open_jobs.get(project, 0) + taken[project] for project in counts}
    for project, given_now in taken.items():
        still_waiting = [other for other in counts if taken[other] < counts[other]]
        assert given_now == 0 or all(after[project] <= after[other] + 1 for other in still_waiting)


@given(
    open_jobs=st.dictionaries(PROJECTS, st.integers(0, 10), min_size=1),
    places=st.integers(4, 60),
)
def test_a_project_that_comes_later_finds_a_place_while_fewer_than_all_are_there(
    open_jobs: dict[str, int], places: int
) -> None:
    held = dict.fromkeys(open_jobs, 0)
    while True:
        taken = admitted([waiting(project, 99) for project in held], held, places, 1)
        if not taken:
            break
        held[taken[0][0]] += 1
    if places > len(held):
        assert admitted([waiting("z", 1)], held, places, 1) == ["z0"]


def test_a_project_alone_has_half_of_the_places() -> None:
    assert len(admitted([waiting("a", 99)], {}, 32, 32)) == 16


def test_the_oldest_of_projects_with_as_many_open_jobs_is_first() -> None:
    both = [waiting("a", 2, at=2), waiting("b", 2, at=1)]
    assert admitted(both, {}, 20, 4) == ["b0", "a0", "b1", "a1"]


def test_priority_goes_before_age() -> None:
    both = [waiting("a", 1, at=2, priority=1), waiting("b", 1, at=1)]
    assert admitted(both, {}, 20, 2) == ["a0", "b0"]


def test_a_place_counts_the_turns_of_other_projects() -> None:
    assert place(1, []) == 1
    assert place(3, [100, 2]) == 3 + 3 + 2


def test_a_place_is_when_the_job_is_admitted() -> None:
    queue = [waiting("a", 6, at=1), waiting("b", 3, at=2), waiting("c", 9, at=3)]
    order = admitted(queue, {}, 10_000, 18)
    for number in range(6):
        assert order.index(f"a{number}") + 1 <= place(number + 1, [3, 9])


def test_the_cache_grows_with_the_memory_and_the_open_jobs_fit_it() -> None:
    assert cached_workflows(1 * GIB) == 200
    assert cached_workflows(16 * GIB) == 1024
    assert cached_workflows(1024 * GIB) == 4000
    for cached in (10, 200, 1024):
        made = capacity(cached, 64)
        assert made.small + 5 * made.large <= cached


def test_slots_bound_the_open_jobs_where_the_cache_is_large() -> None:
    assert capacity(1024, 2).small == 32
    assert capacity(1024, 2).large == 16
    assert capacity(4000, 64).large == 256


def test_single_files_of_a_project_that_come_in_a_rush_share_workflows() -> None:
    rush = [("a", f"a{n}") for n in range(MOST_CARRIED + FEWEST_CARRIED)]
    few = [("b", f"b{n}") for n in range(FEWEST_CARRIED - 1)]
    mixed = [one for pair in zip(rush, few, strict=False) for one in pair] + rush[len(few) :]
    ids = [job_id for _, job_id in rush]
    assert carried(mixed) == [ids[:MOST_CARRIED], ids[MOST_CARRIED:]]
    assert carried(few) == []
    # What would be left over of a full group has Workflows of its own.
    assert carried(rush[: MOST_CARRIED + 1]) == [ids[:MOST_CARRIED]]
