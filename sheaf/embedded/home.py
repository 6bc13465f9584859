"""The home of the embedded profile: what lies where, and who runs in it."""

import contextlib
import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil

from sheaf.runtime.signing_keys import HomeKeys, PreviousKey, secret_file
from sheaf.runtime.supervised import Restarts

LEFTOVER_SECONDS = 10


@dataclass(frozen=True)
class Running:
    """What `sheaf up` has started in a home."""

    pid: int
    """Process of `sheaf up` itself."""
    children: dict[str, int]
    """Process ids by role: `temporal`, `worker`, `api`."""
    temporal_address: str
    ui_address: str
    api_address: str = ""
    """Empty in what a version without an API has published."""
    restarts: dict[str, Restarts] = field(default_factory=dict)
    """By role."""


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

    def log_file(self, role: str) -> Path:
        """Where the output of a role goes."""
        return self.logs / f"{role}.log"

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

    @property
    def api_ready_file(self) -> Path:
        """Written by the API once it takes requests; holds its port."""
        return self.root / "api.ready"

    def local_key(self) -> str:
        """Return the API key of this home, made at the first call; only this user may read it."""
        return self._secret("api.key", "sk-sheaf-" + secrets.token_urlsafe(32))

    def forget_local_key(self) -> None:
        """Have the next call of `local_key` make another one."""
        (self.root / "api.key").unlink(missing_ok=True)

    def last_api_port(self) -> int | None:
        """Return the port that the API had last, so that its address stays the same."""
        try:
            return int(self.api_ready_file.read_text())
        except (FileNotFoundError, ValueError):
            return None

    def signing_keys(self, named: Sequence[PreviousKey] = ()) -> HomeKeys:
        """Return the keys that sign this home's links and seal its secrets; see `HomeKeys`."""
        self.prepare()
        return HomeKeys(self.root, named)

    def _secret(self, name: str, fresh: str) -> str:
        self.prepare()
        return secret_file(self.root / name, fresh)

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
            found = json.loads(self._running_file.read_text())
            restarts = {role: Restarts(**of) for role, of in found.pop("restarts", {}).items()}
            return Running(**found, restarts=restarts)
        except (FileNotFoundError, ValueError, TypeError, AttributeError):
            return None

    def running(self) -> Running | None:
        """Return what runs in this home now, or None."""
        with self.lock() as is_free:
            return None if is_free else self.recorded()

    def kill_leftovers(self) -> list[str]:
        """End children of a `sheaf up` that was killed; only while holding the lock.

        Returns their roles once they are gone, and their ports and files are free.
        """
        left = self.recorded()
        killed = {}
        for role, pid in (left.children if left else {}).items():
            if process := self._own_process(pid, role):
                with contextlib.suppress(psutil.Error):
                    process.kill()
                    killed[role] = process
        psutil.wait_procs(killed.values(), timeout=LEFTOVER_SECONDS)
        self.clear_running()
        return list(killed)

    def _own_process(self, pid: int, role: str) -> psutil.Process | None:
        """Return the process of a recorded id, if it is what we started and not a newcomer."""
        try:
            process = psutil.Process(pid)
            is_ours = any(_MARKS[role] in part for part in process.cmdline())
            is_here = process.environ().get("SHEAF_HOME") == str(self.root)
        except psutil.Error:
            return None
        return process if is_ours and is_here else None

    @property
    def _running_file(self) -> Path:
        return self.root / "running.json"


# By a part of it: what a version with other module names has left behind ends as well.
_MARKS = {"temporal": "start-dev", "worker": "worker", "api": "api.server"}
