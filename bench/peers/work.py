"""The work that each peer is given, and the log that tells how often each file was worked on.

Standard library only: the peers run in two virtual environments.
"""

import functools
import os
from collections import Counter
from pathlib import Path

FOLDER = "SHEAF_PEERS_FOLDER"
"""Names the folder of one measurement: the log, and whatever the peer keeps."""


def folder() -> Path:
    """Return the folder of this measurement."""
    return Path(os.environ[FOLDER])


def file_names(mark: str, first: int, last: int) -> list[str]:
    """Return names of files, `first` counted in and `last` not."""
    return [f"{mark}-{number:07}.txt" for number in range(first, last)]


def parse(name: str) -> dict[str, str | int]:
    """Return a small result at once, having noted the file in the log."""
    os.write(_log(), f"{name}\n".encode())
    return {"name": name, "pages": 1}


def mistakes(mark: str, total: int, completed: int) -> str | None:
    """Say how the log and the peer's own count differ from each file once; None if they do not.

    Args:
        completed: the results that the peer gave back, or counted.
    """
    asked = file_names(mark, 0, total)
    noted = Counter(_noted(mark))
    missing = sum(name not in noted for name in asked)
    again = sum(count > 1 for count in noted.values())
    unknown = len(noted.keys() - set(asked))
    if completed == total and not (missing or again or unknown):
        return None
    return (
        f"of {total} files {completed} ended, {missing} never ran, {again} ran again, "
        f"{unknown} are unknown"
    )


def _noted(mark: str) -> list[str]:
    lines = (folder() / "log").read_text().splitlines()
    return [line for line in lines if line.startswith(f"{mark}-")]


@functools.cache
def _log() -> int:
    """Open the log; whole lines of several processes never mix under `O_APPEND`."""
    return os.open(folder() / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
