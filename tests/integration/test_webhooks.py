"""Events reach their receivers: a real Temporal server, worker and ledger, over real sockets."""

import hashlib
import hmac
import json
import os
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest_asyncio
import sqlalchemy as sa
from standardwebhooks import Webhook

from sheaf.contracts.states import DeliveryStatus
from sheaf.ledger.webhook_tables import outbox
from sheaf.testing.cluster import Cluster, make_files, until_async
from sheaf.testing.webhook_receiver import Receiver, receiving
from tests.integration.conftest import fresh_postgres

SECRET = "whsec_" + "c2VjcmV0IG9mIHRoZSB0ZXN0cywgMjQgYnl0ZXM="


@asynccontextmanager
async def deployment(tmp_path: Path, parser_module: str) -> AsyncIterator[Cluster]:
    server = os.environ.get("SHEAF_TEST_POSTGRES_URL")
    made = Cluster(
        tmp_path / "home",
        await fresh_postgres(server) if server else None,
        parser_processes=2,
        parser_module=parser_module,
        options={
            "local_receivers": True,
            "webhook_retry_seconds": (0.2, 0.2, 1.0),
            "webhook_poll_seconds": 0.2,
        },
    )
    await made.open()
    try:
        yield made
    finally:
        await made.close()


@pytest_asyncio.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[Cluster]:
    async with deployment(tmp_path, "sheaf.engines.dispatch") as made:
        yield made


@pytest_asyncio.fixture
async def slow(tmp_path: Path) -> AsyncIterator[Cluster]:
    async with deployment(tmp_path, "sheaf.testing.slow_engine") as made:
        yield made


def folder(tmp_path: Path, count: int) -> Path:
    made = tmp_path / "files"
    made.mkdir()
    for number in range(count):
        (made / f"{number:03}.txt").write_text(f"file {number}")
    return made


async def delivered(cluster: Cluster, seconds: float = 30) -> dict[str, int]:
    """Wait until nothing is pending; return the deliveries by status."""

    async def counts() -> dict[str, int]:
        query = sa.select(outbox.c.status, sa.func.count()).group_by(outbox.c.status)
        async with cluster.database.read() as connection:
            return {row[0]: row[1] for row in await connection.execute(query)}

    async def is_done() -> bool:
        return DeliveryStatus.PENDING not in await counts()

    await until_async(is_done, seconds, "the deliveries")
    return await counts()


def configured(receiver: Receiver, **fields: object) -> dict[str, object]:
    one = {"webhook_url": receiver.url(), "webhook_signing_secret": SECRET, **fields}
    return {"parameters": {"webhook_configurations": [one]}}


async def test_a_batch_tells_its_receiver_of_each_file_and_of_itself(
    cluster: Cluster, tmp_path: Path
) -> None:
    async with receiving() as receiver:
        job = await cluster.submit(
            folder(tmp_path, 5), job_config=configured(receiver, webhook_output_format="json")
        )
        await cluster.ended(job.id)
        assert await delivered(cluster) == {"delivered": 18}
    told = Counter(one.event_type for one in receiver.received)
    items = dict.fromkeys(("parse.pending", "parse.running", "parse.success"), 5)
    assert told == items | dict.fromkeys(("batch.pending", "batch.running", "batch.success"), 1)
    *_, last = receiver.received
    assert last.event_type == "batch.success"
    assert last.event["data"] == {
        "id": job.id, "job_id": job.id, "status": "completed", "total_items": 5,
        "processed_items": 5, "failed_items": 0, "skipped_items": 0, "cancelled_items": 0,
    }  # fmt: skip
    for one in receiver.received:
        Webhook(SECRET).verify(one.body, one.headers)
        digest = hmac.new(SECRET.encode(), one.body, hashlib.sha256).hexdigest()
        assert one.headers["lc-signature"] == f"sha256={digest}"
        assert one.event["event_id"] == one.event_id == one.headers["x-webhook-event-id"]


async def test_results_are_pushed_to_a_legacy_webhook_url(cluster: Cluster, tmp_path: Path) -> None:
    async with receiving() as receiver:
        config = {"webhook_url": receiver.url()}
        job = await cluster.submit(folder(tmp_path, 2), job_config=config)
        await cluster.ended(job.id)
        assert await delivered(cluster) == {"delivered": 2}
    pushed = sorted((json.loads(one.body) for one in receiver.received), key=lambda p: p["txt"])
    assert [one["txt"].strip() for one in pushed] == ["file 0", "file 1"]
    assert pushed[0]["md"].strip() == "file 0"
    assert pushed[0]["json"][0]["page"] == 1
    assert set(pushed[0]) == {"txt", "md", "json", "images"}


async def test_a_cancelled_batch_tells_so_of_each_file_that_was_left(
    slow: Cluster, tmp_path: Path
) -> None:
    events = ["parse.success", "parse.cancelled", "batch.cancelled"]
    async with receiving() as receiver:
        files = make_files(tmp_path / "files", 80, seed=3, longest=1.5)
        job = await slow.submit(files, job_config=configured(receiver, webhook_events=events))
        await slow.in_flight(job.id, settled=3)
        await slow.jobs.request_cancel(job.id, "enough")
        ended = await slow.ended(job.id)
        await delivered(slow)
    told = Counter(one.event_type for one in receiver.received)
    assert ended.cancelled > 0
    assert told == Counter(
        {
            "parse.success": ended.completed,
            "parse.cancelled": ended.cancelled,
            "batch.cancelled": 1,
        }
    )


async def test_no_secret_is_found_in_histories_logs_or_results(
    cluster: Cluster, tmp_path: Path
) -> None:
    planted = ("planted-in-the-url-7f3a", "planted-in-a-header-91bc", "planted-signing-key-44de")
    async with receiving() as receiver, receiving() as refusing:
        refusing.behave = lambda _: "close"
        secrets = {
            "webhook_headers": {"Authorization": f"Bearer {planted[1]}"},
            "webhook_signing_secret": planted[2],
        }
        configurations = [
            {
                "webhook_url": one.url(f"/{planted[0]}/x?token={planted[0]}"),
                "webhook_events": ["batch.pending", "batch.success"],
                **secrets,
            }
            for one in (receiver, refusing)
        ]
        job = await cluster.submit(
            folder(tmp_path, 3),
            job_config={
                "webhook_url": receiver.url(f"/{planted[0]}"),
                "parameters": {"webhook_configurations": configurations},
            },
        )
        await cluster.ended(job.id)
        await delivered(cluster)
        assert {one.headers.get("authorization") for one in receiver.received} == {
            None, f"Bearer {planted[1]}",
        }  # fmt: skip
    files = [path for path in cluster.root.rglob("*") if path.is_file()]
    hits = [
        (path.name, secret)
        for path in files
        for secret in planted
        if secret.encode() in path.read_bytes()
    ]
    names = {path.name for path in files}
    print(f"\n{len(files)} files, {len(planted)} secrets: {len(hits)} hits")
    assert {"temporal.db", "worker-0.log", "temporal.log"} <= names
    assert hits == []
