"""How long a file is predicted to take before it is read, from its size and its name.

The figures are medians of one parser process on 240 real documents (`bench/parse_quality.py`
prints the time per format). They only have to be right relative to each other: the job's measured
pace corrects their level.
"""

_SECONDS_PER_MIB = {
    "pdf": 0.15,
    "png": 1.0, "jpg": 1.0, "jpeg": 1.0, "tif": 1.0, "tiff": 1.0, "webp": 1.0,
}  # fmt: skip
_OTHER_SECONDS_PER_MIB = 0.05

_BASE_SECONDS = {
    "pdf": 0.02,
    "png": 1.0, "jpg": 1.0, "jpeg": 1.0, "tif": 1.0, "tiff": 1.0, "webp": 1.0,
}  # fmt: skip
_OTHER_BASE_SECONDS = 0.005

_MIB = 1024 * 1024


def predicted_seconds(name: str, size_bytes: int, pace: float = 1.0) -> float:
    """Return the seconds a file of this name and size should take at this pace; over 0.

    Args:
        name: file name; its extension, in any case, picks the figures.
        size_bytes: size of the file.
        pace: measured seconds per predicted second, 1.0 before anything was measured.
    """
    extension = name.rpartition(".")[2].lower()
    base = _BASE_SECONDS.get(extension, _OTHER_BASE_SECONDS)
    slope = _SECONDS_PER_MIB.get(extension, _OTHER_SECONDS_PER_MIB)
    return (base + slope * size_bytes / _MIB) * pace
