"""Which file systems are on disks of this machine.

A look at a file there does not hang, but for a disk that is broken, and with it the machine. So it
needs no thread of its own, which costs as much as a small file does. What is not known to be there
may be a network's.
"""

import os
import time
from functools import lru_cache
from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")
ON_DISK = frozenset({"ext2", "ext3", "ext4", "f2fs", "tmpfs", "xfs"})


def is_on_disk(device: int) -> bool:
    """Whether a device, as of `os.stat_result.st_dev`, is on a disk of this machine."""
    # Numbers of devices are used again, so that it is not known for long.
    return device in _devices(MOUNTS, int(time.monotonic()))


@lru_cache(maxsize=1)
def _devices(mounts: Path, second: int) -> frozenset[int]:
    del second
    try:
        lines = mounts.read_text(errors="replace").splitlines()
    except OSError:
        return frozenset()
    found = set()
    for line in lines:
        # ID, parent, major:minor, root, place, options, further fields, a hyphen, type.
        before, _, after = line.partition(" - ")
        major, _, minor = before.split(" ")[2].partition(":")
        if after.partition(" ")[0] in ON_DISK:
            found.add(os.makedev(int(major), int(minor)))
    return frozenset(found)
