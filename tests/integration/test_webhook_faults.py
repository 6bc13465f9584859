"""Receivers that misbehave, and a deliverer that is killed: what each leads to."""

import asyncio
import base64
import hashlib
import hmac
import json
import os
import random
import sqlite3
import ssl
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
import pytest_asyncio
import sqlalchemy as sa
import trustme
from standardwebhooks import Webhook

from sheaf.contracts.http.deliveries import DeliveryError
from sheaf.contracts.states import DeliveryStatus
from sheaf.ledger.tables import items, jobs
from sheaf.ledger.webhook_tables import outbox, webhook_configs
from sheaf.testing.cluster import Cluster, kill_with_children, until_async
from sheaf.testing.webhook_receiver import Received, Receiver, answer, receiving
from tests.integration.test_webhooks import SECRET, delivered, folder

LONG_AGO = 6 * 86_400 * 1_000_000


@pytest_asyncio.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[Cluster]:
    made = Cluster(
        tmp_path / "home",
        parser_processes=2,
        parser_module="sheaf.engines.dispatch",
        options={
            "local_receivers": True,
            "webhook_retry_seconds": (0.2,) * 9,
            "webhook_poll_seconds": 0.2,
            "render_seconds": 1.0,
        },
    )
    await made.open()
    try:
        yield made
    finally:
        await made.close()


def told(receiver: Receiver, **fields: object) -> dict[str, object]:
    one = {
        "webhook_url": receiver.url(),
        "webhook_signing_secret": SECRET,
        "webhook_events": ["batch.success"],
        "webhook_output_format": "json",
        **fields,
    }
    return {"parameters": {"webhook_configurations": [one]}}


async def log_of(cluster: Cluster, job_id: str) -> list[list[object]]:
    query = sa.select(outbox.c.log).where(outbox.c.job_id == job_id)
    async with cluster.database.read() as connection:
        return list((await connection.execute(query)).scalar_one())


async def status_of(cluster: Cluster, job_id: str) -> str:
    query = sa.select(outbox.c.status).where(outbox.c.job_id == job_id)
    async with cluster.database.read() as connection:
        return str((await connection.execute(query)).scalar_one())


def then_ok(behaviour: str | bytes, times: int = 1) -> object:
    """Misbehave so many times, then take the event."""
    left = [behaviour] * times
    return lambda _: left.pop() if left else "ok"


BAD = {
    "hangs": ("hang", "timeout", "delivered"),
    "drips its head": ("drip", "timeout", "delivered"),
    "resets": ("reset", "dropped", "delivered"),
    "accepts and dies": ("close", "dropped", "delivered"),
    "answers garbage": (b"SSH-2.0-OpenSSH\r\n\r\n", "dropped", "delivered"),
    "redirects": (answer(302, "Location: http://127.0.0.1:1/"), "http_error", "delivered"),
    "410 Gone": (answer(410), "http_error", "given_up"),
    "429, Retry-After 3": (answer(429, "Retry-After: 3"), "http_error", "delivered"),
    "huge answer, 200": ("huge", None, "delivered"),
    "500, ten times": (answer(500), "http_error", "given_up"),
}


@pytest.mark.parametrize("name", BAD)
async def test_each_misbehaviour_leads_to_what_is_specified(
    cluster: Cluster, tmp_path: Path, name: str
) -> None:
    behaviour, error, end = BAD[name]
    times = 10 if "ten" in name else 1
    async with receiving() as receiver:
        receiver.behave = then_ok(behaviour, times)  # type: ignore[assignment]
        job = await cluster.submit(folder(tmp_path, 1), job_config=told(receiver))
        ended = await cluster.ended(job.id)
        assert ended.status == "completed"
        await delivered(cluster, 60)
        log = await log_of(cluster, job.id)
        status = await status_of(cluster, job.id)
    shown = [entry[1] or entry[3] for entry in log]
    longest = max(int(str(entry[2])) for entry in log) / 1000
    print(f"\n| {name:18} | {status:9} | {len(log):2} attempts | {longest:5.1f} s | {shown}")
    assert status == end
    assert log[0][3] == error
    assert longest < 15.5
    assert len({one.event_id for one in receiver.received}) == 1
    assert len({one.body for one in receiver.received}) == 1
    if times == 10:
        assert len(log) == 10
    if "Retry-After" in name:
        first, second = (int(str(entry[0])) for entry in log)
        assert second - first >= 3_000_000


async def test_a_certificate_that_is_not_trusted_is_no_receiver(
    cluster: Cluster, tmp_path: Path
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    async with receiving(context) as receiver:
        job = await cluster.submit(folder(tmp_path, 1), job_config=told(receiver))
        await cluster.ended(job.id)
        assert await delivered(cluster, 60) == {"given_up": 1}
    log = await log_of(cluster, job.id)
    assert {entry[3] for entry in log} == {DeliveryError.TLS}
    assert receiver.received == []
    print(f"\n| {'TLS error':18} | given_up  | {len(log):2} attempts | {[e[3] for e in log]}")


async def test_a_receiver_that_took_nothing_for_five_days_is_disabled_and_says_so(
    cluster: Cluster, tmp_path: Path
) -> None:
    async with receiving() as receiver:
        receiver.behave = lambda _: "close"
        events = ["batch.running", "batch.success"]
        job = await cluster.submit(
            folder(tmp_path, 1), job_config=told(receiver, webhook_events=events)
        )
        await until_async(lambda: _is_failing(cluster), 20, "a first failure")
        async with cluster.database.write() as connection:
            await connection.execute(
                webhook_configs.update().values(
                    failing_since=webhook_configs.c.failing_since - LONG_AGO
                )
            )
        await cluster.ended(job.id)
        assert (await delivered(cluster))["given_up"] == 2
    async with cluster.database.read() as connection:
        row = (await connection.execute(webhook_configs.select())).one()
    assert row.disabled_reason == "it took no event for five days"


async def _is_failing(cluster: Cluster) -> bool:
    query = sa.select(webhook_configs.c.failing_since)
    async with cluster.database.read() as connection:
        return await connection.scalar(query) is not None


async def test_every_event_arrives_through_faults_and_kills_and_none_before_its_state(
    cluster: Cluster, tmp_path: Path
) -> None:
    """Each request meets a random fault, and the worker is killed now and then."""
    total = int(os.environ.get("SHEAF_TEST_EVENTS", "1000"))
    most_kills = 3 if total < 5000 else 6
    draw = random.Random(7)
    seen_early: list[str] = []
    faults: Counter[str] = Counter()
    states = cluster.root / "ledger.db"

    def behave(one: Received) -> str | bytes:
        if not _is_readable(states, one):
            seen_early.append(one.event_id)
        fault = draw.choices(
            ["ok", "close", "reset", "500", "429", "garbage"], [80, 6, 4, 6, 2, 2]
        )[0]
        faults[fault] += 1
        special = {
            "500": answer(500),
            "429": answer(429, "Retry-After: 0"),
            "garbage": b"x\r\n\r\n",
        }
        return special.get(fault, fault)

    async with receiving() as receiver:
        receiver.behave = behave
        events = ["parse.success", "parse.error", "batch.success"]
        job = await cluster.submit(
            folder(tmp_path, total),
            job_config=told(receiver, webhook_events=events),
            page_size=1000,
            continue_as_new_threshold=20_000,
        )
        kills = 0
        deadline = time.monotonic() + 400
        while await _pending(cluster) or not (await cluster.jobs.get(job.id)).status.is_terminal:
            assert time.monotonic() < deadline
            await asyncio.sleep(draw.uniform(2, 5))
            if kills < most_kills and len(receiver.received) > total * kills / 8:
                kill_with_children(cluster.workers[-1])
                kills += 1
                await cluster.start_worker()
        by_id: dict[str, set[bytes]] = {}
        for one in receiver.received:
            by_id.setdefault(one.event_id, set()).add(one.body)
            _verify(one)
        async with cluster.database.read() as connection:
            rows = (await connection.execute(outbox.select())).all()
    ends = Counter(row.status for row in rows)
    sent = len(receiver.received)
    print(
        f"\n{len(rows):,} events, {sent:,} requests, {kills} kills, faults {dict(faults)}: "
        f"{dict(ends)}; {sent - len(by_id)} requests were repeats, "
        f"{sum(len(bodies) > 1 for bodies in by_id.values())} ids with two bodies, "
        f"{len(seen_early)} before the state was readable"
    )
    assert len(rows) == total + 1
    assert DeliveryStatus.PENDING not in ends
    assert all(len(bodies) == 1 for bodies in by_id.values())
    assert seen_early == []
    assert len(by_id) == total + 1
    assert kills == most_kills


def _verify(one: Received) -> None:
    Webhook(SECRET).verify(one.body, one.headers)
    signed = f"{one.event_id}.{one.headers['webhook-timestamp']}.".encode() + one.body
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    own = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert f"v1,{own}" in one.headers["webhook-signature"].split(" ")


def _is_readable(ledger: Path, one: Received) -> bool:
    """Whether the state that an event tells of is in the ledger, as GET would read it."""
    data = one.event["data"]
    with closing(sqlite3.connect(ledger, timeout=5)) as connection:
        if one.event_type.startswith("batch."):
            query, key = "SELECT status FROM jobs WHERE id = ?", jobs.c.id.type.pack(data["id"])
        else:
            query = "SELECT status FROM items WHERE task_id = ?"
            key = items.c.task_id.type.pack(data["id"])
        row = connection.execute(query, (key,)).fetchone()
    wanted = {"parse.success": "completed", "parse.error": "failed", "batch.success": "completed"}
    return row is not None and row[0] in {wanted[one.event_type], "skipped"}


async def _pending(cluster: Cluster) -> int:
    query = sa.select(sa.func.count()).where(outbox.c.status == DeliveryStatus.PENDING)
    async with cluster.database.read() as connection:
        return int(await connection.scalar(query) or 0)


async def test_a_result_that_takes_too_long_to_write_is_given_up_and_the_next_is_sent(
    cluster: Cluster, tmp_path: Path
) -> None:
    files = folder(tmp_path, 1)
    (files / "long.md").write_text("- a\n" * 40_000)
    async with receiving() as receiver:
        config = {
            "webhook_url": receiver.url(),
            "parameters": {"output_tables_as_HTML": True},
        }
        job = await cluster.submit(files, job_config=config)
        ended = await cluster.ended(job.id)
        assert (ended.completed, ended.failed) == (2, 0)
        assert await delivered(cluster) == {"delivered": 1, "given_up": 1}
    (pushed,) = receiver.received
    assert json.loads(pushed.body)["txt"].strip() == "file 0"
    query = sa.select(outbox.c.log).where(outbox.c.status == DeliveryStatus.GIVEN_UP)
    async with cluster.database.read() as connection:
        (attempt,) = (await connection.execute(query)).scalar_one()
    assert attempt[-1] == DeliveryError.RESULT_UNWRITABLE
