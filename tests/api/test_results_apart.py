"""Results whose rendering takes too much: the API serves on, and says what it cannot write."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest

from sheaf.contracts.documents import EngineRequest, EngineResult, ParsedDocument, ParsedPage
from sheaf.views import views
from tests.api.conftest import Served
from tests.api.test_page_objects import parsed
from tests.parsers import EachAlone

LONG = "- a\n" * 100_000
"""Renders for a quarter of a minute."""
SECONDS = 1.0
FORMS = [
    "/api/v1/parsing/job/{id}/result/json",
    "/api/v1/parsing/job/{id}/result/xlsx",
    "/api/v1/parsing/job/{id}/result/markdown",
    "/api/v1/parsing/job/{id}/result/raw/markdown",
    "/api/v2/parse/{id}?expand=items",
    "/api/v2/parse/{id}?expand=markdown_full_content_metadata",
]
STYLED = {"output_tables_as_HTML": True}
DEEP = "[" * 100_000


class Says(EachAlone):
    """A parser of documents with one page of a given markdown."""

    def __init__(self, markdown: str) -> None:
        self._markdown = markdown

    async def run(self, request: EngineRequest, deadline_seconds: float) -> EngineResult:
        page = ParsedPage(page=1, text="words", md=self._markdown)
        document = ParsedDocument(
            pages=(page,), media_type="text/plain", engine="says", engine_version="1", total_pages=1
        )
        return EngineResult(document=document, markdown="as its process wrote it")


@pytest.fixture
def more_settings() -> dict[str, Any]:
    return {"render_seconds": SECONDS}


@pytest.mark.parametrize("form", FORMS)
async def test_a_result_that_renders_for_minutes_keeps_no_other_request_waiting(
    served: Served, tmp_path: Path, form: str
) -> None:
    task_id = await parsed(served, tmp_path, Says(LONG), **STYLED)
    began = time.monotonic()
    asked = asyncio.create_task(served.client.get(form.format(id=task_id)))
    await asyncio.sleep(SECONDS / 4)
    other = await served.client.get("/api/v2/batches")
    assert (other.status_code, asked.done()) == (200, False)
    answer = await asked
    assert time.monotonic() - began < 10 * SECONDS
    assert answer.status_code == 413, answer.text
    assert f"it takes over {SECONDS:g} s. Ask for less of it at once" in answer.json()["detail"]
    text = await served.client.get(f"/api/v2/parse/{task_id}", params={"expand": "text_full"})
    assert (text.status_code, text.json()["text_full"]) == (200, "words")


@pytest.mark.parametrize(
    "line",
    [DEEP, f'{{"document": {DEEP}', '{"document": {"pages": 1}}', '"x"', "", "\\", "\0" * 9],
    ids=["deep", "deep document", "no pages", "no object", "nothing", "no JSON", "zeros"],
)
async def test_a_result_that_is_not_stored_as_results_are_is_told_as_such(
    served: Served, tmp_path: Path, line: str
) -> None:
    task_id = await parsed(served, tmp_path, Says("words"))
    (pack,) = (tmp_path / "home").rglob("*.jsonl")
    size = pack.stat().st_size
    pack.write_bytes(line.encode()[:size].ljust(size))
    for form in FORMS:
        answer = await served.client.get(form.format(id=task_id))
        assert answer.status_code == 413, answer.text
        assert "it is not stored as results are" in answer.json()["detail"]


async def test_a_result_that_would_be_too_large_is_told_as_such(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task_id = await parsed(served, tmp_path, Says("words " * 1000))
    monkeypatch.setitem(views.Views.written.__kwdefaults__, "most_bytes", 5000)
    at = f"/api/v2/parse/{task_id}"
    answer = await served.client.get(at, params={"expand": ["text", "markdown"]})
    assert answer.status_code == 413
    detail = answer.json()["detail"]
    assert "cannot be written as text, markdown: it would be over 5000 bytes" in detail
    assert (await served.client.get(at, params={"expand": "text"})).is_success
    monkeypatch.setattr(views, "MOST_STORED_BYTES", 4000)
    answer = await served.client.get(at, params={"expand": "text"})
    assert (answer.status_code, "it is over 4000 bytes" in answer.text) == (413, True)


async def test_a_long_part_is_sent_whole(served: Served, tmp_path: Path) -> None:
    markdown = "é and so on " * 300_000
    task_id = await parsed(served, tmp_path, Says(markdown))
    raw = await served.client.get(f"/api/v1/parsing/job/{task_id}/result/raw/markdown")
    assert raw.content == markdown.encode()
    assert raw.headers["content-length"] == str(len(raw.content))
    expand = ["text", "markdown_full", "job_metadata"]
    answer = await served.client.get(f"/api/v2/parse/{task_id}", params={"expand": expand})
    found = json.loads(answer.content)
    assert found["markdown_full"] == markdown
    assert found["text"]["pages"] == [{"page_number": 1, "text": "words"}]
    assert found["job_metadata"]["job_pages"] == 1


async def test_callers_are_told_to_come_again_where_too_many_results_are_written(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task_id = await parsed(served, tmp_path, Says("words"))
    monkeypatch.setattr(served.state.views, "_wait_seconds", 0.05)
    at = f"/api/v2/parse/{task_id}"
    async with served.state.views._turn("default"), served.state.views._turn("default"):
        answer = await served.client.get(at, params={"expand": "text"})
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert "Try again in a few seconds" in answer.json()["detail"]
        assert (await served.client.get(at)).is_success
    assert (await served.client.get(at, params={"expand": "text"})).is_success


async def test_a_picture_is_given_without_a_look_into_its_result(
    served: Served, tmp_path: Path
) -> None:
    task_id = await parsed(served, tmp_path, images_to_save=["embedded"])
    (pack,) = (tmp_path / "home").rglob("*.jsonl")
    pack.write_bytes(DEEP.encode())
    at = f"/api/v1/parsing/job/{task_id}/result/image"
    assert (await served.client.get(f"{at}/img_p1_1.png")).is_success
    for name in ("img_p1_2.png", "..", "x.svg", ".png", "%2e%2e%2fimg_p1_1.png"):
        assert (await served.client.get(f"{at}/{name}")).status_code == 404, name
