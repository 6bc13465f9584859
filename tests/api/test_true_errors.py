"""What is wrong with a request is told once, where it stands, and by what the caller can change."""

from typing import Any

import pytest

from sheaf.contracts.apis import Scope
from tests.api.conftest import Served

FILE_ID = "0192f0c1-a2b3-7c4d-8e9f-001122334455"
UPLOAD = "/api/v1/parsing/upload"
GOOD_RULE = {"type": "invoice", "description": "a bill for goods or services"}


def classifying(rules: list[Any]) -> list[tuple[str, dict[str, Any]]]:
    """Requests by which rules come in, with their addresses."""
    saved = {"product_type": "classify_v2", "rules": rules}
    return [
        (
            "/api/v1/beta/batch-processing",
            {"job_config": {"rules": rules}, "directory_id": "dir-x"},
        ),
        ("/api/v2/classify", {"file_input": FILE_ID, "configuration": {"rules": rules}}),
        ("/api/v1/classifier/jobs", {"file_ids": [FILE_ID], "rules": rules}),
        ("/api/v1/beta/configurations", {"name": "x", "parameters": saved}),
    ]


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ({"type": "x", "description": "short"}, "description"),
        ({"type": "bad!", "description": "a bill for goods or services"}, "type"),
        ({"type": "x"}, "description"),
        ("x", None),
    ],
)
@pytest.mark.parametrize("before", [[], [GOOD_RULE]])
async def test_a_bad_rule_is_one_error(
    served: Served, rule: Any, field: str | None, before: list[Any]
) -> None:
    for url, body in classifying([*before, rule]):
        answer = await served.client.post(url, json=body)
        assert answer.status_code == 422
        (error,) = answer.json()["detail"]
        place = ["rules", len(before), *([field] if field else [])]
        assert error["loc"][-len(place) :] == place


async def test_no_rules_are_one_error(served: Served) -> None:
    for url, body in classifying([]):
        (error,) = (await served.client.post(url, json=body)).json()["detail"]
        assert (error["loc"][-1], error["type"]) == ("rules", "too_short")


@pytest.mark.parametrize("name", ["input_url", "input_s3_path"])
@pytest.mark.parametrize("with_file", [True, False])
@pytest.mark.parametrize("as_multipart", [True, False])
async def test_an_upload_that_names_an_address_is_told_what_to_send(
    served: Served, name: str, with_file: bool, as_multipart: bool
) -> None:
    parts: dict[str, Any] = {name: "https://example.com/a.pdf"}
    sent: dict[str, Any] = {"data": parts}
    if as_multipart:
        sent = {"files": {key: (None, text) for key, text in parts.items()}}
    if with_file:
        sent = {"data": parts, "files": {"file": ("a.txt", b"text")}}
    answer = await served.client.post(UPLOAD, **sent)
    assert answer.status_code == 422
    (error,) = answer.json()["detail"]
    assert error["loc"] == ["body", name]
    assert error["msg"].startswith(f"{name}: this server fetches no addresses")
    assert not served.temporal.started


async def test_an_upload_without_a_file_lacks_its_file(served: Served) -> None:
    for sent in ({"json": {"lang": "en"}}, {"data": {"lang": "en", "input_url": ""}}, {}):
        (error,) = (await served.client.post(UPLOAD, **sent)).json()["detail"]
        assert (error["loc"], error["type"]) == (["body", "file"], "missing")


async def test_a_read_key_may_query(served: Served) -> None:
    reader = await served.key(scope=Scope.READ)
    answer = await served.client.post("/api/v1/beta/files/query", json={}, headers=reader)
    assert answer.status_code == 200
    body = {"files": {"file": ("a.txt", b"text")}, "data": {"purpose": "parse"}}
    made = await served.client.post("/api/v1/beta/files", headers=reader, **body)
    assert made.status_code == 403
    stranger = {"Authorization": "Bearer nobody"}
    for headers, status in ((stranger, 401), (await served.key("other", Scope.READ), 200)):
        asked = await served.client.post("/api/v1/beta/files/query", json={}, headers=headers)
        assert asked.status_code == status
