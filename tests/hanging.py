"""Files whose reading hangs in the kernel, as on a mount whose server is gone."""

import fcntl
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def hanging(path: Path) -> Iterator[None]:
    """Have every call that opens a regular file hang until the context ends, at most 45 s.

    By a lease on it, which the kernel asks this process to give up, and waits for.
    """
    before = signal.signal(signal.SIGIO, signal.SIG_IGN)
    descriptor = os.open(path, os.O_RDWR)
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        yield
    finally:
        os.close(descriptor)
        signal.signal(signal.SIGIO, before)
