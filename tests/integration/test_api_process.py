"""What an API process promises while it is killed, and of its memory."""

import asyncio
import random
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import psutil
import pytest
import sqlalchemy as sa
from llama_cloud import AsyncLlamaCloud

from sheaf.embedded.temporal_server import free_port
from sheaf.ledger.database import Database
from sheaf.ledger.tables import jobs, uploads
from sheaf.testing.api_process import ApiProcess

CREATES = 500
AT_ONCE = 20
MIB = 1024**2
LARGEST = 512 * MIB
MOST_MEMORY = 200 * MIB


@pytest.fixture
def api(tmp_path: Path) -> Iterator[ApiProcess]:
    """An API whose Temporal is away: what it accepts is accepted by the ledger alone."""
    made = ApiProcess(tmp_path / "home", free_port(29_000))
    made.start()
    yield made
    made.stop()


def ledger(api: ApiProcess) -> Database:
    return Database(f"sqlite+aiosqlite:///{api.home.root / 'ledger.db'}")


async def test_no_create_is_lost_or_doubled_while_the_api_is_killed(api: ApiProcess) -> None:
    kills = 0
    stop = asyncio.Event()

    async def keep_killing() -> None:
        nonlocal kills
        while not stop.is_set():
            await asyncio.sleep(random.uniform(2, 4))
            await asyncio.to_thread(api.kill)
            await asyncio.to_thread(api.start)
            kills += 1

    async with AsyncLlamaCloud(api_key=api.key, base_url=api.url, max_retries=20) as client:
        directory = await client.beta.directories.create(name="in")
        gate = asyncio.Semaphore(AT_ONCE)

        async def create(number: int) -> str:
            async with gate:
                config = {"parameters": {"custom_metadata": {"n": number}}}
                job = await client.beta.batch.create(job_config=config, directory_id=directory.id)
                return job.id

        killing = asyncio.create_task(keep_killing())
        ids = await asyncio.gather(*(create(number) for number in range(CREATES)))
        stop.set()
        await killing
    database = ledger(api)
    async with database.read() as connection:
        known = set(await connection.scalars(sa.select(jobs.c.id)))
    await database.close()
    print(f"\n{CREATES} creates, {kills} kills, {len(known)} jobs")
    assert kills > 0
    assert len(set(ids)) == CREATES
    assert known == set(ids)


def parts(name: str, size: int) -> Iterator[bytes]:
    """Yield the body of an upload of so many bytes, without ever holding it."""
    yield (
        b'--cut\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nparse\r\n'
        b'--cut\r\nContent-Disposition: form-data; name="file"; filename="'
        + name.encode()
        + b'"\r\nContent-Type: application/octet-stream\r\n\r\n'
    )
    for _ in range(size // MIB):
        yield b"\x00\x01\x02\x03" * (MIB // 4)
    yield b"\r\n--cut--\r\n"


async def test_the_largest_upload_leaves_memory_flat(api: ApiProcess) -> None:
    assert api.process is not None
    watched = psutil.Process(api.process.pid)
    peak = 0
    stop = asyncio.Event()

    async def watch() -> None:
        nonlocal peak
        while not stop.is_set():
            peak = max(peak, watched.memory_info().rss)
            await asyncio.sleep(0.05)

    async def stream() -> AsyncIterator[bytes]:
        for part in parts("large.bin", LARGEST):
            yield part

    watching = asyncio.create_task(watch())
    headers = api.headers | {"Content-Type": "multipart/form-data; boundary=cut"}
    async with httpx.AsyncClient(timeout=300) as client:
        answer = await client.post(
            f"{api.url}/api/v1/beta/files", content=stream(), headers=headers
        )
    stop.set()
    await watching
    assert answer.status_code == 201, answer.text
    print(f"\npeak memory {peak / MIB:.0f} MiB")
    assert peak < MOST_MEMORY


async def test_an_upload_cut_off_half_way_leaves_nothing(api: ApiProcess) -> None:
    with socket.create_connection(("127.0.0.1", api.port)) as line:
        head = (
            f"POST /api/v1/beta/files HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {api.key}\r\n"
            f"Content-Type: multipart/form-data; boundary=cut\r\nContent-Length: {40 * MIB}\r\n\r\n"
        )
        line.sendall(head.encode())
        for part in parts("half.bin", 10 * MIB):
            line.sendall(part[:-10] if part.endswith(b"--cut--\r\n") else part)
    await asyncio.sleep(1)
    listed = httpx.get(f"{api.url}/api/v1/beta/files", headers=api.headers).json()
    assert listed["items"] == []
    database = ledger(api)
    async with database.read() as connection:
        assert await connection.scalar(sa.select(sa.func.count()).select_from(uploads)) == 0
    await database.close()
    left = [path for path in api.home.blobs.rglob("*") if path.is_file()]
    assert left == []
