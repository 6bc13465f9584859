"""A batch with files that break their parser, through a real worker."""

from pathlib import Path

from sheaf.contracts.states import JobStatus
from sheaf.ledger.items.listing import ItemListing
from sheaf.testing.cluster import Cluster

FAULTS = {"segfault": "Crashed", "spin": "Timeout", "memory": "TooLarge", "empty": "Empty"}
GOOD = 10


async def test_each_broken_parser_fails_its_file_alone(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for fault in FAULTS:
        (folder / f"{fault}.txt").write_text(f"fault: {fault}\n")
    for number in range(GOOD):
        (folder / f"good-{number}.txt").write_text(f"a good text, number {number}\n")
    cluster = Cluster(
        tmp_path / "home",
        parser_module="sheaf.testing.faulty_engine",
        parser_processes=2,
        # Room to fill a GiB on a busy machine, before time is up for it too.
        file_seconds=15,
        parser_memory_bytes=1024**3,
    )
    await cluster.open()
    try:
        worker = cluster.workers[0]
        pid = worker.pid
        job = await cluster.ended((await cluster.submit(folder)).id)
        assert worker.poll() is None
        assert int((cluster.root / "ready-0").read_text()) == pid
        kinds = {
            item.display_name.removesuffix(".txt"): item.failure_kind
            for item in await ItemListing(cluster.database).after(job.id)
            if item.status == "failed"
        }
        assert kinds == FAULTS
        assert (job.status, job.completed) == (JobStatus.COMPLETED, GOOD)
        await cluster.check(job, GOOD + len(FAULTS))
    finally:
        await cluster.close()
