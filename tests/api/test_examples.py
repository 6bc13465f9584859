"""Every example of the OpenAPI document is a request that works."""

import json
from pathlib import Path
from typing import Any

from tests.api.conftest import Served
from tests.api.test_isolation import owned

IDS = {
    "dir-0192f0c1a2b37c4d8e9f001122334455": "directory_id",
    "dfl-0192f0c1a2b37c4d8e9f001122334455": "directory_file_id",
    "0192f0c1-a2b3-7c4d-8e9f-001122334455": "file_id",
    "{directory_id}": "directory_id",
    "{job_id}": "job_id",
}


def filled(text: str, ids: dict[str, str]) -> str:
    for shown, kind in IDS.items():
        text = text.replace(shown, ids[kind])
    return text


def examples(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    found = []
    for path, operations in document["paths"].items():
        body = operations.get("post", {}).get("requestBody", {}).get("content", {})
        schema = body.get("application/json", {}).get("schema", {})
        for reference in [schema, *schema.get("anyOf", ())]:
            name = reference.get("$ref", "").rpartition("/")[2]
            model = document["components"]["schemas"].get(name, {})
            found += [(path, example) for example in model.get("examples", ())]
    return found


async def test_every_example_works(served: Served, tmp_path: Path) -> None:
    ids = await owned(served, tmp_path)
    document = (await served.client.get("/openapi.json")).json()
    known = examples(document)
    assert len({path for path, _ in known}) >= 11
    for path, example in known:
        body = json.loads(filled(json.dumps(example), ids))
        answer = await served.client.post(filled(path, ids), json=body)
        assert answer.status_code < 300, (path, body, answer.text)


async def test_every_operation_that_takes_json_has_an_example(served: Served) -> None:
    document = (await served.client.get("/openapi.json")).json()
    taking = {
        path
        for path, operations in document["paths"].items()
        if "application/json"
        in operations.get("post", {}).get("requestBody", {}).get("content", {})
    }
    assert taking - {path for path, _ in examples(document)} == set()
