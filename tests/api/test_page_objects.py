"""What results show of pages beside their text: parts with places, pictures, margins, faults."""

from pathlib import Path
from typing import Any

import pytest

from sheaf.contracts.documents import EngineRequest, EngineResult, ParsedDocument, ParsedPage
from sheaf.contracts.page_parts import Block, Box, Line, PageImage, Word
from tests.api.conftest import Served
from tests.api.test_batch_jobs import create, enumerate_files
from tests.api.working import work_through
from tests.parsers import EachAlone

PNG = b"\x89PNG and so on"
PAGE = ParsedPage(
    page=1,
    text="Head\nWords [here]",
    md="# Head\n\nWords [here](https://a.example/)\n\n![](img_p1_1.png)",
    width=595,
    height=842,
    blocks=(
        Block("heading", "head", Box(10, 20, 100, 12)),
        Block("paragraph", "wordshere", Box(10, 40, 200, 12)),
        Block("figure", "", Box(10, 60, 50, 50)),
    ),
    lines=(Line("Words here", Box(10, 41, 60, 9), (Word("Words", Box(10, 41, 30, 9)),)),),
    header="Report",
    printed_page_number="41",
)

BROKEN = ParsedPage(page=2, text="", md="", error="page not found")


class Draws(EachAlone):
    """A parser that keeps a picture where it is asked for pictures."""

    async def run(self, request: EngineRequest, deadline_seconds: float) -> EngineResult:
        page = PAGE
        if request.options.images:
            assert request.image_folder is not None
            Path(request.image_folder, "img_p1_1.png").write_bytes(PNG)
            image = PageImage(
                name="img_p1_1.png", kind="embedded", width=5, height=6, box=Box(10, 60.4, 50, 50)
            )
            page = page.changed(images=(image,))
        document = ParsedDocument(
            pages=(page, BROKEN),
            media_type="application/pdf",
            engine="draws",
            engine_version="1",
            total_pages=2,
        )
        return EngineResult(document=document)


class Tabled(EachAlone):
    """A parser whose first page has two tables."""

    async def run(self, request: EngineRequest, deadline_seconds: float) -> EngineResult:
        table = "| a | b |\n| --- | --- |\n| 1 | 2 |"
        page = PAGE.changed(md=f"{table}\n\nbetween\n\n{table}")
        document = ParsedDocument(
            pages=(page, BROKEN),
            media_type="application/pdf",
            engine="tabled",
            engine_version="1",
            total_pages=2,
        )
        return EngineResult(document=document)


async def parsed(
    served: Served, folder: Path, parser: EachAlone | None = None, **parameters: Any
) -> str:
    """Return the id of the job of a file that was parsed with these parameters."""
    (folder / "a.pdf").write_text("x")
    job = await create(served, folder, job_config={"parameters": parameters})
    await enumerate_files(served, job["id"], ["a.pdf"])
    (done,) = await work_through(served, job["id"], parser or Draws(), 1)
    return done.outcome.item.task_id


async def pages_of(served: Served, task_id: str) -> list[dict[str, Any]]:
    answer = await served.client.get(f"/api/v1/parsing/job/{task_id}/result/json")
    pages: list[dict[str, Any]] = answer.json()["pages"]
    return pages


async def test_parts_of_a_page_have_places_and_lines(served: Served, tmp_path: Path) -> None:
    first, second = await pages_of(served, await parsed(served, tmp_path))
    kinds = [(item["type"], item.get("bBox", {}).get("y")) for item in first["items"]]
    assert kinds == [("heading", 20), ("text", 40), ("image", 60)]
    assert first["items"][0]["lvl"] == 1
    (line,) = first["items"][1]["lines"]
    assert (line["text"], line["words"][0]["text"]) == ("Words here", "Words")
    assert first["links"] == [{"text": "here", "url": "https://a.example/"}]
    assert (first["printedPageNumber"], first["pageHeaderMarkdown"]) == ("41", "Report")
    assert (first["status"], second["status"]) == ("OK", "ERROR")
    assert first["layout"] == []


async def test_layout_is_shown_where_it_was_asked_for(served: Served, tmp_path: Path) -> None:
    first, _ = await pages_of(served, await parsed(served, tmp_path, extract_layout=True))
    assert [part["label"] for part in first["layout"]] == ["heading", "paragraph", "figure"]


async def test_pictures_are_kept_and_given_by_both_versions(served: Served, tmp_path: Path) -> None:
    task_id = await parsed(served, tmp_path, images_to_save=["embedded"])
    first, _ = await pages_of(served, task_id)
    (image,) = first["images"]
    assert (image["name"], image["original_width"], image["x"]) == ("img_p1_1.png", 5, 10)
    at = f"/api/v1/parsing/job/{task_id}/result/image"
    answer = await served.client.get(f"{at}/img_p1_1.png")
    assert (answer.content, answer.headers["content-type"]) == (PNG, "image/png")
    assert (await served.client.get(f"{at}/other.png")).status_code == 404
    expand = ["images_content_metadata", "items", "markdown", "metadata"]
    found = (await served.client.get(f"/api/v2/parse/{task_id}", params={"expand": expand})).json()
    told = found["images_content_metadata"]
    assert told["total_count"] == 1
    assert told["images"][0]["bbox"] == {"x": 10, "y": 60, "w": 50, "h": 50}
    url = told["images"][0]["presigned_url"]
    assert (await served.client.get(url, headers={"Authorization": ""})).content == PNG
    assert (await served.client.get(url.replace("img_p1_1", "img_p1_2"))).status_code == 403
    items, failed = found["items"]["pages"]
    assert [box["y"] for box in items["items"][1]["bbox"]] == [40, 41]
    assert (failed["success"], failed["error"]) == (False, "page not found")
    assert found["markdown"]["pages"][0]["header"] == "Report"
    assert found["metadata"]["pages"][0]["printed_page_number"] == "41"


async def test_save_images_keeps_embedded_pictures_where_nothing_says_which(
    served: Served, tmp_path: Path
) -> None:
    first, _ = await pages_of(served, await parsed(served, tmp_path, save_images=True))
    assert [image["name"] for image in first["images"]] == ["img_p1_1.png"]


async def test_pages_name_their_tables_and_list_charts(served: Served, tmp_path: Path) -> None:
    task_id = await parsed(served, tmp_path, Tabled())
    first, second = await pages_of(served, task_id)
    assert (first["charts"], first["tables"]) == ([], ["table_p1_1", "table_p1_2"])
    assert (second["charts"], second["tables"]) == ([], [])
    assert [item["type"] for item in first["items"]].count("table") == 2


async def test_image_filenames_name_the_pictures_to_tell_of(served: Served, tmp_path: Path) -> None:
    task_id = await parsed(served, tmp_path, images_to_save=["embedded"])
    asked = {"expand": "images_content_metadata", "image_filenames": "page_1.png,page_2.png"}
    found = (await served.client.get(f"/api/v2/parse/{task_id}", params=asked)).json()
    assert found["images_content_metadata"] == {"total_count": 1, "images": []}


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"save_images": None},
        {"images_to_save": ["layout"], "save_images": True},
        {"images_to_save": [], "save_images": True},
        {"save_images": True, "disable_image_extraction": True},
        {"images_to_save": ["embedded"], "save_images": False},
        {"images_to_save": ["embedded"], "disable_image_extraction": True},
    ],
)
async def test_no_picture_is_kept_that_was_not_asked_for(
    served: Served, tmp_path: Path, parameters: dict[str, Any]
) -> None:
    first, _ = await pages_of(served, await parsed(served, tmp_path, **parameters))
    assert first["images"] == []
