"""How much memory this process may count on."""

from pathlib import Path

import psutil

_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
"""Where a container's limit is told: by cgroups of the second version, and of the first."""


def memory_bytes(limits: tuple[Path, ...] = _LIMITS) -> int:
    """Return the machine's memory, or the container's limit where that is less."""
    known = [int(psutil.virtual_memory().total)]
    for path in limits:
        try:
            known.append(int(path.read_text()))
        except (OSError, ValueError):
            # There is no such file, or it says "max".
            continue
    return min(known)
