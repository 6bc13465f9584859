"""What counts as a slice's own time, and what ends it."""

from sheaf.processing.slice_budget import SliceBudget


def test_looking_whether_the_time_is_over_does_not_begin_it() -> None:
    budget = SliceBudget(0.0)
    assert not budget.is_over
    assert budget.began is None
    assert budget.begins()
    assert budget.is_over
    assert not budget.begins()


def test_a_job_that_takes_no_more_work_has_nothing_begun_and_nothing_opened() -> None:
    budget = SliceBudget(60.0, lambda: True)
    assert not budget.begins()
    assert budget.is_over


def test_a_worker_that_leaves_begins_one_file_and_no_second() -> None:
    budget = SliceBudget(60.0, is_leaving=lambda: True)
    assert budget.begins()
    assert not budget.begins()


def test_a_budget_without_bounds_has_no_end() -> None:
    budget = SliceBudget()
    assert all(budget.begins() for _ in range(3))
    assert not budget.is_over
