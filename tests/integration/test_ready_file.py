"""When a worker says that it takes work."""

import os
import subprocess
import sys
import time
from pathlib import Path

from sheaf.embedded.temporal_server import free_port


def test_a_worker_is_not_ready_by_the_file_of_the_one_before(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    ready.write_text("1")
    names = {
        "SHEAF_HOME": str(tmp_path),
        "SHEAF_READY_FILE": str(ready),
        # Nothing listens there, so it waits.
        "TEMPORAL_ADDRESS": f"127.0.0.1:{free_port(26_000)}",
    }
    with (tmp_path / "log").open("wb") as log:
        command = [sys.executable, "-m", "worker"]
        worker = subprocess.Popen(command, env={**os.environ, **names}, stdout=log, stderr=log)
        try:
            deadline = time.monotonic() + 30
            while ready.exists() and worker.poll() is None and time.monotonic() < deadline:
                time.sleep(0.1)
            assert worker.poll() is None, (tmp_path / "log").read_text()
            assert not ready.exists()
        finally:
            worker.kill()
            worker.wait()
