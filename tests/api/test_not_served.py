"""Addresses that official clients call, and that are not served."""

import pytest

from tests.api.conftest import Served

PARSING = "/api/v1/parsing"


@pytest.mark.parametrize(
    ("method", "path", "says"),
    [
        ("POST", "/api/v1/files", "/api/v1/beta/files"),
        ("GET", "/api/v1/files/0192f0c1/content", "/api/v1/beta/files"),
        ("PUT", "/api/v1/beta/parse-configurations/x", "/api/v1/beta/configurations"),
        ("POST", f"{PARSING}/screenshot", "take_screenshot=true"),
        ("GET", f"{PARSING}/job/0192f0c1/read/page_1.png", "expand=images_content_metadata"),
        ("POST", "/api/v1/beta/agent-data/:search", "it has no agent-data"),
        ("GET", "/api/v1/pipelines", "it has no pipelines"),
        ("GET", "/nothing", "/docs lists those that there are"),
    ],
)
async def test_who_calls_what_is_not_served_is_told_what_is(
    served: Served, method: str, path: str, says: str
) -> None:
    answer = await served.client.request(method, path)
    assert answer.status_code == 404
    assert answer.json()["detail"].startswith(f"{method} {path}: there is no such address.")
    assert says in answer.json()["detail"]
