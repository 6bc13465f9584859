"""What is counted of requests."""

import json
import uuid

import pytest

from sheaf.ledger.jobs.admissions import AdmissionLedger
from tests.api.conftest import Served


async def test_requests_are_counted_by_their_address_without_ids(served: Served) -> None:
    file_id = str(uuid.uuid4())
    await served.client.get(f"/api/v1/beta/files/{file_id.upper()}")
    await served.client.get(f"/api/parsing/job/{file_id}/result/text")
    await served.client.get(f"/nowhere/{file_id}")
    counted = (await served.client.get("/metrics")).text
    assert 'route="/api/v1/beta/files/{file_id}",status="404"' in counted
    assert 'route="/api/parsing/job/{job_id}/result/text",status="404"' in counted
    assert 'route="unknown",status="404"' in counted
    assert file_id not in counted.lower()


async def test_jobs_that_need_a_place_are_counted_for_what_scales_workers(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sheaf.jobs.demand.FRESH_SECONDS", 0)

    async def asked() -> dict[str, dict[str, int]]:
        answer = await served.client.get("/scaling", headers={"Authorization": ""})
        assert answer.status_code == 200
        return dict(answer.json())

    none = {"open": 0, "waiting": 0, "all": 0}
    assert await asked() == {"small": none, "large": none}
    for _ in range(3):
        await upload_and_parse(served)
    assert await asked() == {"small": {"open": 0, "waiting": 3, "all": 3}, "large": none}
    await served.admit()
    assert (await asked())["small"] == {"open": 3, "waiting": 0, "all": 3}
    counted = (await served.client.get("/metrics")).text
    assert 'sheaf_jobs{kind="small",state="open"} 3.0' in counted


async def test_asking_more_often_costs_the_ledger_nothing(served: Served) -> None:
    before = (await served.client.get("/scaling")).json()
    await upload_and_parse(served)
    assert (await served.client.get("/scaling")).json() == before


async def test_without_a_ledger_nothing_is_said_and_metrics_go_on(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_: object) -> None:
        raise OSError

    monkeypatch.setattr(AdmissionLedger, "open_and_waiting", away)
    assert (await served.client.get("/scaling")).status_code == 503
    assert (await served.client.get("/metrics")).status_code == 200


async def upload_and_parse(served: Served) -> None:
    configuration = json.dumps({"tier": "fast", "version": "latest"})
    answer = await served.client.post(
        "/api/v2/parse/upload",
        files={"file": ("a.txt", b"text")},
        data={"configuration": configuration},
    )
    assert answer.status_code == 200, answer.text
