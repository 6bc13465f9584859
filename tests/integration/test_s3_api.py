"""The API over storage on S3: uploads, sources, jobs and downloads."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import cast

import httpx
import pytest
import pytest_asyncio
from temporalio.client import Client

from sheaf.api.server import create_app
from sheaf.api.state import ApiState
from sheaf.config import Settings
from sheaf.embedded.home import Home
from sheaf.ledger.database import Database
from sheaf.ledger.migrate import migrate
from sheaf.storage.object_store import bucket
from sheaf.testing.s3_server import S3Server, s3_server
from tests.api.conftest import ListeningTemporal, Served

BETA = "/api/v1/beta"


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with s3_server() as running:
        yield running


@pytest_asyncio.fixture
async def served(
    server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Served]:
    """An application with its storage in the bucket."""
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)
    bucket.cache_clear()
    settings = Settings(
        home=tmp_path / "home",
        storage_url="s3://bucket/store/",
        s3_sources={"default": ("s3://bucket/in/",)},
        s3_outputs={"default": ("s3://bucket/out/",)},
    )
    Home(settings.home).prepare()
    database = Database(settings.ledger_url)
    await migrate(database)
    temporal = ListeningTemporal()
    app = create_app(lambda: (_ for _ in ()).throw(AssertionError))  # type: ignore[arg-type]
    app.state.sheaf = ApiState.of(settings, database, cast("Client", temporal))
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://sheaf.test") as client:
        made = Served(client, app.state.sheaf, temporal)
        client.headers.update(await made.key())
        yield made
    await made.state.views.close()
    await database.close()
    bucket.cache_clear()


async def test_uploads_lie_in_the_bucket_and_come_back(served: Served, server: S3Server) -> None:
    content = b"content " * 1000
    files = {"file": ("a \u00e9.txt", content)}
    made = await served.client.post(f"{BETA}/files", files=files, data={"purpose": "parse"})
    file_id = made.json()["id"]
    assert [server.read(key) for key in server.keys("store/uploads/")] == [content]
    link = (await served.client.get(f"{BETA}/files/{file_id}/content")).json()["url"]
    answer = await served.client.get(link, headers={"Authorization": ""})
    assert (answer.content, answer.headers["content-length"]) == (content, str(len(content)))
    assert "a%20%C3%A9.txt" in answer.headers["content-disposition"]
    await served.client.delete(f"{BETA}/files/{file_id}")
    assert server.keys("store/uploads/") == []
    assert (await served.client.get(link)).status_code == 404


async def test_a_directory_shows_a_prefix_that_is_open(served: Served) -> None:
    body = {"name": "in", "source_uri": "s3://bucket/in/2026"}
    made = await served.client.post(f"{BETA}/directories", json=body)
    assert (made.status_code, made.json()["source_uri"]) == (201, "s3://bucket/in/2026/")
    again = await served.client.post(f"{BETA}/directories", json={**body, "name": "again"})
    assert again.json()["id"] == made.json()["id"]


@pytest.mark.parametrize(
    "uri", ["s3://bucket/inside/", "s3://bucket/", "s3://other/in/", "s3://k:s@bucket/in/"]
)
async def test_a_prefix_that_is_not_open_is_refused(served: Served, uri: str) -> None:
    answer = await served.client.post(f"{BETA}/directories", json={"name": "in", "source_uri": uri})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "source_uri"]


@pytest.mark.parametrize(
    ("parameters", "status"),
    [
        ({"output_s3_path_prefix": "s3://bucket/out/a/"}, 201),
        ({"output_s3_path_prefix": "out/", "outputBucket": "bucket"}, 201),
        ({"output_s3_path_prefix": "s3://bucket/outside/"}, 422),
        ({"output_s3_path_prefix": "no place"}, 422),
        ({"outputBucket": "bucket"}, 422),
    ],
)
async def test_results_go_only_where_the_operator_lets_them(
    served: Served, parameters: dict[str, str], status: int
) -> None:
    made = await served.client.post(
        f"{BETA}/directories", json={"name": "in", "source_uri": "s3://bucket/in/"}
    )
    answer = await served.client.post(
        f"{BETA}/batch-processing",
        json={"job_config": {"parameters": parameters}, "directory_id": made.json()["id"]},
    )
    assert answer.status_code == status, answer.text
    if status == 422:
        assert "output" in answer.text


@pytest.mark.parametrize("prefix", ["s3://bucket/outside/", "no place"])
async def test_an_upload_whose_results_may_not_go_there_is_not_kept(
    served: Served, server: S3Server, prefix: str
) -> None:
    answer = await served.client.post(
        "/api/v1/parsing/upload",
        files={"file": ("a.txt", b"a")},
        data={"output_s3_path_prefix": prefix},
    )
    assert answer.status_code == 422, answer.text
    assert answer.json()["detail"][0]["loc"] == ["body", "output_s3_path_prefix"]
    assert server.keys("store/uploads/") == []


async def test_the_api_says_that_its_storage_is_away(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sheaf.storage.object_store.MAX_RETRIES", 0)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    bucket.cache_clear()
    away = ApiState.of(served.state.settings, served.state.database, served.state.client)
    served.client._transport.app.state.sheaf = away  # type: ignore[attr-defined]
    files = {"file": ("a.txt", b"a")}
    answer = await served.client.post(f"{BETA}/files", files=files, data={"purpose": "parse"})
    assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
    assert "127.0.0.1:9" not in answer.text
