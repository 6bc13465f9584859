"""Events reach their receivers: a real Temporal server, worker and ledger, over real sockets."""

import hashlib
import hmac
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
import sqlalchemy as sa
from standardwebhooks import Webhook

from models.deliveries import DeliveryStatus
from services.ledger.schema import outbox
from tests.integration.cluster import Cluster, until_async
from tests.webhook_receiver import Receiver, receiving

SECRET = "whsec_" + "c2VjcmV0IG9mIHRoZSB0ZXN0cywgMjQgYnl0ZXM="


@pytest_asyncio.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[Cluster]:
    made = Cluster(
        tmp_path / "home",
        parser_processes=2,
        parser_module="services.engines.dispatch",
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
