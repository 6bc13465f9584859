"""Calls of the newest `llama-cloud`, run in a virtual environment of its own.

`python newest.py BASE_URL KEY DOCUMENTS` prints what it called and ends with 1 where a call fails.
It imports nothing of this project but `traced`: the SDKs cannot be installed together.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from llama_cloud import LlamaCloud, __version__
from traced import Traced, methods, real_documents, report

RULES = [
    {"type": "invoice", "description": "a bill for goods or services, with amounts due"},
    {"type": "contract", "description": "an agreement between parties with terms and signatures"},
]
END_SECONDS = 120


def until(read: Callable[[], Any], ends: set[str]) -> Any:
    """Return what `read` returns once its status is one of these."""
    deadline = time.monotonic() + END_SECONDS
    while (found := read()).status not in ends:
        assert time.monotonic() < deadline, found
        time.sleep(0.3)
    return found


def directory_with_files(client: Any, documents: list[Path]) -> str:
    """Make a directory of real documents, changing it and its files in every way."""
    directories = client.beta.directories
    made = directories.create(name="newest", description="d")
    directories.update(made.id, description="e")
    assert directories.get(made.id).description == "e"
    assert made.id in {one.id for one in directories.list(name="newest")}
    for path in documents:
        directories.files.upload(made.id, upload_file=(path.name, path.read_bytes()))
    file = client.files.create(file=("x.txt", b"x y z"), purpose="parse")
    added = directories.files.add(made.id, file_id=file.id)
    directories.files.update(added.id, directory_id=made.id, display_name="y.txt")
    assert directories.files.get(added.id, directory_id=made.id).display_name == "y.txt"
    directories.files.delete(added.id, directory_id=made.id)
    assert len(list(directories.files.list(made.id, page_size=3))) == len(documents)
    spare = directories.create(name="spare")
    directories.delete(spare.id)
    return str(made.id)


def files(client: Any, documents: list[Path]) -> None:
    """Keep, read and delete files."""
    (path, *_) = documents
    file = client.files.create(file=path, purpose="parse")
    assert httpx.get(client.files.content(file.id).url).content == path.read_bytes()
    assert client.files.retrieve(file.id).name == path.name
    assert file.id in {one.id for one in client.files.list()}
    assert client.files.query(filter={"file_ids": [file.id]}).items
    client.files.delete(file.id)


def batches(client: Any, directory_id: str, count: int) -> None:
    """Run one batch to its end and cancel another."""
    saved = client.configurations.create(
        name="newest", parameters={"product_type": "parse_v2", "tier": "fast", "version": "latest"}
    )
    assert client.configurations.retrieve(saved.id).id == saved.id
    client.configurations.update(saved.id, name="newest too")
    assert list(client.configurations.list(product_type="parse_v2"))
    asked = {
        "source_directory_id": directory_id,
        "config": {"job": {"type": "parse_v2", "configuration_id": saved.id}},
    }
    batch = client.batches.create(**asked)
    until(lambda: client.batches.get(batch.id), {"COMPLETED"})
    assert len(client.batches.get(batch.id, expand=["results"]).results) == count
    other = client.batches.create(**asked)
    client.batches.cancel(other.id)
    until(lambda: client.batches.get(other.id), {"CANCELLED", "COMPLETED"})
    assert {batch.id, other.id} <= {one.id for one in client.batches.list()}
    client.configurations.delete(saved.id)


def parses(client: Any) -> None:
    """Parse single files."""
    found = client.parsing.parse(
        tier="fast",
        version="latest",
        upload_file=("one.txt", b"# One\n\ntext"),
        expand=["text_full", "markdown_full", "items", "metadata", "job_metadata"],
    )
    assert "text" in found.text_full
    assert "One" in found.markdown_full
    file = client.files.create(file=("two.txt", b"two texts"), purpose="parse")
    job = client.parsing.create(tier="fast", version="latest", file_id=file.id)
    client.parsing.wait_for_completion(job.id)
    assert client.parsing.get(job.id, expand=["text"]).text.pages[0].text.strip() == "two texts"
    assert job.id in {one.id for one in client.parsing.list()}
    client.parsing.cancel(job.id)
    client.parsing.delete(job.id)
    client.parsing.list_versions()


def classifies(client: Any) -> None:
    """Classify single files."""
    text = b"Invoice 7. Amount due for goods and services: 12 EUR. Please pay the bill."
    file = client.files.create(file=("bill.txt", text), purpose="classify")
    found = client.classify.run(file_input=file.id, configuration={"rules": RULES})
    assert found.result.type == "invoice"
    job = client.classify.create(file_input=file.id, configuration={"rules": RULES})
    client.classify.wait_for_completion(job.id)
    assert client.classify.get(job.id).status == "COMPLETED"
    assert job.id in {one.id for one in client.classify.list()}
    client.classify.cancel(job.id)
    client.classify.delete(job.id)


def webhook_configs(client: Any) -> None:
    """Save, change and delete a configuration; its secret never comes back."""
    configs = client.webhook_configs
    saved = configs.create(
        webhook_url="https://example.com/hook",
        webhook_signing_secret="whsec_c2VjcmV0IG9mIHRoZSB0ZXN0",
        webhook_events=["parse.success"],
    )
    assert saved.has_secret
    assert configs.update(saved.id, webhook_events=["parse.error"]).webhook_events == [
        "parse.error"
    ]
    assert configs.retrieve(saved.id).id == saved.id
    assert saved.id in {one.id for one in configs.list()}
    assert saved.id in {one.id for one in configs.list_paginated(page_size=1)}
    configs.delete(saved.id)


def main(base_url: str, key: str, folder: str) -> None:
    """Call everything and print what was called."""
    calls: list[str] = []
    with LlamaCloud(base_url=base_url, api_key=key) as plain:
        client = Traced(plain, calls)
        documents = real_documents(folder)
        directory_id = directory_with_files(client, documents)
        files(client, documents)
        batches(client, directory_id, len(documents))
        parses(client)
        classifies(client)
        webhook_configs(client)
        (project,) = client.projects.list()
        client.projects.get(project.id)
        (same,) = client.v2_projects.list()
        assert client.v2_projects.get(same.id).id == project.id
        (same,) = client.v2_projects.list(name=project.name, page_size=1)
        assert client.v2_projects.get(same.id).id == project.id
        report(f"llama-cloud {__version__}", methods(plain), calls)


if __name__ == "__main__":
    main(*sys.argv[1:])
