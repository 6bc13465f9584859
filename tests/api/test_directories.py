"""`/api/v1/beta/directories`, in one process."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from llama_cloud import AsyncLlamaCloud

from sheaf.ledger.files.directories import HIDDEN, DirectoryLedger
from tests.api.conftest import Served

DIRECTORIES = "/api/v1/beta/directories"


async def made(served: Served, name: str = "in", **body: Any) -> Any:
    answer = await served.client.post(DIRECTORIES, json={"name": name, **body})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def names(served: Served, **query: Any) -> list[str]:
    answer = await served.client.get(DIRECTORIES, params=query)
    assert answer.status_code == 200, answer.text
    return [one["name"] for one in answer.json()["items"]]


def sources(served: Served) -> Path:
    return served.state.settings.source_roots[0]


async def test_a_directory_shows_what_it_was_made_with(served: Served) -> None:
    directory = await made(
        served,
        description="bills",
        type="ephemeral",
        system_metadata={"a": [1]},
        expires_at="2030-01-01T00:00:00",
        data_source_id="s",
    )
    assert directory["id"].startswith("dir-")
    assert (directory["type"], directory["description"]) == ("ephemeral", "bills")
    assert directory["system_metadata"] == {"a": [1]}
    assert directory["expires_at"] == "2030-01-01T00:00:00Z"
    assert (directory["source_uri"], directory["deleted_at"]) == (None, None)
    assert (await served.client.get(f"{DIRECTORIES}/{directory['id']}")).json() == directory


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": "x" * 3001},
        {"name": "a", "type": "index"},
        {"name": "a", "type": "hidden"},
        {"name": "a", "system_metadata": {str(n): n for n in range(101)}},
        {"name": "a", "system_metadata": {"a": "x" * 70_000}},
        {"name": "a", "expires_at": "9999-12-31T23:59:59-14:00"},
        {"name": "a", "data_source_id": "ü" * 1500},
    ],
)
async def test_an_absurd_directory_is_refused(served: Served, body: dict[str, Any]) -> None:
    answer = await served.client.post(DIRECTORIES, json=body)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"][0] == "body"


async def test_pages_show_every_directory_once_newest_first(served: Served) -> None:
    for name in "abc":
        await made(served, name)
    first = (await served.client.get(DIRECTORIES, params={"page_size": 2})).json()
    query = {"page_size": 2, "page_token": first["next_page_token"]}
    second = (await served.client.get(DIRECTORIES, params=query)).json()
    assert [one["name"] for one in first["items"] + second["items"]] == ["c", "b", "a"]
    assert (first["total_size"], second["next_page_token"]) == (3, None)


async def test_filters_hold_together(served: Served) -> None:
    await made(served, "a", data_source_id="s")
    await made(served, "a", type="ephemeral")
    await made(served, "b", type="ephemeral")
    assert await names(served, name="a") == ["a", "a"]
    assert await names(served, name="a", type="ephemeral") == ["a"]
    assert await names(served, types=["user", "ephemeral"]) == ["b", "a", "a"]
    assert await names(served, data_source_id="s") == ["a"]
    assert (await served.client.get(DIRECTORIES, params={"type": HIDDEN})).status_code == 422


async def test_a_deleted_directory_is_only_listed_for_who_asks(served: Served) -> None:
    directory = await made(served)
    answer = await served.client.delete(f"{DIRECTORIES}/{directory['id']}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert await names(served) == []
    assert await names(served, include_deleted=True) == ["in"]
    for method in ("GET", "DELETE", "PATCH"):
        url = f"{DIRECTORIES}/{directory['id']}"
        body = {} if method == "PATCH" else None
        assert (await served.client.request(method, url, json=body)).status_code == 404
    job = {"job_config": {}, "directory_id": directory["id"]}
    answer = await served.client.post("/api/v1/beta/batch-processing", json=job)
    assert answer.status_code == 404


async def test_a_hidden_directory_is_never_shown(served: Served) -> None:
    ledger = DirectoryLedger(served.state.database)
    hidden = await ledger.create("default", {"name": "one job", "type": HIDDEN})
    assert await names(served, include_deleted=True) == []
    for path in ("", "/files"):
        answer = await served.client.get(f"{DIRECTORIES}/{hidden.id}{path}")
        assert answer.status_code == 404


async def test_a_directory_of_another_project_is_unknown(served: Served) -> None:
    directory = await made(served)
    served.client.headers.update(await served.key("other"))
    assert (await served.client.get(f"{DIRECTORIES}/{directory['id']}")).status_code == 404
    assert await names(served) == []


async def test_a_change_leaves_what_it_does_not_name(served: Served) -> None:
    directory = await made(served, description="bills")
    url = f"{DIRECTORIES}/{directory['id']}"
    changed = (await served.client.patch(url, json={"name": "new", "description": None})).json()
    assert (changed["name"], changed["description"]) == ("new", "bills")
    assert changed["updated_at"] > directory["updated_at"]
    assert (await served.client.patch(url, json={"name": ""})).status_code == 422


async def test_a_folder_under_a_root_backs_one_directory(served: Served) -> None:
    folder = sources(served) / "bills"
    folder.mkdir()
    first = await made(served, "a", source_uri=folder.as_uri())
    assert first["source_uri"] == folder.resolve().as_uri()
    await served.client.delete(f"{DIRECTORIES}/{first['id']}")
    again = await made(served, "b", source_uri=f"{folder.as_uri()}/../bills")
    assert (again["id"], again["name"], again["deleted_at"]) == (first["id"], "b", None)


@pytest.mark.parametrize(
    "uri",
    [
        "file:///etc",
        "file:///etc/nothing-there",
        "file://elsewhere/srv",
        "s3://bucket/key",
        "/srv",
        "file:///a%00b",
        "file:///a?b",
        "file://[",
        "{root}/../home",
        "{root}/link",
        "{root}/nothing",
        "{root}/file",
    ],
)
async def test_any_other_source_is_refused_by_name(
    served: Served, tmp_path: Path, uri: str
) -> None:
    (sources(served) / "link").symlink_to(tmp_path)
    (sources(served) / "file").write_text("no folder")
    body = {"name": "a", "source_uri": uri.replace("{root}", sources(served).as_uri())}
    answer = await served.client.post(DIRECTORIES, json=body)
    assert answer.status_code == 422, answer.text
    (detail,) = answer.json()["detail"]
    assert detail["loc"] == ["body", "source_uri"]


async def test_a_bare_path_is_told_as_the_uri_that_it_would_be(served: Served) -> None:
    body = {"name": "a", "source_uri": "/etc/my files"}
    sources(served)
    answer = await served.client.post(DIRECTORIES, json=body)
    assert answer.json()["detail"][0]["msg"] == "source_uri: write it as file:///etc/my%20files."


async def test_a_server_without_roots_says_how_to_open_one(served: Served) -> None:
    folder = sources(served)
    object.__setattr__(served.state.settings, "source_roots", ())
    body = {"name": "a", "source_uri": folder.as_uri()}
    answer = await served.client.post(DIRECTORIES, json=body)
    assert "SHEAF_SOURCE_ROOTS" in answer.json()["detail"][0]["msg"]


async def test_the_official_client_makes_lists_changes_and_deletes(served: Served) -> None:
    http = httpx.AsyncClient(transport=served.client._transport)
    key = served.client.headers["Authorization"].removeprefix("Bearer ")
    async with AsyncLlamaCloud(
        api_key=key, base_url="http://sheaf.test", http_client=http
    ) as client:
        directory = await client.beta.directories.create(name="in", description=None)
        other = await client.beta.directories.create(name="other")
        listed = [one.id async for one in client.beta.directories.list(page_size=1)]
        assert listed == [other.id, directory.id]
        changed = await client.beta.directories.update(directory.id, description="d")
        assert (changed.name, changed.description) == ("in", "d")
        file = await client.beta.directories.files.upload(
            directory.id, upload_file=("a.txt", b"text")
        )
        moved = await client.beta.directories.files.update(
            file.id, directory_id=directory.id, target_directory_id=other.id
        )
        assert (moved.id, moved.directory_id) == (file.id, other.id)
        files = [one.id async for one in client.beta.directories.files.list(other.id)]
        assert files == [file.id]
        await client.beta.directories.files.delete(file.id, directory_id=other.id)
        await client.beta.directories.delete(directory.id)
