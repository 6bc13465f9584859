"""The project of a key, and the extensions of files, as clients of both versions ask for them."""

import pytest

from sheaf.rules.file_extensions import SUPPORTED_EXTENSIONS
from tests.api.conftest import Served


async def test_a_key_has_one_project_in_both_versions(served: Served) -> None:
    (project,) = (await served.client.get("/api/v1/projects")).json()
    page = (await served.client.get("/api/v2/projects", params={"page_size": 1})).json()
    assert page == {"items": [project], "next_page_token": None, "total_size": 1}
    for version in ("v1", "v2"):
        at = f"/api/{version}/projects"
        assert (await served.client.get(f"{at}/{project['id']}")).json() == project
        assert (await served.client.get(f"{at}/prj-of-others")).status_code == 404


async def test_projects_are_found_by_their_name_alone(served: Served) -> None:
    (project,) = (await served.client.get("/api/v1/projects")).json()
    for name, count in ((project["name"], 1), ("another", 0)):
        page = (await served.client.get("/api/v2/projects", params={"name": name})).json()
        assert (len(page["items"]), page["total_size"]) == (count, count)


async def test_a_page_of_projects_that_was_never_told_of_is_refused(served: Served) -> None:
    answer = await served.client.get("/api/v2/projects", params={"page_token": "x"})
    assert answer.status_code == 422


@pytest.mark.parametrize("prefix", ["/api/v1/parsing", "/api/parsing"])
async def test_the_extensions_of_files_that_are_read_are_told(served: Served, prefix: str) -> None:
    answer = await served.client.get(f"{prefix}/supported_file_extensions")
    assert answer.json() == list(SUPPORTED_EXTENSIONS)
    assert {".pdf", ".docx", ".png"} <= set(answer.json())
