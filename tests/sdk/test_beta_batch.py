"""`llama-cloud` 2.13.0, the newest with `beta.batch`, against a live server; only its address
and key are ours."""

import asyncio
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from llama_cloud import AsyncLlamaCloud, LlamaCloud, NotFoundError, UnprocessableEntityError

from tests.sdk.conftest import RULES, Endpoint
from tests.sdk.traced import Traced, methods

# The client marks its older methods, which are among those to be served.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

CALLS: list[str] = []
END_SECONDS = 120
TERMINAL = {"completed", "failed", "cancelled"}


@pytest.fixture(scope="module")
def client(endpoint: Endpoint) -> Iterator[Any]:
    with LlamaCloud(api_key=endpoint.api_key, base_url=endpoint.base_url) as made:
        yield Traced(made, CALLS)


@pytest.fixture(scope="module")
def directory_id(client: Any, documents: list[Path]) -> str:
    """A directory with thirty uploaded files."""
    made = client.beta.directories.create(name="inbox", description="for the test")
    named = [(path.name, path) for path in documents]
    named += [(f"again-{path.name}", path) for path in documents[: 30 - len(documents)]]
    for name, path in named[:30]:
        client.beta.directories.files.upload(
            made.id, upload_file=(name, path.read_bytes()), display_name=name
        )
    return str(made.id)


def ended(client: Any, job_id: str) -> Any:
    deadline = time.monotonic() + END_SECONDS
    while (status := client.beta.batch.get_status(job_id)).job.status not in TERMINAL:
        assert time.monotonic() < deadline, status
        time.sleep(0.3)
    assert status.progress_percentage == 100
    return status.job


def test_a_directory_is_parsed(client: Any, directory_id: str, endpoint: Endpoint) -> None:
    job = client.beta.batch.create(
        job_config={"job_name": "parse_raw_file_job", "parameters": {"lang": "en"}},
        directory_id=directory_id,
        page_size=10,
        continue_as_new_threshold=5,
    )
    assert job.status == "pending"
    job = ended(client, job.id)
    counted = job.processed_items + job.failed_items + job.skipped_items
    assert (job.status, job.total_items, counted) == ("completed", 30, 30)
    assert job.processed_items >= 20
    items = list(client.beta.batch.job_items.list(job.id, limit=7))
    assert len({item.item_id for item in items}) == 30
    done = next(item for item in items if item.status == "completed")
    found = client.beta.batch.job_items.get_processing_results(done.item_id, job_type="parse")
    assert found.processing_results[0].parameters_hash
    parsed = client.parsing.get(done.job_id, expand=["text", "markdown", "metadata"])
    assert parsed.job.status == "COMPLETED"
    assert "".join(page.text for page in parsed.text.pages).strip()
    headers = {"Authorization": f"Bearer {endpoint.api_key}"}
    for kind, key in (("text", "text"), ("markdown", "markdown"), ("json", "pages")):
        url = f"{endpoint.base_url}/api/v1/parsing/job/{done.job_id}/result/{kind}"
        assert httpx.get(url, headers=headers).json()[key]


def test_a_directory_is_classified(client: Any, directory_id: str) -> None:
    config = {
        "id": str(uuid.uuid4()),
        "project_id": str(uuid.uuid4()),
        "user_id": "someone",
        "status": "PENDING",
        "rules": RULES,
    }
    job = ended(client, client.beta.batch.create(job_config=config, directory_id=directory_id).id)
    assert (job.status, job.job_type) == ("completed", "classify")
    done = next(iter(client.beta.batch.job_items.list(job.id, status="completed")))
    result = client.classify.get(done.job_id)
    assert result.status == "COMPLETED"
    assert result.result.type in {None, "invoice", "contract"}
    found = client.beta.batch.job_items.get_processing_results(done.item_id)
    echo = next(one for one in found.processing_results if one.job_type == "classify")
    assert type(echo.job_config).__name__ == "ClassifyJob"
    assert client.classifier.jobs.get_results(done.job_id).items[0].result


def test_named_items_are_parsed_in_their_order(client: Any, directory_id: str) -> None:
    files = list(client.beta.directories.files.list(directory_id, page_size=4))
    ids = [file.id for file in files[:5]]
    job = ended(client, client.beta.batch.create(job_config={}, item_ids=ids[::-1]).id)
    assert (job.total_items, job.directory_id) == (5, None)
    listed = client.beta.batch.job_items.list(job.id)
    assert [item.item_id for item in listed] == ids[::-1]


def test_jobs_are_listed_across_pages(client: Any, directory_id: str) -> None:
    made = [job.id for job in client.beta.batch.list(limit=2)]
    assert len(made) == len(set(made)) >= 3
    assert {job.job_type for job in client.beta.batch.list(job_type="classify")} == {"classify"}


def test_a_job_is_cancelled_with_a_reason(client: Any, directory_id: str) -> None:
    job = client.beta.batch.create(
        job_config={"parameters": {"do_not_cache": True}}, directory_id=directory_id
    )
    answer = client.beta.batch.cancel(job.id, reason="not now", temporal_namespace="elsewhere")
    assert (answer.job_id, answer.status) == (job.id, "cancelled")
    assert ended(client, job.id).status == "cancelled"


def test_directories_and_their_files_are_changed(client: Any, documents: list[Path]) -> None:
    directories = client.beta.directories
    made = directories.create(name="first", type="user", system_metadata={"team": "a"})
    other = directories.create(name="second")
    assert directories.update(made.id, name="renamed").name == "renamed"
    assert directories.get(made.id).name == "renamed"
    assert other.id in {one.id for one in directories.list(page_size=2)}
    file = client.files.create(file=("a.txt", b"some text"), purpose="parse")
    added = directories.files.add(made.id, file_id=file.id, metadata={"n": 1})
    assert directories.files.get(added.id, directory_id=made.id).file_id == file.id
    moved = directories.files.update(
        added.id, directory_id=made.id, target_directory_id=other.id, display_name="b.txt"
    )
    assert (moved.directory_id, moved.display_name) == (other.id, "b.txt")
    directories.files.delete(added.id, directory_id=other.id)
    directories.delete(made.id)
    with pytest.raises(NotFoundError):
        directories.get(made.id)


def test_files_are_kept_and_read_without_the_key(client: Any) -> None:
    content = b"a file of ours"
    file = client.files.create(file=("ours.txt", content), purpose="user_data")
    assert httpx.get(client.files.get(file.id).url).content == content
    assert file.id in {one.id for one in client.files.list(page_size=1)}
    assert file.id in {one.id for one in client.files.query(filter={"file_ids": [file.id]}).items}
    client.files.delete(file.id)
    with pytest.raises(NotFoundError):
        client.files.get(file.id)


def test_a_single_file_is_parsed(client: Any) -> None:
    parsed = client.parsing.parse(
        tier="fast", version="latest", upload_file=("one.txt", b"one text"), expand=["text"]
    )
    assert "one text" in parsed.text.pages[0].text
    file = client.files.create(file=("two.txt", b"two texts"), purpose="parse")
    job = client.parsing.create(tier="fast", version="latest", file_id=file.id)
    client.parsing.wait_for_completion(job.id)
    assert job.id in {one.id for one in client.parsing.list()}


def test_single_files_are_classified(client: Any) -> None:
    text = b"Invoice 7. Amount due for goods and services: 12 EUR. Please pay the bill."
    file = client.files.create(file=("bill.txt", text), purpose="classify")
    found = client.classify.run(file_input=file.id, configuration={"rules": RULES})
    assert found.result.type == "invoice"
    assert found.id in {one.id for one in client.classify.list()}
    again = client.classify.create(
        file_input=file.id, configuration={"rules": RULES}, transaction_id="once"
    )
    client.classify.wait_for_completion(again.id)
    results = client.classifier.classify(file_ids=[file.id], rules=RULES)
    assert results.items[0].result.type == "invoice"
    job = client.classifier.jobs.create(file_ids=[file.id], rules=RULES)
    client.classifier.wait_for_completion(job.id)
    assert client.classifier.jobs.get(job.id).status == "SUCCESS"
    assert job.id in {one.id for one in client.classifier.jobs.list()}


def test_configurations_are_saved_and_run_as_v2_batches(client: Any, directory_id: str) -> None:
    saved = client.configurations.create(
        name="plain", parameters={"product_type": "parse_v2", "tier": "fast", "version": "latest"}
    )
    assert client.configurations.retrieve(saved.id).name == "plain"
    assert client.configurations.update(saved.id, name="renamed").name == "renamed"
    assert saved.id in {one.id for one in client.configurations.list()}
    batch = client.batches.create(
        source_directory_id=directory_id,
        config={"job": {"type": "parse_v2", "configuration_id": saved.id}},
    )
    deadline = time.monotonic() + END_SECONDS
    while client.batches.get(batch.id).status not in {"COMPLETED", "FAILED"}:
        assert time.monotonic() < deadline
        time.sleep(0.3)
    results = client.batches.get(batch.id, expand=["results"]).results
    assert len(results) == 30
    assert batch.id in {one.id for one in client.batches.list()}
    client.configurations.delete(saved.id)


def test_a_project_is_named(client: Any) -> None:
    (project,) = client.projects.list()
    assert client.projects.get(project.id).name == project.name


def test_errors_are_the_classes_that_clients_expect(client: Any) -> None:
    with pytest.raises(NotFoundError):
        client.beta.batch.get_status("bjb-unknown")
    with pytest.raises(UnprocessableEntityError, match="page_size"):
        client.beta.batch.create(job_config={}, directory_id="dir-x", page_size=0)


async def ended_async(client: AsyncLlamaCloud, job_id: str) -> Any:
    deadline = time.monotonic() + END_SECONDS
    while (status := await client.beta.batch.get_status(job_id)).job.status not in TERMINAL:
        assert time.monotonic() < deadline, status
        await asyncio.sleep(0.3)
    return status.job


async def uploaded_async(client: AsyncLlamaCloud, documents: list[Path]) -> str:
    directory = await client.beta.directories.create(name="async")
    named = [(f"{turn}-{path.name}", path) for turn in (1, 2) for path in documents][:30]
    uploads = [
        client.beta.directories.files.upload(directory.id, upload_file=(name, path.read_bytes()))
        for name, path in named
    ]
    await asyncio.gather(*uploads)
    return directory.id


async def test_the_asynchronous_client_does_the_same(
    endpoint: Endpoint, documents: list[Path]
) -> None:
    async with AsyncLlamaCloud(api_key=endpoint.api_key, base_url=endpoint.base_url) as client:
        batch = client.beta.batch
        directory_id = await uploaded_async(client, documents)
        # The other client's jobs have read the same bytes: without this, all would be skipped.
        fresh: Any = {"parameters": {"do_not_cache": True}}
        job = await ended_async(
            client, (await batch.create(job_config=fresh, directory_id=directory_id)).id
        )
        assert (job.status, job.total_items) == ("completed", 30)
        items = [item async for item in batch.job_items.list(job.id, limit=7)]
        assert len({item.item_id for item in items}) == 30
        done = next(item for item in items if item.status == "completed")
        found = await batch.job_items.get_processing_results(done.item_id)
        assert found.processing_results
        assert done.job_id
        parsed = await client.parsing.get(done.job_id, expand=["text_full"])
        assert parsed.text_full
        config: Any = {"rules": RULES, "mode": "FAST"}
        classified = await batch.create(job_config=config, item_ids=[done.item_id])
        classify = await ended_async(client, classified.id)
        assert classify.processed_items + classify.skipped_items == 1
        (item,) = [item async for item in batch.job_items.list(classified.id)]
        assert (await client.classify.get(str(item.job_id))).result
        again = await batch.create(job_config=fresh, directory_id=directory_id)
        assert (await batch.cancel(again.id, reason="enough")).status == "cancelled"
        assert (await ended_async(client, again.id)).status == "cancelled"
        assert {job.id, again.id} <= {one.id async for one in batch.list(limit=2)}


async def test_the_asynchronous_client_keeps_files_and_configurations(endpoint: Endpoint) -> None:
    async with AsyncLlamaCloud(api_key=endpoint.api_key, base_url=endpoint.base_url) as client:
        file = await client.files.create(file=("a.txt", b"some text"), purpose="parse")
        assert (await client.files.get(file.id)).url
        assert file.id in {one.id async for one in client.files.list(page_size=1)}
        parsed = await client.parsing.parse(
            tier="fast", version="latest", file_id=file.id, expand=["text_full"]
        )
        assert parsed.text_full == "some text"
        await client.files.delete(file.id)
        saved = await client.configurations.create(
            name="async",
            parameters={"product_type": "parse_v2", "tier": "fast", "version": "latest"},
        )
        assert saved.id in {one.id async for one in client.configurations.list()}
        await client.configurations.delete(saved.id)


def test_every_method_was_called(endpoint: Endpoint) -> None:
    client = LlamaCloud(api_key=endpoint.api_key, base_url=endpoint.base_url)
    known = set(methods(client))
    client.close()
    print(f"\n{len(known)} methods, {len(CALLS)} calls:", *sorted(set(CALLS)), sep="\n  ")
    assert not known - set(CALLS)
