"""S3 over the wire: blobs, sources, copies of results, and whole batches through a faulty proxy."""

import hashlib
import io
import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sheaf.contracts.failures import DocumentError, FailureKind
from sheaf.contracts.states import JobStatus
from sheaf.ledger.records import SourceFile
from sheaf.ledger.tables import directory_files
from sheaf.rules.parameters.s3_locations import S3Location, key_of
from sheaf.sources.s3 import object_on_disk, objects
from sheaf.storage import s3_keys
from sheaf.storage.blobs import Blobs
from sheaf.storage.downloads import PREFIX as DOWNLOAD_PREFIX
from sheaf.storage.local import LocalBlobs
from sheaf.storage.object_store import ObjectStoreError, bucket
from sheaf.storage.s3 import S3Blobs
from sheaf.testing.cluster import Cluster, kill
from sheaf.testing.s3_server import SECRET, Faults, S3Server, faulty_proxy, s3_server

OBJECTS = int(os.environ.get("SHEAF_TEST_OBJECTS", "200"))
IN = S3Location("bucket", "in/")
ROUGH = {"slow_down": 0.1, "truncate": 0.05, "lost_answer": 0.05}


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with s3_server() as running:
        yield running


@pytest.fixture
def s3(server: S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Server]:
    """The server, empty, with the environment that names it."""
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)
    bucket.cache_clear()
    for key in server.keys(""):
        server.client.delete_object(Bucket="bucket", Key=key)
    yield server
    bucket.cache_clear()


@pytest.fixture(params=["local", "s3"])
def blobs(request: pytest.FixtureRequest, s3: S3Server, tmp_path: Path) -> Blobs:
    if request.param == "local":
        return LocalBlobs(tmp_path)
    return S3Blobs(S3Location("bucket", "blobs/"))


async def read(blobs: Blobs, key: str) -> bytes:
    opened = await blobs.open(key)
    content = b"".join([block async for block in opened.content])
    assert len(content) == opened.size_bytes
    return content


async def test_blobs_come_back_as_they_were_put(blobs: Blobs) -> None:
    await blobs.put_many([(f"a/{number}", b"x" * number) for number in range(40)])
    await blobs.put_many([("a/7", b"again")])
    assert await blobs.get("a/7") == b"again"
    assert await read(blobs, "a/39") == b"x" * 39
    async with blobs.on_disk("a/3") as path:
        assert path.read_bytes() == b"xxx"
    assert blobs.uri("a/3").endswith("a/3")


async def test_parts_are_read_and_all_under_a_prefix_is_deleted(blobs: Blobs) -> None:
    await blobs.put_many([(f"job/{number}", b"0123456789") for number in range(30)])
    await blobs.put_many([("job/deep/image", b"x"), ("jobs", b"beside")])
    assert await blobs.get("job/3", 2, 5) == b"23456"
    await blobs.delete_all("job/")
    await blobs.delete_all("job/")
    for key in ("job/3", "job/deep/image"):
        with pytest.raises(FileNotFoundError):
            await blobs.get(key)
    assert await blobs.get("jobs") == b"beside"


async def test_a_stream_is_stored_with_its_size_and_digest(blobs: Blobs) -> None:
    content = random.Random(1).randbytes(20 * 1024**2 + 1)
    size, digest = await blobs.put_stream("big", io.BytesIO(content))
    assert (size, digest) == (len(content), hashlib.sha256(content).hexdigest())
    assert await read(blobs, "big") == content


class Broken(io.RawIOBase):
    """A stream that breaks off after some megabytes."""

    def __init__(self) -> None:
        self.left = 12

    def read(self, size: int = -1) -> bytes:
        self.left -= 1
        if self.left == 0:
            raise OSError("the sender is gone")
        return b"x" * 1024**2


async def test_a_stream_that_breaks_off_leaves_nothing(blobs: Blobs) -> None:
    with pytest.raises(OSError, match="the sender is gone"):
        await blobs.put_stream("broken", Broken())  # type: ignore[arg-type]
    with pytest.raises(FileNotFoundError):
        await blobs.get("broken")


async def test_what_is_not_there_is_not_found_and_can_be_deleted(blobs: Blobs) -> None:
    await blobs.delete("none")
    with pytest.raises(FileNotFoundError):
        await blobs.get("none")
    with pytest.raises(FileNotFoundError):
        await blobs.open("none")
    with pytest.raises(FileNotFoundError):
        async with blobs.on_disk("none"):
            pass


async def test_a_rough_connection_stores_and_reads_the_same_bytes(
    s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults = Faults(slow_down=0.2, lost_answer=0.2, seed=3)
    with faulty_proxy(s3.port, faults) as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        bucket.cache_clear()
        rough = S3Blobs(S3Location("bucket", "rough/"))
        await rough.put_many([(str(number), b"content") for number in range(60)])
        for number in range(60):
            assert await rough.get(str(number)) == b"content"
    assert min(faults.done.values()) > 5
    assert len(s3.keys("rough/")) == 60


ODD = [
    "a b",
    "100%",
    "p%20q",
    "ü",
    "q?r#s&t=+",
    "a\\b",
    "~t",
    ".hidden",
    "sub/deep",
    "sub-a",
    "sub.a",
]


async def listed(after: str | None = None) -> list[SourceFile]:
    return [file async for file in objects(IN, after)]


async def test_objects_are_listed_and_read_whatever_they_are_called(s3: S3Server) -> None:
    s3.fill("in/", {key: key.encode() for key in ODD})
    s3.fill("inside/", {"no": b"sibling"})
    s3.fill("in/", {"sub/": b"", "empty": b""})
    found = await listed()
    assert [file.unique_id for file in found] == sorted([*ODD, "empty"], key=str.encode)
    assert all(file.etag and file.mtime_ns > 0 for file in found)
    for file in found:
        if file.size_bytes:
            async with object_on_disk(IN, file.unique_id, file.etag) as path:
                assert path.read_text() == file.unique_id


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    names=st.sets(
        st.lists(st.sampled_from(["a", "b c", "é", "1%"]), min_size=1, max_size=3).map("/".join),
        min_size=1,
        max_size=8,
    )
)
async def test_a_listing_goes_on_behind_any_key(s3: S3Server, names: set[str]) -> None:
    for key in s3.keys("in/"):
        s3.client.delete_object(Bucket="bucket", Key=key)
    s3.fill("in/", dict.fromkeys(names, b"x"))
    whole = [file.unique_id for file in await listed()]
    assert set(whole) == names
    for position, name in enumerate(whole):
        assert [file.unique_id for file in await listed(name)] == whole[position + 1 :]


async def test_an_object_that_changed_or_went_is_told_from_one_that_is_refused(
    s3: S3Server,
) -> None:
    s3.fill("in/", {"a": b"first"})
    (file,) = await listed()
    s3.fill("in/", {"a": b"second"})
    for key, etag in (("a", file.etag), ("gone", None)):
        with pytest.raises(DocumentError) as raised:
            async with object_on_disk(IN, key, etag):
                pass
        assert raised.value.kind is FailureKind.SOURCE_CHANGED


STRANGE = [
    *("b//c", "/first", "last/", "//", "./here", "a/./b", "..", "../up", "a/../up", "a/.."),
    *("tab\t", "\x01", "\x7f", "%/coded", "%/", "%/%00", "a%00b", "null\0", "a?b#c", " "),
]
"""Keys that are no paths, or look like something else."""


async def test_keys_that_are_no_paths_are_listed_and_read(s3: S3Server) -> None:
    s3.fill("in/", {key: repr(key).encode() for key in [*STRANGE, "plain"]})
    found = await listed()
    assert [key_named(file.unique_id) for file in found] == sorted(
        [*STRANGE, "plain"], key=str.encode
    )
    for file in found:
        assert "\0" not in file.unique_id
        async with object_on_disk(IN, file.unique_id, file.etag) as path:
            assert path.read_text() == repr(key_named(file.unique_id))
        with pytest.raises(DocumentError, match="changed after it was listed"):
            async with object_on_disk(IN, file.unique_id, '"another"'):
                pass
    for position, file in enumerate(found):
        # The server of these tests repeats a key in its answer, as XML, which has not these.
        if not {"\0", "\x01"} & set(key_named(file.unique_id)):
            assert await listed(file.unique_id) == found[position + 1 :]


async def test_a_listing_has_as_many_pages_as_it_takes(
    s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_keys, "PAGE_KEYS", 3)
    s3.fill("in/", {f"{number:02}": b"x" for number in range(10)})
    assert [file.unique_id for file in await listed()] == [f"{one:02}" for one in range(10)]
    assert [file.unique_id for file in await listed("04")] == [f"{one:02}" for one in range(5, 10)]


def key_named(name: str) -> str:
    return key_of(name, IN).removeprefix(IN.prefix)


async def test_a_strange_key_that_is_gone_has_changed(s3: S3Server) -> None:
    with pytest.raises(DocumentError) as raised:
        async with object_on_disk(IN, "b//c", None):
            pass
    assert raised.value.kind is FailureKind.SOURCE_CHANGED


async def test_a_batch_goes_on_over_keys_that_are_no_paths(tmp_path: Path, s3: S3Server) -> None:
    s3.fill("in/", dict.fromkeys([*STRANGE, "plain"], b"sleep 0.01\ntext"))
    cluster = deployment(tmp_path, s3)
    await cluster.open()
    try:
        job = await cluster.ended((await cluster.submit_source("s3://bucket/in/")).id)
        failed = [row for row in await cluster.item_rows(job.id) if row.failure_kind]
        async with cluster.database.read() as connection:
            names = list(await connection.scalars(sa.select(directory_files.c.display_name)))
        await cluster.check(job, len(STRANGE) + 1)
    finally:
        await cluster.close()
    assert (job.status, failed) == (JobStatus.COMPLETED, [])
    assert all(names)


async def test_a_bucket_that_is_not_there_is_an_error_without_secrets(s3: S3Server) -> None:
    with pytest.raises(ObjectStoreError) as raised:
        _ = [file async for file in objects(S3Location("nowhere", ""), None)]
    assert SECRET not in str(raised.value)
    assert "\n" not in str(raised.value)


def deployment(tmp_path: Path, s3: S3Server, endpoint: str | None = None) -> Cluster:
    return Cluster(
        tmp_path / "home",
        os.environ.get("SHEAF_TEST_POSTGRES_URL"),
        environment={**s3.environment(endpoint), "TMPDIR": str(tmp_path)},
        options={
            "storage_url": "s3://bucket/store/",
            "s3_sources": {"default": ("s3://bucket/in/",)},
            "s3_outputs": {"*": ("s3://bucket/out/",)},
        },
    )


async def test_a_batch_by_prefix_loses_and_doubles_nothing_on_a_rough_connection(
    s3: S3Server, tmp_path: Path
) -> None:
    s3.fill("in/", {f"{n:05}.txt": f"sleep 0.01\nobject {n}".encode() for n in range(OBJECTS)})
    s3.fill("in/", {"sub/": b""})
    faults = Faults(**ROUGH, seed=5)
    with faulty_proxy(s3.port, faults) as address:
        cluster = deployment(tmp_path, s3, address)
        await cluster.open()
        try:
            job = await cluster.submit_source("s3://bucket/in/", **OUTPUT)
            await cluster.in_flight(job.id, OBJECTS // 4)
            kill(*cluster.workers)
            await cluster.start_worker()
            ended = await cluster.ended(job.id, 60 + OBJECTS)
            assert (ended.status, ended.completed, ended.total) == (
                JobStatus.COMPLETED,
                OBJECTS,
                OBJECTS,
            )
            rows = await cluster.item_rows(job.id)
            await cluster.check(ended, OBJECTS)
            packs = await cluster.packs(job.id)
        finally:
            await cluster.close()
    assert len({row.unique_id for row in rows}) == OBJECTS
    # A worker that was killed may have left a pack that no row names.
    assert {f"store/results/{job.id}/{pack}.jsonl" for pack in packs} <= {
        *s3.keys("store/results/")
    }
    copies = s3.keys("out/")
    assert set(copies) == {f"{COPIES}{r.file_id}.{kind}" for r in rows for kind in ("md", "json")}
    for row in random.Random(1).sample(rows, 20):
        number = int(row.unique_id.removesuffix(".txt"))
        assert f"object {number}" in s3.read(f"{COPIES}{row.file_id}.md").decode()
    print(f"{OBJECTS} objects, requests: {dict(faults.done)}")
    assert min(faults.done[name] for name in ROUGH) > 5
    _holds_no_secret(cluster.root)
    # Also those of the worker that was killed, deleted by the one that came after it.
    assert list(tmp_path.rglob(f"{DOWNLOAD_PREFIX}*")) == []


OUTPUT = {
    "job_config": {
        "parameters": {"output_s3_path_prefix": "s3://bucket/out/"},
        "partitions": {"pipeline_id_partition": "p/1", "file_id_partition": "f"},
    }
}
COPIES = "out/file_id_partition=f/pipeline_id_partition=p%2F1/"


def _holds_no_secret(root: Path) -> None:
    files = [path for path in root.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if SECRET.encode() in path.read_bytes()]


async def test_a_source_that_is_not_open_fails_its_batch_and_says_why(
    s3: S3Server, tmp_path: Path
) -> None:
    s3.fill("inside/", {"a.txt": b"x"})
    cluster = deployment(tmp_path, s3)
    await cluster.open()
    try:
        job = await cluster.submit_source("s3://bucket/inside/")
        ended = await cluster.ended(job.id)
        assert ended.status is JobStatus.FAILED
        assert "SHEAF_S3_SOURCES" in str(ended.error_message)
    finally:
        await cluster.close()


async def test_unchanged_objects_are_not_read_again(s3: S3Server, tmp_path: Path) -> None:
    s3.fill("in/", {f"{number}.txt": b"text" + bytes([65 + number]) for number in range(5)})
    cluster = deployment(tmp_path, s3)
    await cluster.open()
    try:
        first = await cluster.ended((await cluster.submit_source("s3://bucket/in/")).id)
        s3.fill("in/", {"3.txt": b"another text"})
        second = await cluster.ended((await cluster.submit_source("s3://bucket/in/")).id)
        assert (first.completed, second.completed, second.skipped) == (5, 1, 4)
    finally:
        await cluster.close()
