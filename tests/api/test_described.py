"""What the OpenAPI document promises, and answers to methods that an address has not."""

import pytest

from tests.api.conftest import Served


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/api/v2/batches", "GET, POST"),
        ("/api/v1/beta/configurations/cfg-1", "DELETE, GET, PUT"),
        ("/api/v1/beta/files/query", "POST"),
        ("/api/v2/parse/versions", "GET"),
        ("/api/v2/parse/upload", "POST"),
        ("/api/v2/parse/0192f0c1-a2b3-7c4d-8e9f-001122334455", "DELETE, GET"),
    ],
)
async def test_a_method_that_is_not_served_names_those_that_are(
    served: Served, path: str, allowed: str
) -> None:
    answer = await served.client.request("OPTIONS", path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)


async def test_every_operation_documents_its_errors(served: Served) -> None:
    document = (await served.client.get("/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    operations = [
        operation
        for path in document["paths"].values()
        for method, operation in path.items()
        if method in {"get", "post", "put", "patch", "delete"}
    ]
    assert len(operations) > 60
    for operation in operations:
        assert {"401", "404", "422", "503"} <= set(operation["responses"])
        assert operation.get("description"), operation["operationId"]


@pytest.mark.parametrize("time", ["0.5", "1700000000", "yesterday"])
async def test_a_time_is_written_as_one(served: Served, time: str) -> None:
    answer = await served.client.get("/api/v2/batches", params={"created_at_on_or_after": time})
    assert answer.status_code == 422
    good = {"created_at_on_or_after": "2026-11-24T09:00:00+01:00"}
    assert (await served.client.get("/api/v2/batches", params=good)).status_code == 200
