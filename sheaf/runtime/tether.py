"""Run as `python -m sheaf.runtime.tether PARENT COMMAND`: a command that ends with who began it.

On Linux the kernel kills the command with its parent, and this process becomes the command.
Elsewhere this process stays between the two: it passes signals and the exit code on, and kills the
command when the parent is gone.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import NoReturn

from sheaf.runtime.children import python_command
from sheaf.runtime.sandbox import PR_SET_PDEATHSIG

POLL_SECONDS = 0.2


def tethered(command: Sequence[str]) -> list[str]:
    """Return a command that does the same, and ends when this process does, however that ends."""
    return python_command("sheaf.runtime.tether", str(os.getpid()), *command)


def main(arguments: Sequence[str]) -> NoReturn:
    """Run the command after the parent's process id."""
    parent, command = int(arguments[0]), list(arguments[1:])
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        # It may have died before its death could be asked for.
        if os.getppid() == parent:
            os.execvp(command[0], command)  # noqa: S606 - the command is ours
        sys.exit(1)
    sys.exit(_tend(parent, command))


def _tend(parent: int, command: list[str]) -> int:
    child = subprocess.Popen(command)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _: child.send_signal(received))
    while child.poll() is None:
        if os.getppid() != parent:
            child.kill()
        time.sleep(POLL_SECONDS)
    return child.returncode if child.returncode >= 0 else 128 - child.returncode


if __name__ == "__main__":
    main(sys.argv[1:])
