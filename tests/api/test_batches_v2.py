"""`/api/v2/batches`, in one process."""

from pathlib import Path
from typing import Any

from tests.api.conftest import Served
from tests.api.test_batch_jobs import directory, enumerate_files
from tests.api.test_configurations import save

AT = "/api/v2/batches"


async def create(
    served: Served, tmp_path: Path, configuration_id: str = "cfg-PARSE_FAST", **body: Any
) -> dict[str, Any]:
    asked = {
        "source_directory_id": await directory(served, tmp_path),
        "config": {"job": {"type": "parse_v2", "configuration_id": configuration_id}},
        **body,
    }
    answer = await served.client.post(AT, json=asked)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def test_a_batch_is_accepted_and_echoes_its_config(served: Served, tmp_path: Path) -> None:
    made = await create(served, tmp_path)
    assert made["id"].startswith("bat-")
    assert (made["status"], made["results"]) == ("PENDING", None)
    assert made["config"] == {"job": {"type": "parse_v2", "configuration_id": "cfg-PARSE_FAST"}}
    assert (await served.client.get(f"{AT}/{made['id']}")).json()["queue_position"] == 1
    assert await served.admit() == [made["workflow_id"]]
    assert (await served.client.get(f"{AT}/{made['id']}")).json() == made


async def test_results_are_given_while_the_batch_runs(served: Served, tmp_path: Path) -> None:
    made = await create(served, tmp_path)
    await enumerate_files(served, made["workflow_id"], ["a", "b", "big"])
    plain = (await served.client.get(f"{AT}/{made['id']}")).json()
    assert plain["counts"] == {
        "total": 3, "completed": 0, "failed": 0, "skipped": 1, "cancelled": 0,
    }  # fmt: skip
    shown = (await served.client.get(f"{AT}/{made['id']}", params={"expand": "results"})).json()
    assert {key: value for key, value in shown.items() if key != "results"} == {
        key: value for key, value in plain.items() if key != "results"
    }
    assert len({one["job_reference"]["id"] for one in shown["results"]}) == 3
    task_id = shown["results"][0]["job_reference"]["id"]
    assert (await served.client.get(f"/api/v1/parsing/job/{task_id}")).status_code == 200


async def test_files_are_listed_by_their_status(served: Served, tmp_path: Path) -> None:
    made = await create(served, tmp_path)
    await enumerate_files(served, made["workflow_id"], ["a", "b", "big"])
    at = f"{AT}/{made['id']}/items"
    first = (await served.client.get(at, params={"page_size": 2})).json()
    token = {"page_token": first["next_page_token"]}
    second = (await served.client.get(at, params=token)).json()
    assert [len(one["items"]) for one in (first, second)] == [2, 1]
    assert sorted(one["name"] for one in first["items"] + second["items"]) == ["a", "b", "big"]
    (skipped,) = (await served.client.get(at, params={"status": "skipped"})).json()["items"]
    assert (skipped["name"], skipped["skip_reason"]) == ("big", "size_limit_exceeded")


async def test_a_saved_configuration_decides_and_is_reported_on(
    served: Served, tmp_path: Path
) -> None:
    saved = await save(
        served,
        output_options={"watermark_handling": "remove"},
        page_ranges={"target_pages": "1"},
    )
    made = await create(
        served,
        tmp_path,
        saved["id"],
        webhook_configurations=[
            {"webhook_url": "https://a.test", "webhook_events": ["batch.error", "split.error"]}
        ],
    )
    assert made["unsupported_parameters"] == [
        "output_options.watermark_handling",
        "webhook_events: split.error",
    ]


async def test_a_configuration_must_be_one_of_parsing(served: Served, tmp_path: Path) -> None:
    asked = {"source_directory_id": await directory(served, tmp_path), "config": {}}
    for job, field in (
        ({"type": "parse_v2", "configuration_id": "cfg-none"}, "configuration_id"),
        ({"type": "extract_v2", "configuration_id": "cfg-PARSE_FAST"}, "type"),
    ):
        answer = await served.client.post(AT, json={**asked, "config": {"job": job}})
        assert answer.status_code == 422
        assert answer.json()["detail"][0]["loc"][-1] == field


async def test_batches_are_listed_apart_from_jobs_of_the_beta_api(
    served: Served, tmp_path: Path
) -> None:
    made = [(await create(served, tmp_path))["id"] for _ in range(3)]
    first = (await served.client.get(AT, params={"page_size": 2})).json()
    second = (await served.client.get(AT, params={"page_token": first["next_page_token"]})).json()
    assert [one["id"] for one in first["items"] + second["items"]] == made[::-1]
    assert (await served.client.get("/api/v1/beta/batch-processing")).json()["items"] == []
    assert (await served.client.get(AT, params={"status": "THROTTLED"})).json()["items"] == []
    assert len((await served.client.get(AT, params={"status": "PENDING"})).json()["items"]) == 3
    later = {"created_at_on_or_after": "2200-01-01T00:00:00Z"}
    assert (await served.client.get(AT, params=later)).json()["items"] == []


async def test_a_batch_is_cancelled(served: Served, tmp_path: Path) -> None:
    made = await create(served, tmp_path)
    await served.admit()
    answer = await served.client.post(f"{AT}/{made['id']}/cancel")
    assert (answer.status_code, answer.json()["id"]) == (200, made["id"])
    assert served.temporal.cancelled == [made["workflow_id"]]


async def test_a_batch_of_another_project_is_unknown(served: Served, tmp_path: Path) -> None:
    made = await create(served, tmp_path)
    stranger = await served.key("other")
    for at in (f"{AT}/{made['id']}", f"{AT}/{made['id']}/items"):
        assert (await served.client.get(at, headers=stranger)).status_code == 404
    cancelled = await served.client.post(f"{AT}/{made['id']}/cancel", headers=stranger)
    assert cancelled.status_code == 404
