"""What a parser process gives up before it reads its first byte of a document.

Standard library only: the limits must stand before anything heavy is imported. Every measure but
the resource limits is best effort, since containers and macOS refuse some of them; none of them
may keep a parser from working.
"""

import contextlib
import ctypes
import os
import resource
import signal
import sys
import threading
import time

PR_SET_PDEATHSIG = 1
PR_SET_NO_NEW_PRIVS = 38
CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000

MAX_FILE_BYTES = 1024 * 1024 * 1024
"""Largest temporary file that an engine may write; pages rendered for OCR are far smaller."""

PARENT_POLL_SECONDS = 1.0


def confine(memory_bytes: int, parent_pid: int) -> None:
    """Limit this process for the rest of its life.

    Args:
        memory_bytes: bound of the address space; 0 leaves it unbounded.
        parent_pid: the process whose death this one must not outlive.
    """
    # Native thread pools would only fight with the neighbouring parser processes for the cores.
    os.environ["OMP_NUM_THREADS"] = "1"
    if memory_bytes:
        _lower(resource.RLIMIT_AS, memory_bytes)
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_FSIZE, MAX_FILE_BYTES)
    if sys.platform == "linux":
        _confine_on_linux()
    else:
        _watch_parent(parent_pid)
    # The parent may have died before its death could be asked for.
    if os.getppid() != parent_pid:
        os._exit(1)


def allow_processor_seconds(seconds: int) -> None:
    """Move the processor-time limit to `seconds` after what this process has used already."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(usage.ru_utime + usage.ru_stime) + 1 + seconds
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    resource.setrlimit(resource.RLIMIT_CPU, (limit, hard))


def _lower(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    # macOS refuses to bound the address space of a running process.
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(kind, (value, value))


def _confine_on_linux() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    # Root may leave the network at once; others need a user namespace of their own, which some
    # distributions forbid. A document then could reach the network only through an engine's hole.
    if libc.unshare(CLONE_NEWNET) != 0:
        libc.unshare(CLONE_NEWUSER | CLONE_NEWNET)


def _watch_parent(parent_pid: int) -> None:
    def watch() -> None:
        while os.getppid() == parent_pid:
            time.sleep(PARENT_POLL_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()
