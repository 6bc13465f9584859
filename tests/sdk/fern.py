"""Calls of the last generation of `llama-cloud` that Fern made, in an environment of its own.

`python fern.py BASE_URL KEY DOCUMENTS` prints what it called; see `newest.py`. This client decodes
answers strictly: an enum's value or a required field that it does not know ends it.
"""

import contextlib
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx
from llama_cloud.client import LlamaCloud
from llama_cloud.core.api_error import ApiError
from traced import Traced, any_arguments, methods, real_documents, report

RULES = [
    {"type": "invoice", "description": "a bill for goods or services, with amounts due"},
    {"type": "contract", "description": "an agreement between parties with terms and signatures"},
]
END_SECONDS = 120
SERVED = ("beta", "classifier", "files", "parsing", "v_2", "projects")
OTHERS = (
    *("agent_data", "directory_sync_job", "pipeline_files", "result_region", "split_job"),
    *("spreadsheet_job", "usage_metrics"),
)
"""What `beta` holds of other resources, by parts of the methods' names."""
REFUSED = (
    *("files.upload_file", "files.generate_presigned_url", "files.upload_file_from_url"),
    *("files.get_file", "files.delete_file", "files.read_file_content"),
    *(f"beta.{verb}_parse_configuration" for verb in ("create", "get", "update", "delete")),
    "beta.list_parse_configurations",
    *("parsing.upload_file", "parsing.screenshot", "parsing.generate_presigned_url"),
    *("parsing.get_job_raw_text_result", "parsing.get_job_structured_result"),
    "v_2.upload_file_multipart",
)


def until(read: Callable[[], Any], is_end: Callable[[Any], bool]) -> Any:
    """Return what `read` returns once `is_end` says so."""
    deadline = time.monotonic() + END_SECONDS
    while not is_end(found := read()):
        assert time.monotonic() < deadline, found
        time.sleep(0.3)
    return found


def pages(read: Callable[..., Any], **given: Any) -> list[Any]:
    """Return all that a list in pages has."""
    found: list[Any] = []
    token = None
    while True:
        page = read(page_token=token, **given)
        found += page.items
        token = page.next_page_token
        if not token:
            return found


def refusal(call: Callable[[], Any]) -> int:
    """Return the status by which a call is refused."""
    try:
        call()
    except ApiError as error:
        answer = error
    else:
        raise AssertionError("it was not refused")
    body = answer.body if isinstance(answer.body, dict) else answer.body.dict()
    assert body["detail"], answer
    return int(answer.status_code)


def directory_with_files(client: Any, documents: list[Path]) -> str:
    """Make a directory of real documents, changing it and its files in every way."""
    beta = client.beta
    made = beta.create_directory(name="fern", description="d")
    beta.update_directory(made.id, description="e")
    assert beta.get_directory(made.id).description == "e"
    assert made.id in {one.id for one in pages(beta.list_directories, name="fern", page_size=1)}
    for path in documents:
        with path.open("rb") as file:
            beta.upload_file_to_directory(made.id, upload_file=file)
    listed = pages(beta.list_directory_files, directory_id=made.id, page_size=3)
    assert {one.display_name for one in listed} == {path.name for path in documents}
    file = beta.upload_file(file=("x.txt", b"x y z"), purpose="parse")
    added = [
        beta.add_directory_file(made.id, file_id=file.id, unique_id=name, display_name=name)
        for name in ("a.txt", "b.txt", "c.txt")
    ]
    beta.update_directory_file(made.id, added[0].id, display_name="y.txt")
    assert beta.get_directory_file(made.id, added[0].id).display_name == "y.txt"
    beta.delete_directory_file(made.id, added[0].id)
    beta.bulk_delete_directory_files(made.id, directory_file_ids=[one.id for one in added[1:]])
    left = pages(beta.list_directory_files, directory_id=made.id, page_size=100)
    assert len(left) == len(documents)
    spare = beta.create_directory(name="spare")
    beta.delete_directory(spare.id)
    assert refusal(lambda: beta.get_directory(spare.id)) == 404
    return str(made.id)


def files(client: Any, documents: list[Path]) -> None:
    """Keep, read and delete files."""
    beta, (path, *_) = client.beta, documents
    with path.open("rb") as content:
        file = beta.upload_file(file=content, purpose="parse")
    assert file.name == path.name
    link = beta.read_file_content(file.id, expires_at_seconds=60)
    assert httpx.get(link.url).content == path.read_bytes()
    assert file.id in {one.id for one in pages(beta.list_files, page_size=1)}
    assert [one.id for one in beta.query_files(filter={"file_ids": [file.id]}).items] == [file.id]
    beta.delete_file(file.id)
    assert refusal(lambda: beta.read_file_content(file.id)) == 404


def batches(client: Any, directory_id: str, count: int) -> None:
    """Run a batch of each kind to its end and cancel another."""
    beta = client.beta

    def ended(job_id: str) -> Any:
        read = lambda: beta.get_batch_job_status(job_id)  # noqa: E731
        return until(read, lambda one: one.job.status in {"completed", "failed", "cancelled"}).job

    made = beta.create_batch_job(
        job_config={"parameters": {"lang": "en", "do_not_cache": True}},
        directory_id=directory_id,
        page_size=5,
        continue_as_new_threshold=10,
    )
    job = ended(made.id)
    assert (job.status, job.total_items) == ("completed", count)
    assert job.processed_items + job.failed_items == count
    items = [
        item
        for offset in range(0, count, 10)
        for item in beta.list_batch_job_items(made.id, limit=10, offset=offset).items
    ]
    assert len({item.item_id for item in items}) == count
    done = next(item for item in items if item.status == "completed")
    (found, *_) = beta.get_item_processing_results(
        done.item_id, job_type="parse"
    ).processing_results
    assert found.parameters_hash
    results(client, done.job_id)
    classify = beta.create_batch_job(job_config={"rules": RULES}, item_ids=[done.item_id])
    assert ended(classify.id).job_type == "classify"
    other = beta.create_batch_job(job_config={}, directory_id=directory_id)
    cancelled = beta.cancel_batch_job(other.id, reason="enough", temporal_namespace="elsewhere")
    assert cancelled.status == "cancelled"
    listed = {one.id for one in beta.list_batch_jobs(limit=100).items}
    assert {made.id, classify.id, other.id} <= listed


def results(client: Any, job_id: str) -> None:
    """Read what became of a parsed file in every form."""
    parsing = client.parsing
    assert parsing.get_job(job_id).status == "SUCCESS"
    assert parsing.get_job_text_result(job_id).text.strip()
    assert parsing.get_job_result(job_id).markdown.strip()
    assert parsing.get_job_json_result(job_id).pages
    assert parsing.get_parsing_job_details(job_id)
    assert parsing.get_job_parameters(job_id)["parameters"]["do_not_cache"] is True
    assert ".pdf" in {one.value for one in parsing.get_supported_file_extensions()}
    with contextlib.suppress(ValueError):
        parsing.get_job_raw_xlsx_result(job_id)  # the client takes the workbook for JSON
    with suppress(ValueError):  # The client takes the workbook's bytes for JSON.
        parsing.get_job_raw_xlsx_result(job_id)
    assert "pdf" in {str(one.value).strip(".") for one in parsing.get_supported_file_extensions()}
    assert client.v_2.get_parse_job(job_id, expand=["text"]).text.pages[0].text.strip()


def parses(client: Any, documents: list[Path], screenshot_of: str) -> str:
    """Parse single files, and return the id of a job."""
    path = next(path for path in documents if path.name == screenshot_of)
    with path.open("rb") as content:
        file = client.beta.upload_file(file=content, purpose="parse")
    job = client.v_2.parse_file(
        file_id=file.id,
        tier="fast",
        version="latest",
        output_options={"images_to_save": ["screenshot"]},
    )
    until(lambda: client.v_2.get_parse_job(job.id).job, lambda one: one.status == "COMPLETED")
    (page, *_) = client.parsing.get_job_json_result(job.id).pages
    (image, *_) = page["images"]
    client.parsing.get_job_image_result(job.id, image["name"])
    assert job.id in {one.id for one in pages(client.v_2.list_parse_jobs, page_size=1)}
    return str(job.id)


def classifies(client: Any) -> None:
    """Classify single files."""
    text = b"Invoice 7. Amount due for goods and services: 12 EUR. Please pay the bill."
    file = client.beta.upload_file(file=("bill.txt", text), purpose="classify")
    classifier = client.classifier
    job = classifier.create_classify_job(file_ids=[file.id], rules=RULES)
    until(lambda: classifier.get_classify_job(job.id), lambda one: one.status == "SUCCESS")
    (found,) = classifier.get_classification_job_results(job.id).items
    assert found.result.type == "invoice"
    assert job.id in {one.id for one in pages(classifier.list_classify_jobs, page_size=1)}


def status_of(client: Any, name: str, job_id: str) -> int:
    """Return the status by which a method is refused, called for a job that there is."""
    resource, method = name.split(".")
    call = getattr(getattr(client, resource), method)
    given = any_arguments(call)
    return refusal(lambda: call(**{**given, **({"job_id": job_id} if "job_id" in given else {})}))


def main(base_url: str, key: str, folder: str) -> None:
    """Call everything and print what was called."""
    calls: list[str] = []
    plain = LlamaCloud(base_url=base_url, token=key)
    client = Traced(plain, calls)
    documents = real_documents(folder)
    directory_id = directory_with_files(client, documents)
    files(client, documents)
    batches(client, directory_id, len(documents))
    job_id = parses(client, documents, "invoice-2026-0417.pdf")
    classifies(client)
    (project,) = client.projects.list_projects()
    assert client.projects.get_project(project.id).name == project.name
    refused = {name: status_of(plain, name, job_id) for name in REFUSED}
    known = [
        name for name in methods(plain, served=SERVED) if not any(part in name for part in OTHERS)
    ]
    report(f"llama-cloud {version('llama-cloud')}", known, calls, refused)


if __name__ == "__main__":
    main(*sys.argv[1:])
