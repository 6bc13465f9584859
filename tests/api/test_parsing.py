"""`/api/v1/parsing`, for the items of a batch, in one process."""

from pathlib import Path
from typing import Any

import pytest

from sheaf.contracts.documents import (
    EngineFailure,
    EngineRequest,
    EngineResult,
    ParsedDocument,
    ParsedPage,
)
from sheaf.contracts.failures import FailureKind
from tests.api.conftest import Served
from tests.api.test_batch_jobs import BATCHES, create, enumerate_files
from tests.api.working import work_through
from tests.parsers import EachAlone

NAMES = ["broken.txt", "good.txt", "waiting.txt"]


class TwoPages(EachAlone):
    """A parser that gives the file's text as page 1 and `two` as page 2; `broken` is corrupt."""

    async def run(self, request: EngineRequest, deadline_seconds: float) -> EngineResult:
        if "broken" in request.name:
            failure = EngineFailure(kind=FailureKind.CORRUPT, message="no such thing")
            return EngineResult(failure=failure)
        text = Path(request.path).read_text()
        pages = (
            ParsedPage(page=1, text=text, md=f"# {text}"),
            ParsedPage(page=2, text="2", md="2"),
        )
        document = ParsedDocument(
            pages=pages, media_type="text/plain", engine="two", engine_version="1", total_pages=2
        )
        return EngineResult(document=document)


async def processed(served: Served, tmp_path: Path) -> dict[str, dict[str, Any]]:
    """Make a batch of three files of which two are processed; return its items by name."""
    for name in NAMES:
        (tmp_path / name).write_text("one")
    job = await create(served, tmp_path, job_config={"parameters": {"page_separator": "|"}})
    await enumerate_files(served, job["id"], NAMES)
    await work_through(served, job["id"], TwoPages(), 2)
    listed = (await served.client.get(f"{BATCHES}/{job['id']}/items")).json()["items"]
    return {item["item_name"]: item for item in listed}


@pytest.mark.parametrize("prefix", ["/api/v1/parsing", "/api/parsing"])
async def test_the_results_of_an_item_answer_by_its_job_id(
    served: Served, tmp_path: Path, prefix: str
) -> None:
    item = (await processed(served, tmp_path))["good.txt"]
    at = f"{prefix}/job/{item['job_id']}"
    state = (await served.client.get(at)).json()
    assert (state["id"], state["status"]) == (item["job_id"], "SUCCESS")
    text = (await served.client.get(f"{at}/result/text")).json()
    assert text["text"] == "one|2"
    assert (text["job_metadata"]["job_pages"], text["job_metadata"]["job_is_cache_hit"]) == (
        2,
        False,
    )
    markdown = (await served.client.get(f"{at}/result/markdown")).json()
    assert markdown["markdown"] == "# one|2"
    pages = (await served.client.get(f"{at}/result/json")).json()["pages"]
    assert [(page["page"], page["md"], page["parsingMode"]) for page in pages] == [
        (1, "# one", "two"),
        (2, "2", "two"),
    ]
    raw = await served.client.get(f"{at}/result/raw/markdown")
    assert (raw.text, raw.headers["content-type"]) == ("# one|2", "text/markdown; charset=utf-8")
    assert (await served.client.get(f"{at}/result/raw/text")).text == "one|2"


async def test_a_failed_item_says_why_and_has_no_result(served: Served, tmp_path: Path) -> None:
    item = (await processed(served, tmp_path))["broken.txt"]
    at = f"/api/v1/parsing/job/{item['job_id']}"
    state = (await served.client.get(at)).json()
    assert (state["status"], state["error_code"]) == ("ERROR", "PDF_IS_BROKEN")
    assert state["error_message"] == "Corrupt: no such thing"
    assert (await served.client.get(f"{at}/result/text")).status_code == 404


async def test_a_waiting_item_is_pending_and_has_no_result(served: Served, tmp_path: Path) -> None:
    item = (await processed(served, tmp_path))["waiting.txt"]
    at = f"/api/v1/parsing/job/{item['job_id']}"
    assert (await served.client.get(at)).json()["status"] == "PENDING"
    answer = await served.client.get(f"{at}/result/json")
    assert answer.status_code == 404
    assert "Check job status" in answer.json()["detail"]


async def test_an_item_of_another_project_is_unknown(served: Served, tmp_path: Path) -> None:
    item = (await processed(served, tmp_path))["good.txt"]
    stranger = await served.key("other")
    for path in ("", "/result/text", "/result/json", "/result/raw/text"):
        answer = await served.client.get(
            f"/api/v1/parsing/job/{item['job_id']}{path}", headers=stranger
        )
        assert answer.status_code == 404
