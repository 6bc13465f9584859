"""A process whose event loop stands still ends itself, and others can see that it does not.

The watch is a thread in C that needs no interpreter lock, so that it sees a loop that is held by
native code too, such as a regular expression. It prints where every thread is and ends the process;
whoever keeps the process starts it again: `sheaf up`, the worker for its webhook worker, Docker by
`restart`, Kubernetes. A process that has lost too many threads to file systems that do not answer
ends likewise, after it has given back what it can.
"""

import asyncio
import contextlib
import faulthandler
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import structlog

from sheaf.runtime.file_calls import FILE_CALLS

log = structlog.get_logger(__name__)

BEAT_SECONDS = 1.0


@asynccontextmanager
async def beating(limit_seconds: float, ready_file: Path | None = None) -> AsyncIterator[None]:
    """End this process, with exit code 1, once its event loop has stood still for too long.

    A process that was stopped for so long ends too when it goes on: others hold what it held.

    Args:
        limit_seconds: the longest time between two turns of the loop.
        ready_file: its time of change is set at each beat, once it exists.
    """
    beats = asyncio.create_task(_beat(limit_seconds, ready_file))
    try:
        yield
    finally:
        beats.cancel()
        faulthandler.cancel_dump_traceback_later()


async def _beat(limit_seconds: float, ready_file: Path | None) -> None:
    is_leaving = False
    while True:
        if not is_leaving:
            faulthandler.dump_traceback_later(limit_seconds, exit=True)
        if FILE_CALLS.is_exhausted and not is_leaving:
            is_leaving = True
            log.critical("too many calls to file systems hang, so this ends", calls=FILE_CALLS.hung)
            # As whoever keeps it would end it. What is not over by the limit is cut off.
            os.kill(os.getpid(), signal.SIGTERM)
        if ready_file and not is_leaving:
            # It is written when the process is ready; a full disk does not keep a time from it.
            with contextlib.suppress(OSError):
                os.utime(ready_file)
        await asyncio.sleep(min(BEAT_SECONDS, limit_seconds / 4))
