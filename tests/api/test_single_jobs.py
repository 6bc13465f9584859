"""Jobs of single files: `/api/v2/parse`, `/api/v2/classify` and their older forms."""

import json
from pathlib import Path
from typing import Any

import pytest

from sheaf.contracts.documents import Classification, EngineRequest, EngineResult
from sheaf.contracts.http.projects import project_uuid
from sheaf.ledger.items.enumerations import EnumerationLedger
from sheaf.ledger.jobs.jobs import JobLedger
from tests.api.conftest import Served
from tests.api.test_parsing import TwoPages, processed
from tests.api.working import work_through

PARSE = "/api/v2/parse"
CLASSIFY = "/api/v2/classify"
FAST = {"tier": "fast", "version": "latest"}
RULES = [{"type": "invoice", "description": "a bill for goods or services"}]


class Classifier(TwoPages):
    """A parser that also calls every file an invoice."""

    async def run(self, request: EngineRequest, deadline_seconds: float) -> EngineResult:
        result = await super().run(request, deadline_seconds)
        found = Classification(type="invoice", confidence=0.75, reasoning="it says so")
        return result.changed(classification=found if request.rules else None)


async def upload(served: Served, name: str = "good.txt", text: str = "one") -> str:
    answer = await served.client.post(
        "/api/v1/beta/files", files={"file": (name, text)}, data={"purpose": "parse"}
    )
    return str(answer.json()["id"])


async def parse(served: Served, **body: Any) -> dict[str, Any]:
    answer = await served.client.post(PARSE, json={**FAST, **body})
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def run(served: Served, index: int = -1) -> None:
    """Do what the workflow that was started last would do."""
    state, job_id = served.state, (await served.admit())[index]
    jobs = JobLedger(state.database)
    await jobs.mark_running(job_id)
    await work_through(served, job_id, Classifier(), 10)
    await jobs.finalize(job_id, cancels=False, gives_up=False, error=None)


async def test_a_file_is_parsed_as_a_batch_of_one(served: Served) -> None:
    made = await parse(served, file_id=await upload(served), user_metadata={"team": "a"})
    assert (made["status"], made["name"], made["tier"]) == ("PENDING", "good.txt", "fast")
    assert made["user_metadata"] == {"team": "a"}
    at = f"{PARSE}/{made['id']}"
    waiting = (await served.client.get(at, params={"expand": ["text", "markdown_full"]})).json()
    assert (waiting["job"], waiting["text"], waiting["markdown_full"]) == (made, None, None)
    await run(served)
    found = (await served.client.get(at, params={"expand": ["text", "markdown", "items"]})).json()
    assert found["job"]["status"] == "COMPLETED"
    assert [page["text"] for page in found["text"]["pages"]] == ["one", "2"]
    assert found["markdown"]["pages"][0]["success"] is True
    assert found["items"]["pages"][0]["items"] == [
        {"type": "heading", "level": 1, "value": "one", "md": "# one"}
    ]
    older = (await served.client.get(f"/api/v1/parsing/job/{made['id']}")).json()
    assert older["status"] == "SUCCESS"
    assert (await served.client.get(f"/api/v1/classifier/jobs/{made['id']}")).status_code == 404
    assert (await served.client.get(f"{CLASSIFY}/{made['id']}")).status_code == 404


async def test_every_part_that_is_known_can_be_asked_for(served: Served) -> None:
    made = await parse(served, file_id=await upload(served))
    await run(served)
    parts = ["text_full", "markdown_full", "metadata", "job_metadata", "raw_parameters", "forms"]
    found = (
        await served.client.get(f"{PARSE}/{made['id']}", params={"expand": [*parts, "other"]})
    ).json()
    assert (found["text_full"], found["markdown_full"]) == ("one\n\n---\n\n2", "# one\n\n---\n\n2")
    assert [page["page_number"] for page in found["metadata"]["pages"]] == [1, 2]
    assert (found["job_metadata"]["job_pages"], found["raw_parameters"]) == (2, FAST)
    assert found["forms"] is None


async def test_results_have_links_that_need_no_key(served: Served) -> None:
    made = await parse(served, file_id=await upload(served))
    await run(served)
    names = ["text", "markdown", "text_full", "markdown_full"]
    expand = [f"{name}_content_metadata" for name in names]
    found = (await served.client.get(f"{PARSE}/{made['id']}", params={"expand": expand})).json()
    contents = found["result_content_metadata"]
    assert set(contents) == set(names)
    link = contents["markdown_full"]
    answer = await served.client.get(link["presigned_url"], headers={"Authorization": ""})
    assert (answer.text, len(answer.content)) == ("# one\n\n---\n\n2", link["size_bytes"])
    other = link["presigned_url"].replace("markdown_full", "text_full")
    assert (await served.client.get(other)).status_code == 403


async def test_a_file_is_uploaded_and_parsed_at_once(served: Served) -> None:
    configuration = {
        **FAST,
        "page_ranges": {"max_pages": 1},
        "output_options": {"watermark_handling": "remove"},
    }
    answer = await served.client.post(
        f"{PARSE}/upload",
        files={"file": ("up.txt", b"some text")},
        data={"configuration": json.dumps(configuration)},
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["unsupported_parameters"] == ["output_options.watermark_handling"]
    for bad in ("", "[]", "{", json.dumps({**FAST, "source_url": "https://example.com/a.pdf"})):
        answer = await served.client.post(
            f"{PARSE}/upload", files={"file": ("a", b"x")}, data={"configuration": bad}
        )
        assert answer.status_code == 422


async def test_a_saved_configuration_is_the_base_of_a_request(served: Served) -> None:
    saved = await served.client.post(
        "/api/v1/beta/configurations",
        json={
            "name": "mine",
            "parameters": {"product_type": "parse_v2", **FAST, "page_ranges": {"max_pages": 7}},
        },
    )
    file_id = await upload(served)
    made = await parse(served, file_id=file_id, configuration_id=saved.json()["id"])
    at = f"/api/v1/parsing/job/{made['id']}/parameters"
    assert (await served.client.get(at)).json()["page_ranges"] == {"max_pages": 7}
    for body in (
        {"file_id": file_id, "configuration_id": "cfg-none"},
        {"file_id": "none"},
        {"file_id": file_id, "page_ranges": {"target_pages": "0"}},
        {"file_id": file_id, "source_url": "http://169.254.169.254/"},
        {"file_id": file_id, "unknown": 1},
    ):
        answer = await served.client.post(PARSE, json={**FAST, **body})
        assert answer.status_code == 422, body


async def test_jobs_are_listed_by_status_and_id(served: Served) -> None:
    file_ids = [await upload(served, name, name) for name in ("a.txt", "broken.txt", "c.txt")]
    made = []
    for index, file_id in enumerate(file_ids):
        made.append((await parse(served, file_id=file_id))["id"])
        if index < 2:
            await run(served)

    async def listed(**params: Any) -> list[str]:
        return [
            one["id"] for one in (await served.client.get(PARSE, params=params)).json()["items"]
        ]

    assert await listed() == made[::-1]
    assert await listed(status="COMPLETED") == made[:1]
    assert await listed(status="FAILED") == made[1:2]
    assert await listed(status="PENDING") == made[2:]
    assert await listed(job_ids=made[:2]) == made[1::-1]
    first = (await served.client.get(PARSE, params={"page_size": 2})).json()
    assert await listed(page_token=first["next_page_token"]) == made[:1]
    failed = (await served.client.get(f"{PARSE}/{made[1]}", params={"expand": "text"})).json()
    assert (failed["job"]["error_message"], failed["text"]) == ("Corrupt: no such thing", None)


async def test_a_job_that_waits_says_its_place_to_who_asks(served: Served) -> None:
    made = [(await parse(served, file_id=await upload(served)))["id"] for _ in range(2)]

    async def place(job_id: str, **params: str) -> object:
        found = (await served.client.get(f"{PARSE}/{job_id}", params=params)).json()
        return found["job"]["queue_position"]

    assert [await place(one, expand="queue_position") for one in made] == [1, 2]
    assert await place(made[0]) is None
    await served.admit()
    assert await place(made[0], expand="queue_position") is None


async def test_a_job_is_cancelled_and_deleted(served: Served) -> None:
    made = await parse(served, file_id=await upload(served))
    started = await served.admit()
    assert (await served.client.post(f"{PARSE}/{made['id']}/cancel")).status_code == 200
    assert served.temporal.cancelled == started
    other = await parse(served, file_id=await upload(served))
    await run(served)
    blobs = list((served.state.settings.home / "blobs" / "results").rglob("*.jsonl"))
    assert len(blobs) == 1
    deleted = await served.client.delete(f"{PARSE}/{other['id']}")
    assert deleted.json() == {"id": other["id"], "project_id": project_uuid("default")}
    assert not blobs[0].exists()
    for at in (f"{PARSE}/{other['id']}", f"/api/v1/parsing/job/{other['id']}/result/text"):
        assert (await served.client.get(at)).status_code == 404
    assert other["id"] not in (await served.client.get(PARSE)).text


async def test_a_result_that_another_job_took_outlives_its_job(served: Served) -> None:
    file_id = await upload(served)
    first = await parse(served, file_id=file_id)
    await run(served)
    second = await parse(served, file_id=file_id)
    await run(served)
    assert (await served.client.delete(f"{PARSE}/{first['id']}")).status_code == 200
    found = await served.client.get(f"{PARSE}/{second['id']}", params={"expand": "text_full"})
    assert found.json()["text_full"] == "one\n\n---\n\n2"
    third = await parse(served, file_id=file_id)
    await run(served)
    details = (await served.client.get(f"/api/v1/parsing/job/{third['id']}/result/json")).json()
    assert details["job_metadata"]["job_is_cache_hit"] is False


async def test_a_job_of_a_batch_is_neither_cancelled_nor_deleted_alone(
    served: Served, tmp_path: Path
) -> None:
    item = (await processed(served, tmp_path))["good.txt"]
    at = f"{PARSE}/{item['job_id']}"
    assert (await served.client.get(at)).json()["job"]["status"] == "COMPLETED"
    for answer in (await served.client.post(f"{at}/cancel"), await served.client.delete(at)):
        assert answer.status_code == 422
        assert "bjb-" in answer.text


async def test_a_file_is_classified_as_a_batch_of_one(served: Served) -> None:
    asked = {"file_input": await upload(served), "configuration": {"rules": RULES}}
    made = (await served.client.post(CLASSIFY, json=asked)).json()
    assert (made["status"], made["document_input_type"], made["result"]) == (
        "PENDING", "file_id", None,
    )  # fmt: skip
    await run(served)
    found = (await served.client.get(f"{CLASSIFY}/{made['id']}")).json()
    assert found["result"] == {"type": "invoice", "confidence": 0.75, "reasoning": "it says so"}
    assert (found["status"], found["configuration"]["rules"]) == ("COMPLETED", RULES)
    older = (await served.client.get(f"/api/v1/classifier/jobs/{made['id']}/results")).json()
    assert older["items"][0]["result"]["type"] == "invoice"
    assert older["items"][0]["file_id"] == asked["file_input"]
    parsed = await served.client.get(f"{PARSE}/{made['id']}", params={"expand": "text_full"})
    assert parsed.json()["text_full"] == "one\n\n---\n\n2"
    assert (await served.client.delete(f"{CLASSIFY}/{made['id']}")).status_code == 200
    assert (await served.client.get(CLASSIFY)).json()["items"] == []


async def test_the_file_of_a_parse_job_is_classified(served: Served) -> None:
    parsed = await parse(served, file_id=await upload(served))
    asked = {"parse_job_id": parsed["id"], "configuration": {"rules": RULES}}
    made = (await served.client.post(CLASSIFY, json=asked)).json()
    assert (made["document_input_type"], made["parse_job_id"]) == ("parse_job_id", parsed["id"])
    await run(served)
    found = (await served.client.get(f"{CLASSIFY}/{made['id']}")).json()
    assert found["result"]["type"] == "invoice"


async def test_a_transaction_gives_one_job_whatever_it_asks_for_later(served: Served) -> None:
    asked = {
        "file_input": await upload(served),
        "configuration": {"rules": RULES},
        "transaction_id": "once",
    }
    first = (await served.client.post(CLASSIFY, json=asked)).json()
    other = {**asked, "file_input": await upload(served, "other.txt")}
    again = (await served.client.post(CLASSIFY, json=other)).json()
    assert again == first
    assert (await served.client.delete(f"{CLASSIFY}/{first['id']}")).status_code == 200
    gone = await served.client.post(CLASSIFY, json=asked)
    assert (gone.status_code, "was deleted" in gone.text) == (422, True)
    stranger = await served.key("other")
    answer = await served.client.post(CLASSIFY, json=asked, headers=stranger)
    assert answer.status_code == 422


@pytest.mark.parametrize(
    "body",
    [
        {"configuration": {"rules": RULES}},
        {"file_input": "x", "file_id": "y", "configuration": {"rules": RULES}},
        {"file_input": "x"},
        {"file_input": "x", "configuration": {"rules": RULES}},
        {"file_input": "x", "configuration_id": "cfg-PARSE_FAST"},
        {"file_input": "x", "configuration": {"rules": []}},
        {"file_input": "x", "configuration": {"rules": RULES, "mode": "MULTIMODAL"}},
    ],
)
async def test_what_cannot_be_classified_is_refused(served: Served, body: dict[str, Any]) -> None:
    answer = await served.client.post(CLASSIFY, json=body)
    assert answer.status_code == 422, answer.text


async def test_files_are_classified_as_older_clients_ask_for_it(served: Served) -> None:
    file_ids = [await upload(served, name, name) for name in ("a.txt", "broken.txt")]
    at = "/api/v1/classifier/jobs"
    asked = {"file_ids": [*file_ids, file_ids[0]], "rules": RULES, "mode": "MULTIMODAL"}
    made = (await served.client.post(at, json=asked)).json()
    assert (made["status"], made["unsupported_parameters"]) == ("PENDING", ["mode"])
    job_id = (await served.admit())[-1]
    ledger = EnumerationLedger(served.state.database, 1000)
    fence, *_ = await ledger.take_over(job_id)
    row = await JobLedger(served.state.database).get(job_id)
    await ledger.add_ids(job_id, fence, row.request["item_ids"], "2", reuses=True)
    await ledger.finish(job_id, fence)
    await run(served)
    assert (await served.client.get(f"{at}/{made['id']}")).json()["status"] == "PARTIAL_SUCCESS"
    results = (await served.client.get(f"{at}/{made['id']}/results")).json()["items"]
    assert [one["file_id"] for one in results] == file_ids
    assert [bool(one["result"]) for one in results] == [True, False]
    own = (await served.client.get(f"{at}/{results[0]['id']}")).json()
    assert (own["id"], own["status"]) == (results[0]["id"], "SUCCESS")
    assert [one["id"] for one in (await served.client.get(at)).json()["items"]] == [made["id"]]
    stranger = await served.key("other")
    for path in ("", "/results"):
        answer = await served.client.get(f"{at}/{made['id']}{path}", headers=stranger)
        assert answer.status_code == 404
    missing = {**asked, "file_ids": ["0192f0c1-a2b3-7c4d-8e9f-001122334455"]}
    assert (await served.client.post(at, json=missing)).status_code == 422


@pytest.mark.parametrize("prefix", ["/api/v1/parsing", "/api/parsing"])
async def test_older_clients_upload_with_parameters_as_parts(served: Served, prefix: str) -> None:
    answer = await served.client.post(
        f"{prefix}/upload",
        files={"file": ("old.txt", b"old")},
        data={
            "language": "de,en", "target_pages": "0", "page_separator": "|", "verbose": "True",
            "premium_mode": "true", "gpt4o_api_key": "hush", "save_images": "True",
        },
    )  # fmt: skip
    assert (answer.status_code, answer.json()["status"]) == (200, "PENDING")
    at = f"{prefix}/job/{answer.json()['id']}"
    await run(served)
    assert (await served.client.get(f"{at}/result/text")).json()["text"] == "old|2"
    details = (await served.client.get(f"{at}/details")).json()
    assert details["unsupported_parameters"] == ["gpt4o_api_key", "premium_mode", "verbose"]
    assert "hush" not in json.dumps(details)
    assert (await served.client.get(f"{at}/result/pdf")).status_code == 404
    assert (await served.client.get(f"{at}/result/image/a.png")).status_code == 404
    bad = await served.client.post(
        f"{prefix}/upload", files={"file": ("a", b"x")}, data={"max_pages": "many"}
    )
    assert bad.status_code == 422


HOOK = {"webhook_url": "https://receiver.test/", "webhook_events": None}


async def events(served: Served) -> list[str]:
    """Return the types of all events that were posted, oldest first."""
    listed = (await served.client.get("/api/v1/beta/webhook-deliveries")).json()["items"]
    return [one["event_type"] for one in reversed(listed)]


async def test_a_reused_parse_ends_and_is_told_to_its_receiver(served: Served) -> None:
    file_id = await upload(served)
    await parse(served, file_id=file_id)
    await run(served)
    again = await parse(served, file_id=file_id, webhook_configurations=[HOOK])
    await run(served)
    found = (await served.client.get(f"{PARSE}/{again['id']}")).json()
    assert found["job"]["status"] == "COMPLETED"
    assert (await events(served))[-1] == "parse.success"


async def test_a_reused_classification_ends_and_is_told_to_its_receiver(served: Served) -> None:
    asked = {"file_input": await upload(served), "configuration": {"rules": RULES}}
    await served.client.post(CLASSIFY, json=asked)
    await run(served)
    again = await served.client.post(CLASSIFY, json={**asked, "webhook_configurations": [HOOK]})
    await run(served)
    found = (await served.client.get(f"{CLASSIFY}/{again.json()['id']}")).json()
    assert found["status"] == "COMPLETED"
    assert (await events(served))[-1] == "classify.success"


async def test_a_reused_upload_with_a_webhook_url_ends_and_is_told(served: Served) -> None:
    for form in ({}, {"webhook_url": "https://receiver.test/"}):
        made = await served.client.post(
            "/api/v1/parsing/upload", files={"file": ("a.txt", b"same")}, data=form
        )
        assert made.status_code == 200, made.text
        await run(served)
    found = (await served.client.get(f"/api/v1/parsing/job/{made.json()['id']}")).json()
    assert found["status"] == "SUCCESS"
    assert (await events(served))[-1] == "parse.success"


@pytest.mark.parametrize("part", ["items", "metadata"])
async def test_items_and_metadata_of_pages_can_be_had_by_a_link(served: Served, part: str) -> None:
    made = await parse(served, file_id=await upload(served))
    await run(served)
    expand = [part, f"{part}_content_metadata"]
    found = (await served.client.get(f"{PARSE}/{made['id']}", params={"expand": expand})).json()
    link = found["result_content_metadata"][part]
    answer = await served.client.get(link["presigned_url"], headers={"Authorization": ""})
    assert (answer.json(), len(answer.content)) == (found[part], link["size_bytes"])


async def test_the_sizes_of_pages_are_numbers_also_where_there_are_none(served: Served) -> None:
    made = await parse(served, file_id=await upload(served))
    await run(served)
    found = (await served.client.get(f"{PARSE}/{made['id']}", params={"expand": "items"})).json()
    sizes = [(page["page_width"], page["page_height"]) for page in found["items"]["pages"]]
    assert sizes == [(0.0, 0.0)] * 2
