"""`/api/v1/beta/batch-processing`, in one process."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from temporalio.service import RPCError, RPCStatusCode

from sheaf.contracts.apis import Scope
from sheaf.ledger.database import now_us
from sheaf.ledger.files.directories import DirectoryLedger
from sheaf.ledger.items.enumerations import EnumerationLedger
from sheaf.ledger.jobs.jobs import JobLedger
from sheaf.ledger.records import SourceFile
from sheaf.sources.local import source_uri
from tests.api.conftest import Served

BATCHES = "/api/v1/beta/batch-processing"


async def directory(served: Served, tmp_path: Path, project_id: str = "default") -> str:
    ledger = DirectoryLedger(served.state.database)
    return await ledger.register_source(project_id, source_uri(tmp_path), "in")


async def create(served: Served, tmp_path: Path, **body: object) -> dict[str, Any]:
    asked = {"job_config": {}, "directory_id": await directory(served, tmp_path), **body}
    answer = await served.client.post(BATCHES, json=asked)
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()
    return created


async def enumerate_files(served: Served, job_id: str, names: Sequence[str]) -> None:
    ledger = EnumerationLedger(served.state.database, 1000)
    fence, *_ = await ledger.take_over(job_id)
    files = [SourceFile(name, 10 if "big" not in name else 2000, 1) for name in names]
    await ledger.add_files(job_id, fence, files, page_files=10, reuses=True)
    await ledger.finish(job_id, fence)


async def test_a_job_is_accepted_before_its_files_are_listed(
    served: Served, tmp_path: Path
) -> None:
    job = await create(served, tmp_path)
    assert (job["status"], job["total_items"], job["job_type"]) == ("pending", 0, "parse")
    assert job["workflow_id"] == job["id"]
    assert served.temporal.started == []
    assert await served.admit() == [job["id"]]
    assert None not in {job["effective_at"], job["created_at"], job["updated_at"]}


async def test_a_job_is_accepted_while_temporal_is_away(served: Served, tmp_path: Path) -> None:
    served.temporal.error = RPCError("away", RPCStatusCode.UNAVAILABLE, b"")
    job = await create(served, tmp_path)
    status = await served.client.get(f"{BATCHES}/{job['id']}")
    assert status.json()["job"]["status"] == "pending"
    # A worker that admits it leaves its start to the sweeper.
    assert await served.admit() == []
    (left,) = await JobLedger(served.state.database).open_jobs(now_us() + 1, None, 10)
    assert left == job["id"]


async def test_a_job_that_waits_says_its_place(served: Served, tmp_path: Path) -> None:
    made = [await create(served, tmp_path) for _ in range(2)]

    async def places() -> list[int | None]:
        at = [f"{BATCHES}/{job['id']}" for job in made]
        return [(await served.client.get(path)).json()["queue_position"] for path in at]

    assert await places() == [1, 2]
    await served.admit()
    assert await places() == [None, None]


async def test_rules_alone_make_a_classify_job(served: Served, tmp_path: Path) -> None:
    rules = [{"type": "invoice", "description": "a bill for goods or services"}]
    job = await create(served, tmp_path, job_config={"rules": rules, "mode": "FAST"})
    assert job["job_type"] == "classify"


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"page_size": 0}, "page_size"),
        ({"page_size": 1001}, "page_size"),
        ({"continue_as_new_threshold": 0}, "continue_as_new_threshold"),
        ({"item_ids": ["dfl-1"]}, "both given"),
        ({"job_config": {"parameters": {"target_pages": "x"}}}, "target_pages"),
        ({"job_config": {"job_name": "other"}}, "job_name"),
        ({"job_config": "parse"}, "job_config"),
    ],
)
async def test_a_refusal_names_the_field(
    served: Served, tmp_path: Path, body: dict[str, object], named: str
) -> None:
    asked = {"job_config": {}, "directory_id": await directory(served, tmp_path), **body}
    answer = await served.client.post(BATCHES, json=asked)
    assert answer.status_code == 422
    assert isinstance(answer.json()["detail"], list)
    assert named in answer.text


async def test_nulls_and_unknown_fields_are_as_if_left_out(served: Served, tmp_path: Path) -> None:
    job = await create(
        served,
        tmp_path,
        item_ids=None,
        continue_as_new_threshold=10,
        page_size=100,
        job_config={"parameters": None, "x": 1},
    )
    assert job["unsupported_parameters"] == []


async def test_jobs_are_listed_by_offset_newest_first(served: Served, tmp_path: Path) -> None:
    made = [(await create(served, tmp_path))["id"] for _ in range(5)]
    first = (await served.client.get(BATCHES, params={"limit": 3})).json()
    rest = (await served.client.get(BATCHES, params={"limit": 3, "offset": 3})).json()
    assert [job["id"] for job in first["items"] + rest["items"]] == made[::-1]
    assert first["total_size"] == rest["total_size"] == 5
    none = await served.client.get(BATCHES, params={"status": "dispatched"})
    assert none.json()["items"] == []


async def test_items_are_listed_with_their_states(served: Served, tmp_path: Path) -> None:
    job = await create(served, tmp_path)
    await enumerate_files(served, job["id"], ["a.txt", "b.txt", "big.txt"])
    listed = (await served.client.get(f"{BATCHES}/{job['id']}/items")).json()
    assert [(one["item_name"], one["status"], one["skip_reason"]) for one in listed["items"]] == [
        ("big.txt", "skipped", "size_limit_exceeded"),
        ("a.txt", "pending", None),
        ("b.txt", "pending", None),
    ]
    assert listed["total_size"] == 3
    second = await served.client.get(
        f"{BATCHES}/{job['id']}/items", params={"offset": 1, "limit": 1}
    )
    assert [one["item_name"] for one in second.json()["items"]] == ["a.txt"]
    skipped = await served.client.get(f"{BATCHES}/{job['id']}/items", params={"status": "skipped"})
    assert skipped.json()["total_size"] == 1
    status = (await served.client.get(f"{BATCHES}/{job['id']}")).json()
    assert status["progress_percentage"] == pytest.approx(33.33)


async def test_a_cancel_of_a_job_that_waits_needs_no_temporal(
    served: Served, tmp_path: Path
) -> None:
    served.temporal.error = RPCError("away", RPCStatusCode.UNAVAILABLE, b"")
    job = await create(served, tmp_path)
    await served.client.post(f"{BATCHES}/{job['id']}/cancel", json={"reason": "enough"})
    status = (await served.client.get(f"{BATCHES}/{job['id']}")).json()
    assert status["job"]["status"] == "cancelled"
    assert (await served.admit(), served.temporal.cancelled) == ([], [])


async def test_a_cancel_is_kept_and_passed_on(served: Served, tmp_path: Path) -> None:
    job = await create(served, tmp_path)
    await served.admit()
    answer = await served.client.post(f"{BATCHES}/{job['id']}/cancel", json={"reason": "enough"})
    assert answer.status_code == 200
    assert (answer.json()["job_id"], answer.json()["status"]) == (job["id"], "cancelled")
    assert served.temporal.cancelled == [job["id"]]


async def test_a_job_of_another_project_does_not_exist(served: Served, tmp_path: Path) -> None:
    job = await create(served, tmp_path)
    other = await served.key("other")
    for path in (f"{BATCHES}/{job['id']}", f"{BATCHES}/{job['id']}/items"):
        assert (await served.client.get(path, headers=other)).status_code == 404
    asked = {"job_config": {}, "directory_id": job["directory_id"]}
    answer = await served.client.post(BATCHES, json=asked, headers=other)
    assert answer.status_code == 404
    assert (await served.client.get(BATCHES, headers=other)).json()["total_size"] == 0


async def test_a_key_does_what_its_scope_allows(served: Served, tmp_path: Path) -> None:
    reader = await served.key(scope=Scope.READ)
    assert (await served.client.get(BATCHES, headers=reader)).status_code == 200
    answer = await served.client.post(BATCHES, json={"job_config": {}}, headers=reader)
    assert answer.status_code == 403
    nobody = await served.client.get(BATCHES, headers={"Authorization": "Bearer nobody"})
    assert nobody.status_code == 401


async def test_a_request_under_one_key_makes_one_job(served: Served, tmp_path: Path) -> None:
    asked = {"job_config": {}, "directory_id": await directory(served, tmp_path)}
    headers = {"Idempotency-Key": "nightly-1"}
    first = await served.client.post(BATCHES, json=asked, headers=headers)
    again = await served.client.post(BATCHES, json=asked, headers=headers)
    assert first.json() == again.json()
    other = await served.client.post(BATCHES, json=asked | {"page_size": 7}, headers=headers)
    assert other.status_code == 422
    assert (await served.client.get(BATCHES)).json()["total_size"] == 1


async def test_what_an_sdk_sends_again_makes_one_job(served: Served, tmp_path: Path) -> None:
    asked = {"job_config": {}, "directory_id": await directory(served, tmp_path)}

    async def post(retries: int) -> str:
        headers = {"x-stainless-retry-count": str(retries)}
        return str((await served.client.post(BATCHES, json=asked, headers=headers)).json()["id"])

    first = await post(0)
    assert await post(1) == await post(2) == first
    second = await post(0)
    assert second != first
    assert await post(1) == second


async def test_a_body_too_deep_or_too_large_is_refused(served: Served) -> None:
    deep = "[" * 100 + "]" * 100
    headers = {"content-type": "application/json"}
    answer = await served.client.post(BATCHES, content=deep, headers=headers)
    assert answer.status_code == 422
    large = b'"' + b"x" * (9 * 1024**2) + b'"'
    answer = await served.client.post(BATCHES, content=large, headers=headers)
    assert answer.status_code == 413
