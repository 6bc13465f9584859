"""The numbers that new jobs are given; each then keeps its own to its end.

This is the one place at which such a number changes: a job that is open at the time goes on by
those that its input carries.
"""

from sheaf.contracts.temporal.tunables import SchedulingTunables
from sheaf.rules.scheduling.slicing import LONGEST_SLICE_SECONDS

NEW_JOBS = SchedulingTunables(longest_slice_seconds=LONGEST_SLICE_SECONDS)
