"""Packs of results: what is recorded together lies together, and each comes back by its place."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sheaf.cli.stored import read_result
from sheaf.contracts.failures import DocumentError, FailureKind
from sheaf.contracts.states import ItemStatus
from sheaf.ledger.records import ClaimedItem, Outcome, ResultPlace, ResultRow
from sheaf.processing.outcomes import failed_outcome
from sheaf.processing.result_store import Processed, ResultStore, image_key
from sheaf.storage.local import LocalBlobs
from tests.claimed import claimed

JOB = f"bjb-{'1' * 32}"


def item(ordinal: int, fence: int = 1) -> ClaimedItem:
    task_id = f"{ordinal:08}-0000-0000-0000-000000000000"
    return claimed(ordinal, fence=fence, task_id=task_id, file_id=f"dfl-{ordinal:032}")


def completed(ordinal: int, markdown: str, **images: bytes) -> Processed:
    one = item(ordinal)
    line = json.dumps({"job_id": one.task_id, "markdown": markdown}).encode() + b"\n"
    result = ResultRow(
        id=one.task_id,
        file_id=one.file_id,
        content_sha256="0" * 64,
        engine="e 1",
        media_type="text/plain",
        pages=1,
        size_bytes=len(line),
        is_reusable=True,
    )
    return Processed(Outcome(one, ItemStatus.COMPLETED, result), line, images)


def place(outcome: Outcome) -> ResultPlace:
    row = outcome.result
    assert row is not None
    return ResultPlace(JOB, row.id, row.pack, row.pack_offset or 0, row.pack_bytes or 0)


@settings(max_examples=25, deadline=None)
@given(texts=st.lists(st.text(st.characters(codec="utf-8"), max_size=40), min_size=1, max_size=12))
async def test_every_result_of_a_pack_comes_back(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("blobs")
    store = ResultStore(LocalBlobs(folder))
    outcomes = await store.write(JOB, [completed(n, text) for n, text in enumerate(texts, 1)])
    for outcome, text in zip(outcomes, texts, strict=True):
        stored = await read_result(store, place(outcome))
        assert stored.markdown == text
        assert stored.canonical == {"job_id": outcome.item.task_id}
    (pack,) = folder.rglob("*.jsonl")
    lines = pack.read_text().splitlines()
    assert [json.loads(line)["markdown"] for line in lines] == texts


async def test_failures_are_in_no_pack_and_a_group_of_them_stores_nothing(tmp_path: Path) -> None:
    store = ResultStore(LocalBlobs(tmp_path))
    bad = failed_outcome(item(2), DocumentError(FailureKind.CORRUPT, "broken"))
    outcomes = await store.write(JOB, [completed(1, "one"), bad, completed(3, "three")])
    assert [outcome.item.ordinal for outcome in outcomes] == [1, 2, 3]
    assert (await read_result(store, place(outcomes[2]))).markdown == "three"
    assert (await store.write(JOB, [bad])) == [bad.outcome]
    assert len(list(tmp_path.rglob("*.jsonl"))) == 1


async def test_pictures_lie_beside_the_packs_and_go_with_the_job(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path)
    store = ResultStore(blobs)
    (outcome,) = await store.write(JOB, [completed(1, "one", **{"page_1.png": b"png"})])
    picture = await store.image(place(outcome), "page_1.png")
    assert (picture.size_bytes, [part async for part in picture.content]) == (3, [b"png"])
    assert await blobs.get(image_key(JOB, outcome.item.task_id, "page_1.png")) == b"png"
    await store.delete_job(JOB)
    await store.delete_job(JOB)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    with pytest.raises(FileNotFoundError):
        await read_result(store, place(outcome))


async def test_a_pack_of_which_nothing_was_recorded_is_deleted(tmp_path: Path) -> None:
    store = ResultStore(LocalBlobs(tmp_path))
    outcomes = await store.write(JOB, [completed(1, "one")])
    await store.forget(JOB, outcomes)
    assert not list(tmp_path.rglob("*.jsonl"))


async def test_a_later_claim_of_the_same_items_writes_a_pack_of_its_own(tmp_path: Path) -> None:
    store = ResultStore(LocalBlobs(tmp_path))
    one = completed(1, "one")
    (first,) = await store.write(JOB, [one])
    again = Processed(Outcome(item(1, fence=2), ItemStatus.COMPLETED, one.outcome.result), one.line)
    (second,) = await store.write(JOB, [again])
    assert store.uri(place(first)) != store.uri(place(second))
    await store.forget(JOB, [first])
    assert (await read_result(store, place(second))).markdown == "one"


async def test_results_of_two_objects_are_still_read(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path)
    task = item(7).task_id
    key = f"results/{JOB}/{task[-2:]}/{task}"
    await blobs.put_many([(f"{key}.json", b'{"name": "a"}'), (f"{key}.md", "ä".encode())])
    old = ResultPlace(JOB, task)
    stored = await read_result(ResultStore(blobs), old)
    assert (stored.canonical, stored.markdown) == ({"name": "a"}, "ä")
    assert ResultStore(blobs).uri(old).endswith(f"{task}.json")
