"""A read that hangs in the kernel costs its own file attempts, and nobody else anything."""

from pathlib import Path

import pytest

from sheaf.contracts.failures import FailureKind
from sheaf.contracts.states import ItemStatus
from sheaf.testing.cluster import Cluster, make_files, until_async
from tests.hanging import hanging

SMALL, LARGE = 6, 60
"""A job in one go, and one with pages."""


async def run_beside(tmp_path: Path, files: int, *, for_ever: bool) -> None:
    cluster = Cluster(tmp_path / "home", options={"stall_seconds": 1})
    await cluster.open()
    try:
        folder = make_files(tmp_path / "in", files, seed=1, longest=0.05)
        for path in folder.iterdir():
            path.write_text("sleep 0.01\ntext\n")
        stuck = folder / f"file-{files // 2:04}.txt"
        with hanging(stuck):
            job = await cluster.submit(folder, page_size=20)

            async def others_are_done() -> bool:
                return (await cluster.jobs.get(job.id)).settled >= files - 1

            await until_async(others_are_done, 40, "the others to be read")
            if for_ever:
                ended = await cluster.ended(job.id, 40)
        if not for_ever:
            ended = await cluster.ended(job.id, 40)
        rows = {row.unique_id: row for row in await cluster.item_rows(job.id)}
        log = (tmp_path / "home/worker-0.log").read_text()
        await cluster.check(ended, files)
    finally:
        await cluster.close()
    assert (ended.completed, ended.failed) == (files - for_ever, int(for_ever))
    assert "a call to a file system does not return" in log
    if for_ever:
        row = rows.pop(stuck.name)
        assert row.failure_kind is FailureKind.EXHAUSTED
        assert "the file cannot be read now" in row.error_message
    assert {row.status for row in rows.values()} == {ItemStatus.COMPLETED}
    assert {row.lost_claims for row in rows.values()} == {0}


@pytest.mark.parametrize("files", [SMALL, LARGE])
async def test_a_file_that_hangs_for_a_while_is_read_when_it_can_be(
    tmp_path: Path, files: int
) -> None:
    await run_beside(tmp_path, files, for_ever=False)


async def test_a_file_that_goes_on_to_hang_fails_alone(tmp_path: Path) -> None:
    await run_beside(tmp_path, LARGE, for_ever=True)
