"""How often a page tells its parent what it has done so far."""

SHORTEST_PAUSE = 2.0
"""Seconds between two reports of a page that has just begun."""

REPORTS_AN_AGE = 20
"""Reports that a page makes while its age grows to 2.7 times what it was."""

QUIET_PAUSES = 5
"""Pauses after which a page looks whether there is something to report, should nothing else have
made it look: what it does wakes it, and a timer of its own costs as much as a report."""


def report_pause(age: float) -> float:
    """Return the seconds between two reports, by those since the page began.

    A report is some ten events of the two histories. A page makes 20 in its first 40 s, and no
    more than 180 in a day.
    """
    return max(SHORTEST_PAUSE, age / REPORTS_AN_AGE)
