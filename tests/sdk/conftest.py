"""The embedded profile as real processes, for the official clients to talk to."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from sheaf.embedded.temporal_server import free_port

ROOT = Path(__file__).parents[2]
DOCUMENTS = ROOT / "examples" / "documents"
START_SECONDS = 60
RULES = [
    {"type": "invoice", "description": "a bill for goods or services, with amounts due"},
    {"type": "contract", "description": "an agreement between parties with terms and signatures"},
]


@dataclass(frozen=True)
class Endpoint:
    """What a client is told."""

    base_url: str
    api_key: str


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """`sheaf up` in a home of its own; stopped at the end."""
    with served_home(tmp_path_factory.mktemp("sdk")) as served:
        yield served


@contextmanager
def served_home(folder: Path) -> Iterator[Endpoint]:
    """Run `sheaf up` with its home in a folder."""
    home, output = folder / "home", folder / "up.log"
    with output.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "starter", "up"],
            cwd=ROOT,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={
                **os.environ,
                "SHEAF_HOME": str(home),
                "SHEAF_API_PORT": str(free_port(18_000)),
            },
        )
    try:
        yield _told(process, output)
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture(scope="session")
def documents() -> list[Path]:
    """The sample documents: real files of twenty formats, some of them broken; none is empty,
    which the contract refuses."""
    found = sorted(path for path in DOCUMENTS.rglob("*") if path.is_file())
    return [path for path in found if path.stat().st_size]


def _told(process: "subprocess.Popen[bytes]", output: Path) -> Endpoint:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        lines = dict(line.rsplit(" ", 1) for line in output.read_text().splitlines() if " " in line)
        if "API" in lines and "API key" in lines:
            return Endpoint(lines["API"].strip(), lines["API key"].strip())
        assert process.poll() is None, output.read_text()
        time.sleep(0.1)
    raise AssertionError(f"sheaf up did not come up: {output.read_text()}")
