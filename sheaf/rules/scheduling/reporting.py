"""How often a page tells its parent what it has done so far."""

from sheaf.contracts.temporal.tunables import SchedulingTunables


def report_pause(age: float, tunables: SchedulingTunables) -> float:
    """Return the seconds between two reports, by those since the page began.

    A report is some ten events of the two histories. By the tunables' defaults a page makes 20 in
    its first 40 s, and no more than 180 in a day.
    """
    return max(tunables.shortest_report_seconds, age / tunables.reports_per_age)
