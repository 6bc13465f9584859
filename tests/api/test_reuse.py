"""Whose results are reused for which files, through the API and all that is behind it."""

from dataclasses import dataclass
from typing import Any

import pytest

from sheaf.contracts.apis import Scope
from sheaf.ledger.items.enumerations import EnumerationLedger
from sheaf.ledger.jobs.jobs import JobLedger
from tests.api.conftest import Served
from tests.api.test_single_jobs import Classifier
from tests.api.working import work_through

BETA = "/api/v1/beta"
Headers = dict[str, str]


async def upload(served: Served, headers: Headers, name: str, text: str = "one") -> str:
    answer = await served.client.post(
        f"{BETA}/files", files={"file": (name, text)}, data={"purpose": "parse"}, headers=headers
    )
    return str(answer.json()["id"])


async def finish(served: Served) -> list[str]:
    """Do what the workflow that was started last would do; return what became of the files."""
    job_id = (await served.admit())[-1]
    jobs = JobLedger(served.state.database)
    await jobs.mark_running(job_id)
    row = await jobs.get(job_id)
    if not row.is_enumerated:
        enumerations = EnumerationLedger(served.state.database, 1_000_000)
        fence, *_ = await enumerations.take_over(job_id)
        await enumerations.add_uploaded(job_id, fence, 100, page_files=100, reuses=True)
        await enumerations.finish(job_id, fence)
    await work_through(served, job_id, Classifier(), 100)
    await jobs.finalize(job_id, cancels=False, gives_up=False, error=None)
    ended = await jobs.get(job_id)
    return ["skipped"] * ended.skipped + ["completed"] * ended.completed


async def parsed(served: Served, headers: Headers, name: str) -> list[str]:
    """Parse a file as a job of its own."""
    body = {"tier": "fast", "version": "latest", "file_id": await upload(served, headers, name)}
    assert (await served.client.post("/api/v2/parse", json=body, headers=headers)).is_success
    return await finish(served)


async def uploaded(served: Served, headers: Headers, name: str) -> list[str]:
    """Parse a file by the first API of single jobs."""
    answer = await served.client.post(
        "/api/v1/parsing/upload", files={"file": (name, "one")}, headers=headers
    )
    assert answer.is_success, answer.text
    return await finish(served)


async def classified(served: Served, headers: Headers, name: str) -> list[str]:
    """Classify a file as a job of its own."""
    rules = [{"type": "invoice", "description": "a bill for goods or services"}]
    asked = {"file_input": await upload(served, headers, name), "configuration": {"rules": rules}}
    assert (await served.client.post("/api/v2/classify", json=asked, headers=headers)).is_success
    return await finish(served)


@dataclass(frozen=True)
class OneFile:
    """A directory of one file."""

    at: str
    """Address of the file in it."""
    file_id: str
    job: dict[str, Any]
    """What asks for a batch over it."""


async def directory(served: Served, headers: Headers, name: str) -> OneFile:
    made = await served.client.post(f"{BETA}/directories", json={"name": "d"}, headers=headers)
    directory_id = made.json()["id"]
    at = f"{BETA}/directories/{directory_id}/files"
    body = {"file_id": await upload(served, headers, name)}
    file_id = (await served.client.post(at, json=body, headers=headers)).json()["id"]
    return OneFile(f"{at}/{file_id}", file_id, {"job_config": {}, "directory_id": directory_id})


async def batch(served: Served, headers: Headers, one: OneFile) -> list[str]:
    answer = await served.client.post(f"{BETA}/batch-processing", json=one.job, headers=headers)
    assert answer.is_success, answer.text
    return await finish(served)


async def batched(served: Served, headers: Headers, name: str) -> list[str]:
    """Parse a directory of one file, whose hash is known as it is listed."""
    return await batch(served, headers, await directory(served, headers, name))


WAYS: list[Any] = [parsed, uploaded, classified, batched]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
async def test_what_one_project_has_read_is_not_reused_by_another(served: Served, way: Any) -> None:
    mine, theirs = await served.key("default"), await served.key("other", Scope.WRITE)
    assert await way(served, mine, "a.txt") == ["completed"]
    assert await way(served, theirs, "a.txt") == ["completed"]
    assert await way(served, mine, "a.txt") == ["skipped"]
    assert await way(served, theirs, "a.txt") == ["skipped"]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
async def test_the_same_bytes_are_read_again_where_their_name_makes_them_another_type(
    served: Served, way: Any
) -> None:
    key = await served.key()
    assert await way(served, key, "a.txt") == ["completed"]
    assert await way(served, key, "b.csv") == ["completed"]
    assert await way(served, key, "c.CSV") == ["skipped"]
    assert await way(served, key, "d.log") == ["skipped"]


async def test_a_file_that_was_renamed_is_read_as_its_new_name_says(served: Served) -> None:
    key = await served.key()
    one = await directory(served, key, "a.txt")
    for name, expected in (("a.txt", "completed"), ("a.md", "completed"), ("b.txt", "skipped")):
        await served.client.patch(one.at, json={"display_name": name}, headers=key)
        assert await batch(served, key, one) == [expected], name


async def test_a_cache_hit_is_told_of_a_projects_own_results_alone(served: Served) -> None:
    hits = []
    for project in ("default", "other", "other"):
        headers = await served.key(project)
        await parsed(served, headers, "a.txt")
        listed = (await served.client.get("/api/v2/parse", headers=headers)).json()["items"]
        at = f"/api/v1/parsing/job/{listed[0]['id']}/result/text"
        answer = (await served.client.get(at, headers=headers)).json()
        hits.append(answer["job_metadata"]["job_is_cache_hit"])
    assert hits == [False, False, True]


async def test_a_skipped_file_lists_the_result_that_another_file_gave_it(served: Served) -> None:
    key, other = await served.key(), await served.key("other")
    for headers in (key, key, other):
        await batched(served, headers, "a.txt")
    listed = []
    for job_id in served.temporal.started:
        owner = key if job_id in served.temporal.started[:2] else other
        items = (
            await served.client.get(f"{BETA}/batch-processing/{job_id}/items", headers=owner)
        ).json()["items"]
        at = f"{BETA}/batch-processing/items/{items[0]['item_id']}/processing-results"
        answer = (await served.client.get(at, headers=owner)).json()
        found = answer["processing_results"]
        assert {one["item_id"] for one in found} == {items[0]["item_id"]}
        listed.append([one["result_id"] for one in found])
        foreign = other if owner is key else key
        assert (await served.client.get(at, headers=foreign)).status_code == 404
    first, skipped, foreign_result = listed
    assert len(first) == 1
    assert skipped == first
    assert foreign_result != first


async def test_each_result_of_a_file_is_listed_once(served: Served) -> None:
    key = await served.key()
    one = await directory(served, key, "a.txt")
    for _ in range(3):
        await batch(served, key, one)
    answer = await served.client.get(
        f"{BETA}/batch-processing/items/{one.file_id}/processing-results", headers=key
    )
    assert len(answer.json()["processing_results"]) == 1
