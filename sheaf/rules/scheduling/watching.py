"""How often a parent looks whether its children are still there."""

from sheaf.contracts.temporal.runs import RunLimits
from sheaf.contracts.temporal.tunables import SchedulingTunables


def next_pause(
    pause: float, limits: RunLimits, tunables: SchedulingTunables, *, is_quiet: bool
) -> float:
    """Return the seconds until the next look, by those before this one.

    More where nothing was heard since the look before, up to the limit: the last pages of
    many jobs may wait for a long file each, and a look costs as much as working at a hundred.
    """
    if limits.longest_watchdog_seconds is None or not is_quiet:
        return limits.watchdog_seconds
    return min(limits.longest_watchdog_seconds, tunables.quiet_watch_growth * pause)
