"""How often a parent looks after its children."""

from sheaf.contracts.temporal.runs import RunLimits
from sheaf.rules.scheduling.tunables import NEW_JOBS
from sheaf.rules.scheduling.watching import next_pause


def test_a_quiet_watchdog_pauses_longer_up_to_its_limit_until_something_changes() -> None:
    limits = RunLimits(watchdog_seconds=15, longest_watchdog_seconds=50)
    assert next_pause(15, limits, NEW_JOBS, is_quiet=True) == 30
    assert next_pause(30, limits, NEW_JOBS, is_quiet=True) == 50
    assert next_pause(50, limits, NEW_JOBS, is_quiet=False) == 15


def test_jobs_of_an_earlier_version_are_looked_after_as_ever() -> None:
    limits = RunLimits(watchdog_seconds=15)
    assert next_pause(15, limits, NEW_JOBS, is_quiet=True) == 15
