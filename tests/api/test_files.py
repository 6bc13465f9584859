"""`/api/v1/beta/files`: uploads, lists and links, in one process."""

import tempfile
import tracemalloc
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from llama_cloud import AsyncLlamaCloud
from starlette import formparsers

from sheaf.contracts.apis import Scope
from sheaf.storage.uploads import upload_key
from tests.api.conftest import Served

FILES = "/api/v1/beta/files"
BOUNDARY = {"Content-Type": "multipart/form-data; boundary=cut"}
MIB = 1024 * 1024


async def send(served: Served, name: str = "a.txt", content: bytes = b"text", **data: str) -> Any:
    parts = {"purpose": "parse", **data}
    return await served.client.post(FILES, files={"file": (name, content)}, data=parts)


async def sent(served: Served, name: str = "a.txt", content: bytes = b"text", **data: str) -> Any:
    answer = await send(served, name, content, **data)
    assert answer.status_code == 201, answer.text
    return answer.json()


def blobs(served: Served) -> list[Path]:
    return [path for path in served.state.blobs.path("uploads").rglob("*") if path.is_file()]


async def test_an_uploaded_file_is_known_by_a_bare_uuid(served: Served) -> None:
    file = await sent(served, "Report.PDF", external_file_id="key-1")
    assert str(uuid.UUID(file["id"])) == file["id"]
    assert (file["name"], file["file_type"]) == ("Report.PDF", "pdf")
    assert (file["purpose"], file["external_file_id"]) == ("parse", "key-1")
    assert (await served.client.get(f"{FILES}/{file['id']}")).json() == file
    assert served.state.blobs.path(upload_key(file["id"])).read_bytes() == b"text"


@pytest.mark.parametrize(
    ("files", "detail"),
    [
        ({"file": ("a.txt", b"")}, "Uploaded file is empty."),
        ({"file": ("", b"text")}, "File must have a filename."),
        ({"file": (None, b"text")}, "File must have a filename."),
    ],
)
async def test_a_file_without_name_or_content_is_refused(
    served: Served, files: Any, detail: str
) -> None:
    answer = await served.client.post(FILES, files=files, data={"purpose": "parse"})
    assert (answer.status_code, answer.json()["detail"]) == (400, detail)
    assert blobs(served) == []


async def test_a_file_over_the_limit_is_refused(served: Served) -> None:
    object.__setattr__(served.state.settings, "size_limit_bytes", 10)
    answer = await send(served, content=b"x" * 11)
    assert answer.status_code == 413
    assert blobs(served) == []


@pytest.mark.parametrize("body", [{"purpose": "nonsense"}, {}])
async def test_a_wrong_part_is_named(served: Served, body: dict[str, str]) -> None:
    answer = await served.client.post(FILES, files={"file": ("a", b"x")}, data=body)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "purpose"]


async def test_a_missing_file_is_named(served: Served) -> None:
    answer = await served.client.post(FILES, data={"purpose": "parse"})
    assert answer.json()["detail"][0]["loc"] == ["body", "file"]


HALF = b"".join(
    (
        b'--cut\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nparse\r\n',
        b'--cut\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nhalf',
    )
)


async def test_an_upload_without_an_end_leaves_nothing(served: Served) -> None:
    answer = await served.client.post(FILES, content=HALF, headers=BOUNDARY)
    assert answer.status_code == 422
    assert blobs(served) == []
    assert (await served.client.get(FILES)).json()["items"] == []


async def test_an_upload_whose_caller_goes_away_leaves_nothing(served: Served) -> None:
    received = [{"type": "http.request", "body": HALF, "more_body": True}]

    async def receive() -> dict[str, Any]:
        return received.pop() if received else {"type": "http.disconnect"}

    sent: list[dict[str, Any]] = []

    async def answer(message: dict[str, Any]) -> None:
        sent.append(message)

    headers = {**served.client.headers, **BOUNDARY}
    scope = {
        "type": "http",
        "method": "POST",
        "path": FILES,
        "query_string": b"",
        "headers": [(key.lower().encode(), value.encode()) for key, value in headers.items()],
    }
    await served.client._transport.app(scope, receive, answer)  # type: ignore[attr-defined]
    assert sent[0]["status"] == 400
    assert blobs(served) == []
    assert (await served.client.get(FILES)).json()["items"] == []


async def test_a_full_disk_leaves_nothing(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("sheaf.storage.local.os.fsync", full)
    assert (await send(served)).status_code == 507
    assert blobs(served) == []
    assert (await served.client.get(FILES)).json()["items"] == []


async def test_a_large_upload_is_never_whole_in_memory(served: Served) -> None:
    size = 48 * MIB

    async def body() -> AsyncIterator[bytes]:
        yield b'--cut\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nparse\r\n'
        yield b'--cut\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        for _ in range(size // 65536):
            yield b"x" * 65536
        yield b"\r\n--cut--\r\n"

    tracemalloc.start()
    try:
        answer = await served.client.post(FILES, content=body(), headers=BOUNDARY)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert answer.status_code == 201, answer.text
    assert peak < 12 * MIB
    assert blobs(served)[0].stat().st_size == size


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_a_file_of_another_project_is_unknown(served: Served, method: str) -> None:
    file = await sent(served)
    stranger = await served.key("other", Scope.ADMIN)
    answer = await served.client.request(method, f"{FILES}/{file['id']}", headers=stranger)
    assert answer.status_code == 404
    assert (await served.client.get(f"{FILES}/not-a-uuid")).status_code == 404
    assert (await served.client.get(f"{FILES}/{uuid.uuid4()}")).status_code == 404


async def test_a_link_gives_the_bytes_without_a_key(served: Served) -> None:
    file = await sent(served, 'a "quoted" ü.html', b"<script>")
    link = (await served.client.get(f"{FILES}/{file['id']}/content")).json()
    assert link["url"].startswith("http://sheaf.test/")
    del served.client.headers["Authorization"]
    answer = await served.client.get(link["url"])
    assert (answer.status_code, answer.content) == (200, b"<script>")
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Type"] == "application/octet-stream"


async def test_a_link_that_was_changed_or_has_expired_gives_nothing(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, other = await sent(served), await sent(served, "b.txt")
    url = (await served.client.get(f"{FILES}/{file['id']}/content?expires_at_seconds=60")).json()[
        "url"
    ]
    for changed in (
        url.replace(file["id"], other["id"]),
        url.replace("expires=", "expires=9"),
        url + "é",
    ):
        assert (await served.client.get(changed)).status_code == 403
    monkeypatch.setattr("sheaf.api.dependencies.links.time.time", lambda: 4e9)
    assert (await served.client.get(url)).status_code == 403


async def test_links_name_the_address_that_the_operator_set(served: Served) -> None:
    object.__setattr__(served.state.settings, "api_url", "https://sheaf.example/base/")
    file = await sent(served)
    url = (await served.client.get(f"{FILES}/{file['id']}/content")).json()["url"]
    assert url.startswith(f"https://sheaf.example/base/api/v1/beta/files/{file['id']}/download?")


async def test_a_deleted_file_is_gone_with_its_bytes_and_links(served: Served) -> None:
    file = await sent(served)
    url = (await served.client.get(f"{FILES}/{file['id']}/content")).json()["url"]
    answer = await served.client.delete(f"{FILES}/{file['id']}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert blobs(served) == []
    assert (await served.client.get(url)).status_code == 404
    assert (await served.client.delete(f"{FILES}/{file['id']}")).status_code == 404
    assert (await served.client.get(FILES)).json()["items"] == []


async def test_pages_show_every_file_once_in_the_order_asked_for(served: Served) -> None:
    for name in ("b", "a", "c", "a", "d"):
        await sent(served, name)

    async def walk(**query: str) -> tuple[list[str], list[int | None]]:
        names, totals, token = [], [], ""
        while True:
            asked = {"page_size": "2", "page_token": token, **query}
            page = (await served.client.get(FILES, params=asked)).json()
            names += [file["name"] for file in page["items"]]
            totals.append(page["total_size"])
            token = page["next_page_token"]
            if not token:
                return names, totals

    assert await walk() == (["d", "a", "c", "a", "b"], [5, None, None])
    assert (await walk(order_by="name desc"))[0] == ["d", "c", "b", "a", "a"]
    assert (await walk(order_by="name, created_at desc"))[0] == ["a", "a", "b", "c", "d"]


async def test_a_page_goes_on_behind_a_file_that_was_deleted(served: Served) -> None:
    files = [await sent(served, name) for name in ("a", "b", "c")]
    first = (await served.client.get(FILES, params={"page_size": 1, "order_by": "name"})).json()
    await served.client.delete(f"{FILES}/{files[0]['id']}")
    query = {"order_by": "name", "page_token": first["next_page_token"]}
    rest = (await served.client.get(FILES, params=query)).json()
    assert [file["name"] for file in rest["items"]] == ["b", "c"]


@pytest.mark.parametrize(
    "query",
    [
        {"order_by": "size"},
        {"order_by": "name sideways"},
        {"page_token": "nonsense"},
        {"page_token": "WyJuYW1lIDAsaWQgMCIsICJ4Il0"},
        {"page_size": "0"},
        {"page_size": "1001"},
    ],
)
async def test_a_list_that_cannot_be_is_refused(served: Served, query: dict[str, str]) -> None:
    assert (await served.client.get(FILES, params=query)).status_code == 422


async def test_filters_hold_together(served: Served) -> None:
    one = await sent(served, "a", external_file_id="x")
    await sent(served, "a", external_file_id="y")
    three = await sent(served, "b", external_file_id="x")

    async def ids(**query: Any) -> list[str]:
        return [f["id"] for f in (await served.client.get(FILES, params=query)).json()["items"]]

    assert await ids(file_name="a", external_file_id="x") == [one["id"]]
    assert await ids(external_file_id="x") == [three["id"], one["id"]]
    assert await ids(file_ids=[one["id"], three["id"]]) == [three["id"], one["id"]]


async def test_a_query_is_a_list_whose_size_is_bounded_for_the_caller(served: Served) -> None:
    one = await sent(served, "a")
    await sent(served, "b")

    async def query(**body: Any) -> Any:
        return await served.client.post(f"{FILES}/query", json=body)

    page = (await query(filter={"file_name": "a"}, page_size=5000)).json()
    assert [file["id"] for file in page["items"]] == [one["id"]]
    assert (await query(filter={"data_source_id": "s"})).json()["items"] == []
    assert (await query(filter={"project_id": "other"})).status_code == 404
    assert len((await query(filter=None)).json()["items"]) == 2


async def test_half_a_surrogate_pair_is_refused(served: Served) -> None:
    body = b'{"filter": {"file_name": "\\ud800"}}'
    headers = {"Content-Type": "application/json"}
    answer = await served.client.post(f"{FILES}/query", content=body, headers=headers)
    assert answer.status_code == 422


async def test_an_upload_sent_again_under_its_key_makes_one_file(served: Served) -> None:
    served.client.headers["Idempotency-Key"] = "k"
    first, second = await sent(served), await sent(served)
    assert first == second
    assert len(blobs(served)) == 1
    assert (await send(served, content=b"other")).status_code == 422


async def test_the_official_client_uploads_lists_fetches_and_deletes(served: Served) -> None:
    transport = served.client._transport
    http = httpx.AsyncClient(transport=transport)
    key = served.client.headers["Authorization"].removeprefix("Bearer ")
    async with AsyncLlamaCloud(
        api_key=key, base_url="http://sheaf.test", http_client=http
    ) as client:
        made = await client.files.create(file=("a.txt", b"text"), purpose="parse")
        listed = [file async for file in client.files.list(expand=["download_url"])]
        assert [file.id for file in listed] == [made.id]
        link = await client.files.get(made.id)
        answer = await http.get(link.url)
        assert answer.content == b"text"
        assert urlsplit(link.url).path.endswith("/download")
        await client.files.delete(made.id)
        assert [file async for file in client.files.list()] == []


async def test_one_file_has_a_link_where_it_is_asked_for(served: Served) -> None:
    made = await sent(served)
    at = f"/api/v1/beta/files/{made['id']}"
    assert (await served.client.get(at)).json()["download_url"] is None
    got = (await served.client.get(at, params={"expand": "download_url"})).json()
    answer = await served.client.get(got["download_url"]["url"], headers={"Authorization": ""})
    assert answer.is_success


@pytest.mark.parametrize("content", [HALF, HALF + b"\r\n--cut\r\n", HALF + b"\r\n--cut--"])
async def test_no_upload_leaves_its_file_open(
    served: Served, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Any] = []

    def noted(**given: Any) -> Any:
        opened.append(tempfile.SpooledTemporaryFile(**given))  # noqa: SIM115
        return opened[-1]

    monkeypatch.setattr(formparsers, "SpooledTemporaryFile", noted)
    answer = await served.client.post(FILES, content=content, headers=BOUNDARY)
    assert answer.status_code == (201 if content.endswith(b"--cut--") else 422)
    assert [one.closed for one in opened] == [True]
