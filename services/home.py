"""The home of the embedded profile: what lies where, and who runs in it."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True)
class Running:
    """What `sheaf up` has started in a home."""

    pid: int
    """Process of `sheaf up` itself."""
    children: dict[str, int]
    """Process ids by role: `temporal`, `worker`."""
    temporal_address: str
    ui_address: str


class Home:
    """Paths under `SHEAF_HOME`, and the one embedded server that may run in it."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()

    @property
    def blobs(self) -> Path:
        """Results: canonical JSON and markdown."""
        return self.root / "blobs"

    @property
    def logs(self) -> Path:
        """One file a role."""
        return self.root / "logs"

    @property
    def temporal_database(self) -> Path:
        """The embedded Temporal server's SQLite file."""
        return self.root / "temporal.db"

    @property
    def ready_file(self) -> Path:
        """Written by the worker once it takes work."""
        return self.root / "worker.ready"

    def prepare(self) -> None:
        """Make the folders; only this user may look into them."""
        for folder in (self.root, self.blobs, self.logs):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    @contextmanager
    def lock(self) -> Iterator[bool]:
        """Hold the home's lock; yields False when another process has it."""
        self.prepare()
        with (self.root / "lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                yield False
                return
            yield True

    def write_running(self, running: Running) -> None:
        """Publish what runs; readers see the old or the new value, never half of one."""
        temporary = self.root / f".running.{os.getpid()}"
        temporary.write_text(json.dumps(asdict(running)))
        temporary.replace(self._running_file)

    def clear_running(self) -> None:
        """Say that nothing runs."""
        self._running_file.unlink(missing_ok=True)
        self.ready_file.unlink(missing_ok=True)

    def recorded(self) -> Running | None:
        """Return what was published last, whether or not it still runs."""
        try:
            return Running(**json.loads(self._running_file.read_text()))
        except (FileNotFoundError, ValueError, TypeError):
            return None

    def running(self) -> Running | None:
        """Return what runs in this home now, or None."""
        with self.lock() as is_free:
            return None if is_free else self.recorded()

    def kill_leftovers(self) -> None:
        """End children of a `sheaf up` that was killed; only while holding the lock."""
        left = self.recorded()
        for role, pid in (left.children if left else {}).items():
            if _is_ours(pid, role):
                psutil.Process(pid).kill()
        self.clear_running()

    @property
    def _running_file(self) -> Path:
        return self.root / "running.json"


_MARKS = {"temporal": "start-dev", "worker": "worker"}


def _is_ours(pid: int, role: str) -> bool:
    """Whether a recorded process id still belongs to what we started, not to a newcomer."""
    try:
        return any(_MARKS[role] in part for part in psutil.Process(pid).cmdline())
    except psutil.Error:
        return False
