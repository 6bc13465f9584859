"""How long a file is predicted to take before it is read, from its size and its name.

The figures are medians of one parser process on 240 real documents (`bench/parse_quality.py`
prints the time per format). They only have to be right relative to each other: the paces that a
job's own slices have shown, one a kind of file, correct their level.
"""

from collections.abc import Mapping
from typing import NamedTuple

from sheaf.contracts.temporal.tunables import SchedulingTunables

OTHER = "other"
_MIB = 1024 * 1024


class _Figures(NamedTuple):
    base_seconds: float
    seconds_per_mib: float


_KINDS = {
    "pdf": _Figures(0.005, 0.03),
    "image": _Figures(0.5, 1.0),
    OTHER: _Figures(0.003, 0.05),
}
_IMAGES = ("png", "jpg", "jpeg", "tif", "tiff", "webp", "gif", "bmp")
_KIND_OF_EXTENSION = {"pdf": "pdf", **dict.fromkeys(_IMAGES, "image")}


def kind_of(name: str) -> str:
    """Return the kind of a file by its name's extension, in any case: one pace is kept of each."""
    return _KIND_OF_EXTENSION.get(name.rpartition(".")[2].lower(), OTHER)


def predicted_seconds(
    name: str, size_bytes: int, speed_factors: Mapping[str, float] | None = None
) -> float:
    """Return the seconds a file of this name and size should take; over 0.

    Args:
        name: file name.
        size_bytes: size of the file.
        speed_factors: measured seconds per predicted second by kind; 1.0 where none was measured.
    """
    kind = kind_of(name)
    figures = _KINDS[kind]
    seconds = figures.base_seconds + figures.seconds_per_mib * size_bytes / _MIB
    return seconds * (speed_factors or {}).get(kind, 1.0)


def corrected_speed_factor(
    speed_factor: float, predicted: float, seconds: float, tunables: SchedulingTunables
) -> float:
    """Move a pace towards what some files have just shown, within bounds.

    Args:
        speed_factor: as it was.
        predicted: seconds that were predicted for the files, at a pace of 1.0.
        seconds: that they took.
        tunables: the job's.
    """
    if predicted <= 0 or seconds <= 0:
        return speed_factor
    shown = moved(speed_factor, seconds / predicted, tunables)
    return min(tunables.most_pace, max(tunables.least_pace, shown))


def moved(known: float, shown: float, tunables: SchedulingTunables) -> float:
    """Return what is known, moved towards what was shown."""
    share = tunables.learned_share
    return (1 - share) * known + share * shown
