"""Projects and the organisation are shown by UUIDs; a project's own id is taken as well."""

import uuid
from typing import Any

import pytest

from sheaf.contracts.http.projects import is_project, project_uuid
from tests.api.conftest import Served
from tests.api.test_single_jobs import RULES, parse, run, upload

BETA = "/api/v1/beta"
KEYS = {"project_id", "organization_id", "tenant_id"}


def ids_in(shown: Any) -> list[str]:
    """Return the ids of projects and organisations anywhere in an answer."""
    if isinstance(shown, list):
        return [found for one in shown for found in ids_in(one)]
    if not isinstance(shown, dict):
        return []
    own = [str(value) for key, value in shown.items() if key in KEYS and value is not None]
    return own + [found for value in shown.values() for found in ids_in(value)]


async def test_every_answer_names_the_project_by_its_uuid(served: Served) -> None:
    client = served.client
    file_id = await upload(served)
    made = await client.post(f"{BETA}/directories", json={"name": "d"})
    directory_id = made.json()["id"]
    await client.post(f"{BETA}/directories/{directory_id}/files", json={"file_id": file_id})
    job = {"job_config": {"rules": RULES}, "directory_id": directory_id}
    await client.post(f"{BETA}/batch-processing", json=job)
    preset = {"job": {"type": "parse_v2", "configuration_id": "cfg-PARSE_FAST"}}
    await client.post(
        "/api/v2/batches", json={"source_directory_id": directory_id, "config": preset}
    )
    await parse(served, file_id=file_id)
    await run(served)
    asked = {"file_input": file_id, "configuration": {"rules": RULES}}
    await client.post("/api/v2/classify", json=asked)
    await client.post("/api/v1/classifier/jobs", json={"file_ids": [file_id], "rules": RULES})
    await client.post(f"{BETA}/webhook-configs", json={"webhook_url": "https://a.test/"})
    beta = ("directories", "files", "batch-processing", "webhook-configs")
    paths = [f"{BETA}/{name}" for name in beta] + [f"{BETA}/directories/{directory_id}/files"]
    paths += ["/api/v2/batches", "/api/v2/parse", "/api/v2/classify", "/api/v1/classifier/jobs"]
    for path in paths:
        found = ids_in((await client.get(path)).json())
        assert set(found) == {project_uuid("default")}, path
    (project,) = (await client.get("/api/v1/projects")).json()
    assert project["id"] == project_uuid("default")
    assert str(uuid.UUID(project["organization_id"])) == project["organization_id"]


@pytest.mark.parametrize("spelled", ["default", project_uuid("default")])
async def test_a_project_is_asked_for_by_its_name_or_its_uuid(served: Served, spelled: str) -> None:
    client = served.client
    for path in ("/api/v1/projects", "/api/v2/parse", f"{BETA}/directories"):
        assert (await client.get(path, params={"project_id": spelled})).is_success
        stranger = {"project_id": project_uuid("other")}
        assert (await client.get(path, params=stranger)).status_code == 404
    assert (await client.get(f"/api/v1/projects/{spelled}")).is_success
    query = {"filter": {"project_id": spelled}}
    assert (await client.post(f"{BETA}/files/query", json=query)).is_success


def test_a_project_whose_id_is_a_uuid_keeps_it() -> None:
    own = str(uuid.uuid4())
    assert project_uuid(own) == own
    assert project_uuid(project_uuid("default")) == project_uuid("default")
    assert is_project(own.upper(), own)
    assert not is_project(project_uuid("a"), "b")
