"""An API process for one test, which may be killed and started again on its port."""

import signal
import subprocess
import time
from pathlib import Path

from sheaf.embedded.home import Home
from sheaf.embedded.temporal_server import free_port, is_listening
from sheaf.runtime.children import child_environment, python_command

ROOT = Path(__file__).parents[2]
START_SECONDS = 30


class ApiProcess:
    """`python -m sheaf.api.server` over a home.

    Args:
        home: its state; the local key is made there.
        temporal_port: where Temporal listens, or would listen.
    """

    def __init__(self, home: Path, temporal_port: int, **environment: str) -> None:
        self.home = Home(home)
        self.home.prepare()
        self.port = free_port(19_000)
        self.url = f"http://127.0.0.1:{self.port}"
        self._environment = {
            "SHEAF_HOME": str(home),
            "SHEAF_API_PORT": str(self.port),
            "TEMPORAL_ADDRESS": f"127.0.0.1:{temporal_port}",
            **environment,
        }
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def key(self) -> str:
        """The local key."""
        return self.home.local_key()

    @property
    def headers(self) -> dict[str, str]:
        """What an authorised request carries."""
        return {"Authorization": f"Bearer {self.key}"}

    def start(self) -> None:
        """Start it and wait until it listens."""
        with (self.home.logs / "api.log").open("ab") as log:
            self.process = subprocess.Popen(
                python_command("sheaf.api.server"),
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=child_environment(PYTHONPATH=str(ROOT), **self._environment),
            )
        deadline = time.monotonic() + START_SECONDS
        while not is_listening(self.port):
            assert time.monotonic() < deadline, "the API does not listen"
            assert self.process.poll() is None, (self.home.logs / "api.log").read_text()[-2000:]
            time.sleep(0.05)

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """End it."""
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)
