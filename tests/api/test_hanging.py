"""A folder that hangs is told as away, and nothing else of the API waits for it."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from sheaf.api.routers import directories
from sheaf.runtime.file_calls import FILE_CALLS
from sheaf.storage import local
from tests.api.conftest import Served
from tests.api.test_single_jobs import upload


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """What hangs until the end of the test."""
    monkeypatch.setattr(FILE_CALLS, "stall_seconds", 0.3)
    made = threading.Event()
    yield made
    made.set()


def waits(gate: threading.Event) -> Any:
    def call(*_: object) -> None:
        gate.wait()
        raise OSError("too late")

    return call


async def test_a_source_root_that_hangs_is_away(
    served: Served, gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directories, "open_folder", waits(gate))
    for _ in range(2):
        answer = await served.client.post(
            "/api/v1/beta/directories", json={"name": "a", "source_uri": "file:///mnt/dead"}
        )
        assert (answer.status_code, answer.headers["Retry-After"].isdigit()) == (503, True)
    assert (await served.client.get("/livez")).is_success
    assert (await served.client.get("/api/v1/beta/directories")).is_success


async def test_a_store_that_hangs_is_away(
    served: Served, gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_id = await upload(served, "a.txt")
    monkeypatch.setattr(local.LocalBlobs, "_put_stream", waits(gate))
    files = {"file": ("b.txt", b"text")}
    answer = await served.client.post("/api/v1/beta/files", files=files, data={"purpose": "parse"})
    assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
    assert (await served.client.get(f"/api/v1/beta/files/{file_id}")).is_success
