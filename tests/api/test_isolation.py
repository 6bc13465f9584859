"""A key of one project learns nothing of another's: every operation that takes an id, tried."""

import asyncio
import json
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from sheaf.contracts.http.projects import project_uuid
from tests.api.conftest import Served
from tests.api.test_page_objects import parsed
from tests.api.test_parsing import processed
from tests.api.test_single_jobs import FAST, RULES, upload

TOO_MANY_REQUESTS = 429
MARK = "only-the-owner-knows"
VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE")
MALFORMED = ("x", "..", "%00", "a" * 64, "' OR 1=1 --", "dir-", "null", "é")
BETA = "/api/v1/beta"


@dataclass(frozen=True)
class Cell:
    """One request with an id of another project, in the path or the body."""

    method: str
    path: str
    """With `{id}` where the id stands."""
    owned: str
    body: Any = None
    """With the text `{id}` where the id stands."""


async def owned(served: Served, tmp_path: Path) -> dict[str, str]:
    """Make one of each thing in the project `default`; return ids by their kind."""
    client = served.client

    async def made(path: str, **body: Any) -> str:
        answer = await client.post(path, json=body)
        assert answer.status_code < 300, answer.text
        return str(answer.json()["id"])

    item = (await processed(served, tmp_path))["good.txt"]
    file_id = await upload(served, f"{MARK}.txt")
    directory_id = await made(f"{BETA}/directories", name=MARK)
    parameters = {"product_type": "parse_v2", **FAST}
    config_id = await made(f"{BETA}/webhook-configs", webhook_url=f"https://{MARK}.test/")
    configuration_id = await made(f"{BETA}/configurations", name=MARK, parameters=parameters)
    job = {"type": "parse_v2", "configuration_id": configuration_id}
    return {
        "item_id": item["item_id"],
        "task_id": item["job_id"],
        "file_id": file_id,
        "directory_id": directory_id,
        "directory_file_id": await made(
            f"{BETA}/directories/{directory_id}/files", file_id=file_id
        ),
        "configuration_id": configuration_id,
        "config_id": config_id,
        "delivery_id": await made(f"{BETA}/webhook-configs/{config_id}/test"),
        "batch_id": await made(
            "/api/v2/batches", source_directory_id=directory_id, config={"job": job}
        ),
        "job_id": await made(f"{BETA}/batch-processing", job_config={}, directory_id=directory_id),
        "parse_id": await made("/api/v2/parse", **FAST, file_id=file_id),
        "classify_id": await made(
            "/api/v2/classify", file_input=file_id, configuration={"rules": RULES}
        ),
        "classifier_id": await made("/api/v1/classifier/jobs", file_ids=[file_id], rules=RULES),
        "project_id": "default",
        "project_uuid": project_uuid("default"),
    }


def kinds(path: str, name: str) -> list[str]:
    """Return the kinds of ids that a parameter of a path takes."""
    if name != "job_id":
        return {"kind": [], "name": [], "project": ["project_id", "project_uuid"]}.get(name, [name])
    if "batch-processing" in path:
        return ["job_id"]
    own = {"parse": "parse_id", "classify": "classify_id", "classifier": "classifier_id"}
    return [*(kind for part, kind in own.items() if f"/{part}/" in path), "task_id"]


BODIES: dict[str, Any] = {
    "PATCH /directories/{}": {"name": "taken over"},
    "POST /directories/{}/files": {"file_id": "{own_file}"},
    "POST /directories/{}/files/bulk-delete": {"directory_file_ids": ["{directory_file_id}"]},
    "PATCH /directories/{}/files/{}": {"display_name": "taken over"},
    "PUT /configurations/{}": {"name": "taken over"},
    "PUT /webhook-configs/{}": {"webhook_url": "https://taken.test/"},
}


def body_of(method: str, path: str) -> Any:
    """Return a body that the operation takes."""
    key = f"{method} {re.sub('{[a-z_]+}', '{}', path).removeprefix(BETA)}"
    return BODIES.get(key, {} if method in {"POST", "PUT", "PATCH"} else None)


def by_path(document: dict[str, Any], ids: dict[str, str]) -> Iterator[Cell]:
    """Yield each verb on each address that has an id; other ids of it are the owner's."""
    for path in document["paths"]:
        names = re.findall("{([a-z_]+)}", path)
        for name in names:
            for kind in kinds(path, name):
                others = {other: ids.get(other, "text") for other in names if other != name}
                filled = path.replace(f"{{{name}}}", "{id}")
                for other, value in others.items():
                    filled = filled.replace(f"{{{other}}}", value)
                for method in VERBS:
                    yield Cell(method, filled, kind, body_of(method, path))


def by_body(own_directory: str) -> Iterator[Cell]:
    """Yield each operation that takes an id in its body or query."""
    job = {"type": "parse_v2", "configuration_id": "{id}"}
    hooks = {"webhook_configuration_ids": ["{id}"]}
    preset = {"job": {"type": "parse_v2", "configuration_id": "cfg-PARSE_FAST"}}
    rules = {"configuration": {"rules": RULES}}
    batches = f"{BETA}/batch-processing"
    for path, kind, body in (
        (batches, "directory_id", {"job_config": {}, "directory_id": "{id}"}),
        (batches, "item_id", {"job_config": {}, "item_ids": ["{id}"]}),
        ("/api/v2/batches", "directory_id", {"source_directory_id": "{id}", "config": preset}),
        ("/api/v2/batches", "configuration_id",
         {"source_directory_id": own_directory, "config": {"job": job}}),
        ("/api/v2/batches", "config_id",
         {"source_directory_id": own_directory, "config": preset, **hooks}),
        ("/api/v2/parse", "file_id", {**FAST, "file_id": "{id}"}),
        ("/api/v2/parse", "configuration_id",
         {**FAST, "file_id": "{own_file}", "configuration_id": "{id}"}),
        ("/api/v2/classify", "file_id", {"file_input": "{id}", **rules}),
        ("/api/v2/classify", "parse_id", {"file_input": "{id}", **rules}),
        ("/api/v2/classify", "task_id", {"parse_job_id": "{id}", **rules}),
        ("/api/v2/classify", "configuration_id",
         {"file_input": "{own_file}", "configuration_id": "{id}"}),
        ("/api/v1/classifier/jobs", "file_id", {"file_ids": ["{id}"], "rules": RULES}),
        (f"{BETA}/directories/{own_directory}/files", "file_id", {"file_id": "{id}"}),
        (f"{BETA}/files/query", "file_id", {"filter": {"file_ids": ["{id}"]}}),
        (f"{BETA}/webhook-deliveries/redeliver", "config_id",
         {"since": "2020-01-01", "webhook_configuration_id": "{id}"}),
        (f"{BETA}/webhook-deliveries/redeliver", "job_id",
         {"since": "2020-01-01", "batch_job_id": "{id}"}),
        (f"{BETA}/files/query", "project_id", {"filter": {"project_id": "{id}"}}),
        (f"{BETA}/files/query", "project_uuid", {"filter": {"project_id": "{id}"}}),
    ):  # fmt: skip
        yield Cell("POST", path, kind, body)
    for path, kind in (
        (f"{BETA}/files?file_ids={{id}}", "file_id"),
        (f"{BETA}/files?project_id={{id}}", "project_id"),
        (f"{BETA}/files?project_id={{id}}", "project_uuid"),
        (f"{batches}?directory_id={{id}}", "directory_id"),
        ("/api/v2/batches?source_directory_id={id}", "directory_id"),
        ("/api/v2/parse?job_ids={id}", "parse_id"),
        ("/api/v2/classify?job_ids={id}", "classify_id"),
        ("/api/v2/classify?configuration_id={id}", "configuration_id"),
        (f"{BETA}/webhook-deliveries?webhook_configuration_id={{id}}", "config_id"),
        (f"{BETA}/webhook-deliveries?batch_job_id={{id}}", "batch_id"),
        (f"{BETA}/directories?data_source_id={{id}}", "directory_id"),
    ):
        yield Cell("GET", path, kind)


def like(known: str) -> str:
    """Return a random id of the same form."""
    if known == "default":
        return "strange"
    fresh = uuid.uuid4()
    return str(fresh) if "-" in known[4:] else f"{known[:3]}-{fresh.hex}"


async def ask(
    served: Served, cell: Cell, id: str, own: dict[str, str], headers: dict[str, str]
) -> httpx.Response:
    body = json.dumps(cell.body)
    for name, value in {"id": id, **own}.items():
        body = body.replace(f"{{{name}}}", value)
    while True:
        answer = await served.client.request(
            cell.method,
            cell.path.replace("{id}", id),
            content=None if cell.body is None else body.encode(),
            headers={**headers, "Content-Type": "application/json"},
        )
        if answer.status_code != TOO_MANY_REQUESTS:
            return answer
        await asyncio.sleep(float(answer.headers["Retry-After"]))


def plain(answer: httpx.Response, id: str) -> tuple[int, str]:
    """Return an answer without the id that was asked for, and without what varies."""
    text = answer.text.replace(id, "ID").replace(id[:64], "ID")
    return answer.status_code, re.sub('"(created_at|updated_at|version|id)":"[^"]*"', "", text)


async def state_of(served: Served) -> list[str]:
    """Return all that the owner sees."""
    listed = ("directories", "files", "configurations", "webhook-configs", "webhook-deliveries")
    listed += ("batch-processing",)
    paths = [f"{BETA}/{name}" for name in listed]
    paths += ["/api/v2/batches", "/api/v2/parse", "/api/v2/classify", "/api/v1/classifier/jobs"]
    answers = [await served.client.get(path) for path in paths]
    assert {answer.status_code for answer in answers} == {200}
    return [answer.text for answer in answers]


async def test_no_operation_tells_or_changes_anything_of_another_project(
    served: Served, tmp_path: Path
) -> None:
    ids = await owned(served, tmp_path)
    before = await state_of(served)
    stranger = await served.key("other")
    own_directory = (
        await served.client.post(f"{BETA}/directories", json={"name": "own"}, headers=stranger)
    ).json()["id"]
    files = {"file": ("own.txt", b"own")}
    own_file = (
        await served.client.post(
            f"{BETA}/files", files=files, data={"purpose": "parse"}, headers=stranger
        )
    ).json()["id"]
    own = {"own_file": own_file, "directory_file_id": ids["directory_file_id"]}
    document = (await served.client.get("/openapi.json")).json()
    cells = leaks = 0
    for cell in [*by_path(document, ids), *by_body(own_directory)]:
        foreign, random_id = ids[cell.owned], like(ids[cell.owned])
        theirs = await ask(served, cell, foreign, own, stranger)
        nothing = await ask(served, cell, random_id, own, stranger)
        cells += 2
        told = [value for value in ids.values() if value != foreign and value in theirs.text]
        told = [value for value in told if value not in cell.path and value != "default"]
        same = plain(theirs, foreign) == plain(nothing, random_id)
        if MARK in theirs.text or told or not same:
            leaks += 1
            print("LEAK", cell, theirs.status_code, theirs.text[:300], nothing.text[:300])
        assert theirs.status_code < 500
        for malformed in MALFORMED:
            answer = await ask(served, cell, malformed, own, stranger)
            cells += 1
            assert answer.status_code < 500, (cell, malformed, answer.text)
            assert MARK not in answer.text
    print(f"\n{cells:,} cells, {leaks} leaks")
    assert cells > 2000
    assert leaks == 0
    assert await state_of(served) == before


async def test_results_and_pictures_of_another_project_are_as_unknown_as_those_of_no_job(
    served: Served, tmp_path: Path
) -> None:
    task_id = await parsed(served, tmp_path, images_to_save=["embedded"])
    stranger = await served.key("other")
    document = (await served.client.get("/openapi.json")).json()
    kinds_of_result = ("text", "markdown", "json", "raw/text", "raw/markdown")
    reads = [f"/api/v1/parsing/job/{{id}}/result/{kind}" for kind in kinds_of_result]
    reads += ["/api/v1/parsing/job/{id}/result/image/img_p1_1.png"]
    reads += [
        path.replace("{job_id}", "{id}").replace("{name}", "img_p1_1.png")
        for path, methods in document["paths"].items()
        if "{job_id}" in path and "get" in methods and "{kind}" not in path
    ]
    own = 0
    for path in dict.fromkeys(reads):
        mine = await served.client.get(path.replace("{id}", task_id))
        theirs = await served.client.get(path.replace("{id}", task_id), headers=stranger)
        no_id = like(task_id)
        nothing = await served.client.get(path.replace("{id}", no_id), headers=stranger)
        assert plain(theirs, task_id) == plain(nothing, no_id), path
        assert not theirs.is_success, path
        own += mine.is_success
    assert own >= 8


async def test_a_link_to_a_result_opens_no_other_and_none_of_another_project(
    served: Served, tmp_path: Path
) -> None:
    task_id = await parsed(served, tmp_path, images_to_save=["embedded"])
    names = ["text", "markdown", "items", "metadata", "text_full", "markdown_full"]
    expand = [*(f"{name}_content_metadata" for name in names), "images_content_metadata"]
    found = (await served.client.get(f"/api/v2/parse/{task_id}", params={"expand": expand})).json()
    links = [one["presigned_url"] for one in found["result_content_metadata"].values()]
    links += [one["presigned_url"] for one in found["images_content_metadata"]["images"]]
    assert len(links) == len(names) + 1
    stranger = await served.key("other")
    theirs = await upload(served, "b.txt", "theirs")
    for link in links:
        assert (await served.client.get(link, headers={"Authorization": ""})).is_success
        for other_id in (theirs, like(task_id)):
            moved = link.replace(task_id, other_id)
            assert (await served.client.get(moved, headers=stranger)).status_code == 403
