"""Calls of `LlamaParse` of `llama-cloud-services`, in an environment of its own.

`python llama_parse.py BASE_URL KEY DOCUMENTS` prints what it called; see `newest.py`.
"""

import asyncio
import csv
import inspect
import sys
import tempfile
import warnings
import zipfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from traced import Traced, real_documents, report

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from llama_cloud_services import LlamaParse
    from llama_cloud_services.parse.base import JobFailedException, ResultType
    from llama_cloud_services.parse.types import JobResult

CLASSES = (LlamaParse, JobResult)
OF_PYDANTIC = {"model_post_init"}


class Script:
    """One run of all calls, in one event loop: connections of this client do not outlive theirs."""

    def __init__(self, base_url: str, key: str, folder: str) -> None:
        self.calls: list[str] = []
        self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)
        self.run = self._loop.run_until_complete
        self.documents = {path.name: path for path in real_documents(folder)}
        self._connection = {"base_url": base_url, "api_key": key}

    def parser(self, **given: Any) -> Any:
        """Return a parser that says where something fails."""
        asked = {"ignore_errors": False, "verbose": False, "check_interval": 1, **given}
        return Traced(LlamaParse(**self._connection, **asked), self.calls, "LlamaParse")

    def result(self, found: Any) -> Any:
        """Return a job's result that notes what is called of it."""
        return Traced(found, self.calls, "JobResult")

    def loads(self) -> None:
        """Load files as documents, one and many, by both kinds of text and by page."""
        pdf, text = self.documents["supply-agreement.pdf"], self.documents["portal-login.eml"]
        parser = self.parser(result_type=ResultType.MD, split_by_page=False)
        (document,) = parser.load_data(str(pdf))
        pages = self.parser(result_type=ResultType.MD).load_data(str(pdf))
        assert len(pages) == len(document.text.split("\n---\n")) > 1
        both = self.run(self.parser(split_by_page=False).aload_data([pdf, text]))
        assert [bool(one.text.strip()) for one in both] == [True, True]
        content = pdf.read_bytes()
        (named, *_) = self.parser().load_data(content, extra_info={"file_name": pdf.name})
        assert named.metadata == {"file_name": pdf.name}
        broken = self.documents["calibration-report-truncated.pdf"]
        code = None
        try:
            self.parser().load_data(str(broken))
        except JobFailedException as error:
            code = error.error_code
        assert code == "PDF_IS_BROKEN"

    def partitions(self) -> None:
        """Read a file in parts of one page until one is past its end."""
        pdf = self.documents["supply-agreement.pdf"]
        whole = self.parser().parse(str(pdf))
        parts = self.parser(partition_pages=1).parse(str(pdf))
        assert len(parts) == len(whole.pages) > 1
        assert [part.pages[0].text for part in parts] == [page.text for page in whole.pages]

    def assets(self) -> None:
        """Fetch pictures, charts, tables and a spreadsheet by the JSON of a result."""
        pdf, sheet = self.documents["supply-agreement.pdf"], self.documents["budget-2026.xlsx"]
        with tempfile.TemporaryDirectory() as folder:
            (found,) = self.parser(take_screenshot=True).get_json_result(str(pdf))
            (same,) = self.parser().get_json(str(sheet))
            again = self.run(self.parser(take_screenshot=True).aget_json([str(pdf)]))
            assert [page["text"] for page in again[0]["pages"]] == [
                page["text"] for page in found["pages"]
            ]
            images = self.parser().get_images([found], folder)
            assert len(images) == len(found["pages"])
            assert all(Path(image["path"]).stat().st_size for image in images)
            assert self.run(self.parser().aget_images([found], folder))
            assert self.run(self.parser().aget_assets([found], folder, "images"))
            self.tables(same, folder)
            assert self.parser().get_charts([found], folder) == []
            assert self.run(self.parser().aget_charts([found], folder)) == []
            (made,) = self.parser().get_xlsx([same], folder)
            assert zipfile.is_zipfile(made["path"])
            (made,) = self.run(self.parser().aget_xlsx([same], folder))
            assert zipfile.is_zipfile(made["path"])

    def tables(self, found: dict[str, Any], folder: str) -> None:
        """Write the tables of a result as CSV."""
        (path, *_) = self.parser().get_tables([found], folder)
        assert list(csv.reader(Path(path).read_text().splitlines()))
        assert self.run(self.parser().aget_tables([found], folder))

    def results(self) -> None:
        """Take a result in every form, at once and later by the id of its job."""
        pdf = self.documents["supply-agreement.pdf"]
        parsed = self.parser(take_screenshot=True).parse(str(pdf))
        many = self.run(self.parser().aparse([str(pdf), str(pdf)]))
        assert [len(one.pages) for one in many] == [len(parsed.pages)] * 2
        assert self.parser().get_result(parsed.job_id).pages
        assert self.run(self.parser().aget_result([parsed.job_id]))[0].pages
        result = self.result(parsed)
        self.texts(result, parsed)
        with tempfile.TemporaryDirectory() as folder:
            self.images(result, folder)

    def texts(self, result: Any, parsed: Any) -> None:
        """Take the texts of a result as documents and as nodes."""
        for kind in ("text", "markdown"):
            for form in ("documents", "nodes"):
                get, aget = f"get_{kind}_{form}", f"aget_{kind}_{form}"
                by_page = getattr(result, get)(split_by_page=True)
                assert len(by_page) == len(parsed.pages)
                assert all(one.text.strip() for one in by_page)
                assert len(self.run(getattr(result, aget)())) == 1
        for name in ("text", "markdown", "json"):
            found = getattr(result, f"get_{name}")()
            assert self.run(getattr(result, f"aget_{name}")()) == found
            assert found

    def images(self, result: Any, folder: str) -> None:
        """Take the pictures of a result, and its tables as a spreadsheet."""
        names = result.get_image_names()
        assert names == [f"page_{number + 1}.jpg" for number in range(len(names))]
        assert names
        content = result.get_image_data(names[0])
        assert content.startswith(b"\xff\xd8\xff"), "a JPEG, as its name says"
        assert self.run(result.aget_image_data(names[0])) == content
        path = result.save_image(names[0], folder)
        assert Path(path).read_bytes() == content
        assert self.run(result.asave_image(names[0], folder)) == path
        assert len(result.save_all_images(folder)) == len(names)
        assert len(self.run(result.asave_all_images(folder))) == len(names)
        for form in ("documents", "nodes"):
            found = getattr(result, f"get_image_{form}")(include_object_images=False)
            assert len(found) == len(names)
            assert self.run(getattr(result, f"aget_image_{form}")())
        assert result.get_xlsx_data().startswith(b"PK")
        assert self.run(result.aget_xlsx_data()).startswith(b"PK")

    async def contexts(self) -> None:
        """Lend a client of httpx."""
        async with self.parser().client_context() as client:
            assert client


def known() -> Iterator[str]:
    """Yield the names of all methods of the two classes."""
    for one in CLASSES:
        for name, value in vars(one).items():
            if inspect.isfunction(value) and not name.startswith("_") and name not in OF_PYDANTIC:
                yield f"{one.__name__}.{name}"


def main(base_url: str, key: str, folder: str) -> None:
    """Call everything and print what was called."""
    script = Script(base_url, key, folder)
    script.loads()
    script.partitions()
    script.assets()
    script.results()
    script.run(script.contexts())
    report(f"llama-cloud-services {version('llama-cloud-services')}", known(), script.calls)


if __name__ == "__main__":
    main(*sys.argv[1:])
