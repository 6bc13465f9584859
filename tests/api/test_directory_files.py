"""`/api/v1/beta/directories/{id}/files`, in one process."""

import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from sheaf.ledger.tables import directory_files
from tests.api.conftest import Served
from tests.api.test_directories import DIRECTORIES, made, sources
from tests.api.test_files import FILES, sent


async def upload(
    served: Served, directory_id: str, name: str = "a.txt", content: bytes = b"text", **data: str
) -> Any:
    url = f"{DIRECTORIES}/{directory_id}/files/upload"
    return await served.client.post(url, files={"upload_file": (name, content)}, data=data)


async def uploaded(served: Served, directory_id: str, *args: Any, **data: str) -> Any:
    answer = await upload(served, directory_id, *args, **data)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def listed(served: Served, directory_id: str, **query: Any) -> list[str]:
    answer = await served.client.get(f"{DIRECTORIES}/{directory_id}/files", params=query)
    assert answer.status_code == 200, answer.text
    return [file["display_name"] for file in answer.json()["items"]]


def at(file: dict[str, Any]) -> str:
    return f"{DIRECTORIES}/{file['directory_id']}/files/{file['id']}"


@pytest.fixture
async def directory_id(served: Served) -> str:
    return str((await made(served))["id"])


async def test_an_upload_is_a_directory_file_and_a_file(served: Served, directory_id: str) -> None:
    file = await uploaded(
        served, directory_id, external_file_id="key", metadata='{"a": 1, "b": ["x"], "c": null}'
    )
    assert file["id"].startswith("dfl-")
    assert (file["unique_id"], file["display_name"]) == ("key", "a.txt")
    assert file["metadata"] == {"a": 1, "b": ["x"], "c": None}
    assert (await served.client.get(at(file))).json() == file
    kept = (await served.client.get(f"{FILES}/{file['file_id']}")).json()
    assert (kept["name"], kept["external_file_id"], kept["purpose"]) == (
        "a.txt", "key", "user_data",
    )  # fmt: skip


async def test_empty_parts_are_absent(served: Served, directory_id: str) -> None:
    empty = dict.fromkeys(("display_name", "external_file_id", "unique_id", "metadata"), "")
    file = await uploaded(served, directory_id, **empty)
    assert (file["unique_id"], file["display_name"], file["metadata"]) == ("a.txt", "a.txt", {})


@pytest.mark.parametrize(
    "parts",
    [
        {"metadata": "[1]"},
        {"metadata": "{"},
        {"metadata": '{"a": {"b": 1}}'},
        {"metadata": '{"a": NaN}'},
        {"metadata": '{"a": "\\ud800"}'},
        {"metadata": '{"a": "\\u0000"}'},
        {"metadata": json.dumps({"a": "x" * 70_000})},
        {"metadata": "[" * 5000},
        {"display_name": "x" * 3001},
        {"unique_id": "x" * 2001},
        {"unique_id": "a\0b"},
    ],
)
async def test_what_cannot_be_kept_is_refused_by_name(
    served: Served, directory_id: str, parts: dict[str, str]
) -> None:
    answer = await upload(served, directory_id, **parts)
    assert answer.status_code == 422, answer.text
    assert answer.json()["detail"][0]["loc"][:2] == ["body", next(iter(parts))]
    assert await listed(served, directory_id) == []


async def test_a_name_too_long_for_a_unique_id_needs_one(served: Served, directory_id: str) -> None:
    assert (await upload(served, directory_id, "x" * 2500)).status_code == 422
    file = await uploaded(served, directory_id, "x" * 2500, unique_id="short")
    assert file["display_name"] == "x" * 2500


async def test_an_upload_into_nothing_is_refused(served: Served) -> None:
    assert (await upload(served, "dir-nothing")).status_code == 404
    assert (await served.client.get(FILES)).json()["items"] == []


async def test_the_same_unique_id_replaces_the_content_and_keeps_the_id(
    served: Served, directory_id: str
) -> None:
    first = await uploaded(served, directory_id, content=b"one", metadata='{"a": 1}')
    second = await uploaded(served, directory_id, content=b"two!")
    assert (second["id"], second["metadata"]) == (first["id"], {"a": 1})
    assert second["file_id"] != first["file_id"]
    assert await listed(served, directory_id) == ["a.txt"]
    async with served.state.database.read() as connection:
        row = (await connection.execute(directory_files.select())).one()
    assert (row.size_bytes, row.upload_id) == (4, second["file_id"])


async def test_a_deleted_file_comes_back_with_its_id(served: Served, directory_id: str) -> None:
    first = await uploaded(served, directory_id, metadata='{"a": 1}')
    await served.client.delete(at(first))
    second = await uploaded(served, directory_id)
    assert (second["id"], second["deleted_at"], second["metadata"]) == (first["id"], None, {})


async def test_a_file_is_added_by_its_id(served: Served, directory_id: str) -> None:
    file = await sent(served, "a.txt", external_file_id="key")
    url = f"{DIRECTORIES}/{directory_id}/files"
    added = (await served.client.post(url, json={"file_id": file["id"]})).json()
    assert (added["unique_id"], added["display_name"]) == ("key", "a.txt")
    assert added["file_id"] == file["id"]
    body = {"file_id": file["id"], "unique_id": "u", "display_name": "d", "metadata": {"a": True}}
    other = (await served.client.post(url, json=body)).json()
    assert (other["unique_id"], other["display_name"], other["metadata"]) == (
        "u", "d", {"a": True},
    )  # fmt: skip
    unknown = {"file_id": str(uuid.uuid4())}
    assert (await served.client.post(url, json=unknown)).status_code == 404


async def test_a_file_of_another_project_cannot_be_added(served: Served) -> None:
    file = await sent(served)
    served.client.headers.update(await served.key("other"))
    directory = await made(served)
    url = f"{DIRECTORIES}/{directory['id']}/files"
    assert (await served.client.post(url, json={"file_id": file["id"]})).status_code == 404


async def test_pages_show_every_file_once_in_the_order_of_coming(
    served: Served, directory_id: str
) -> None:
    for name in "cab":
        await uploaded(served, directory_id, name)
    url = f"{DIRECTORIES}/{directory_id}/files"
    first = (await served.client.get(url, params={"page_size": 2})).json()
    query = {"page_size": 2, "page_token": first["next_page_token"]}
    second = (await served.client.get(url, params=query)).json()
    assert [file["display_name"] for file in first["items"] + second["items"]] == list("cab")
    assert (first["total_size"], second["next_page_token"]) == (3, None)


async def test_filters_hold_together(served: Served, directory_id: str) -> None:
    one = await uploaded(served, directory_id, "Bill 100%.txt")
    two = await uploaded(served, directory_id, "bill 100.txt", unique_id="u")

    async def found(**query: Any) -> list[str]:
        return await listed(served, directory_id, **query)

    assert await found(display_name="bill 100.txt") == ["bill 100.txt"]
    assert await found(display_name_contains="BILL") == ["Bill 100%.txt", "bill 100.txt"]
    assert await found(display_name_contains="0%") == ["Bill 100%.txt"]
    assert await found(unique_id="u") == ["bill 100.txt"]
    assert await found(file_id=one["file_id"]) == ["Bill 100%.txt"]
    assert await found(updated_at_on_or_after=two["updated_at"]) == ["bill 100.txt"]
    assert await found(updated_at_on_or_before=one["updated_at"]) == ["Bill 100%.txt"]
    assert await found(updated_at_on_or_after="2999-01-01T00:00:00") == []


async def test_links_are_given_to_who_asks(served: Served, directory_id: str) -> None:
    file = await uploaded(served, directory_id, content=b"bytes")
    assert file["download_url"] is None
    got = (await served.client.get(at(file), params={"expand": "download_url"})).json()
    answer = await served.client.get(got["download_url"]["url"], headers={"Authorization": ""})
    assert answer.content == b"bytes"
    url = f"{DIRECTORIES}/{directory_id}/files"
    page = (await served.client.get(url, params={"expand": ["download_url"]})).json()
    assert page["items"][0]["download_url"]["url"]


async def test_metadata_is_replaced_and_names_change(served: Served, directory_id: str) -> None:
    file = await uploaded(served, directory_id, metadata='{"a": 1}')
    body = {"unique_id": "u", "display_name": "d", "metadata": {"b": 2}}
    changed = (await served.client.patch(at(file), json=body)).json()
    assert (changed["unique_id"], changed["display_name"]) == ("u", "d")
    assert changed["metadata"] == {"b": 2}
    assert (await served.client.patch(at(file), json={"unique_id": ""})).status_code == 422
    assert (await served.client.patch(at(file), json={})).json() == changed


@pytest.mark.parametrize("field", ["target_directory_id", "directory_id"])
async def test_a_file_moves_with_its_id(served: Served, directory_id: str, field: str) -> None:
    file = await uploaded(served, directory_id)
    target = await made(served, "target")
    moved = await served.client.patch(at(file), json={field: target["id"]})
    assert (moved.json()["id"], moved.json()["directory_id"]) == (file["id"], target["id"])
    assert (await served.client.get(at(file))).status_code == 404
    assert await listed(served, target["id"]) == ["a.txt"]
    missing = await served.client.patch(at(moved.json()), json={field: "dir-nothing"})
    assert missing.status_code == 404


async def test_a_unique_id_that_is_taken_is_no_conflict_to_be_sent_again(
    served: Served, directory_id: str
) -> None:
    one = await uploaded(served, directory_id, "one")
    two = await uploaded(served, directory_id, "two")
    answer = await served.client.patch(at(two), json={"unique_id": "one"})
    assert answer.status_code == 422
    await served.client.delete(at(one))
    answer = await served.client.patch(at(two), json={"unique_id": "one"})
    assert (answer.status_code, answer.json()["id"]) == (200, two["id"])
    assert (await uploaded(served, directory_id, "one"))["id"] == two["id"]


async def test_a_deleted_file_is_only_listed_for_who_asks(
    served: Served, directory_id: str
) -> None:
    file = await uploaded(served, directory_id)
    headers = {"Content-Type": "application/json"}
    answer = await served.client.request("DELETE", at(file), content=b"", headers=headers)
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await served.client.get(at(file))).status_code == 404
    assert (await served.client.delete(at(file))).status_code == 404
    assert await listed(served, directory_id) == []
    assert await listed(served, directory_id, include_deleted=True) == ["a.txt"]
    assert (await served.client.get(f"{FILES}/{file['file_id']}")).status_code == 200


async def test_a_deleted_upload_leaves_its_directories(served: Served, directory_id: str) -> None:
    file = await uploaded(served, directory_id)
    await served.client.delete(f"{FILES}/{file['file_id']}")
    assert await listed(served, directory_id) == []


async def test_many_files_are_deleted_together(served: Served, directory_id: str) -> None:
    files = [await uploaded(served, directory_id, name) for name in "abc"]
    url = f"{DIRECTORIES}/{directory_id}/files/bulk-delete"
    ids = [files[0]["id"], files[1]["id"], "dfl-nothing"]
    answer = await served.client.post(url, json={"directory_file_ids": ids})
    assert (answer.status_code, answer.content) == (204, b"")
    assert await listed(served, directory_id) == ["c"]
    for wrong in ([], ["x"] * 101):
        answer = await served.client.post(url, json={"directory_file_ids": wrong})
        assert answer.status_code == 422


async def test_a_folder_decides_what_its_directory_holds(served: Served, directory_id: str) -> None:
    folder: Path = sources(served) / "in"
    folder.mkdir()
    backed = await made(served, "backed", source_uri=folder.as_uri())
    answer = await upload(served, backed["id"])
    assert answer.status_code == 422
    assert "folder" in answer.json()["detail"][0]["msg"]
    file = await uploaded(served, directory_id)
    move = {"target_directory_id": backed["id"]}
    assert (await served.client.patch(at(file), json=move)).status_code == 422


async def test_an_upload_sent_again_under_its_key_is_one_file(
    served: Served, directory_id: str
) -> None:
    served.client.headers["Idempotency-Key"] = "k"
    assert await uploaded(served, directory_id) == await uploaded(served, directory_id)
    assert len((await served.client.get(FILES)).json()["items"]) == 1
