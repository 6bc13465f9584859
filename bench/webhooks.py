"""What telling receivers costs: a batch beside receivers that misbehave, and many events to one.

    python -m bench.webhooks ratio [--files 2000] [--rounds 3]
    python -m bench.webhooks many [--files 100000]

`ratio` runs the same files through the real engine, without receivers and with four that are told
of every file: one answers, one hangs, one drops every connection, one answers 500. `many` posts
events of a job that is done, as the job would have, and waits until all have arrived.
"""

import argparse
import asyncio
import statistics
import tempfile
from pathlib import Path
from typing import Any

import psutil
import sqlalchemy as sa
from temporalio.api.enums.v1 import EventType

from sheaf.composition import receivers
from sheaf.contracts.ids import new_job_id, new_task_id
from sheaf.contracts.states import DeliveryStatus, Phase
from sheaf.ledger.database import now_us
from sheaf.ledger.jobs.receivers import NewReceiver, NewReceivers
from sheaf.ledger.tables import items, jobs
from sheaf.ledger.webhook_tables import outbox
from sheaf.ledger.webhooks.outbox import post_item_events
from sheaf.testing.cluster import Cluster
from sheaf.testing.new_jobs import new_job
from sheaf.testing.webhook_receiver import Receiver, answer, receiving
from sheaf.webhooks.receivers import Sealed

LOCAL = {"local_receivers": True}
PAGES: dict[str, Any] = {"page_size": 1000, "continue_as_new_threshold": 20_000}


def make_files(folder: Path, count: int, mark: str) -> Path:
    """Write text files of a page each, each of its own content."""
    folder.mkdir(parents=True)
    for number in range(count):
        lines = (f"line {line} of {number} {mark}" for line in range(40))
        (folder / f"{number:07}.txt").write_text("\n".join(lines))
    return folder


async def run_batch(cluster: Cluster, folder: Path, config: dict[str, Any]) -> float:
    """Run a batch to its end; return its seconds, from its first event to its last."""
    job = await cluster.submit(folder, job_config=config, **PAGES)
    await cluster.ended(job.id, 3600)
    ended = await cluster.jobs.get(job.id)
    assert ended.completed == ended.total, ended
    return ((ended.completed_at or 0) - ended.created_at) / 1_000_000


async def ratio(root: Path, files: int, rounds: int) -> None:
    """Print the makespans with and without receivers, and their ratio."""
    cluster = Cluster(
        root / "home", parser_processes=2, parser_module="sheaf.engines.dispatch", options=LOCAL
    )
    await cluster.open()
    async with (
        receiving() as good,
        receiving() as hangs,
        receiving() as drops,
        receiving() as fails,
    ):
        hangs.behave = lambda _: "hang"
        drops.behave = lambda _: "reset"
        fails.behave = lambda _: answer(500)
        told = [
            {"webhook_url": one.url(), "webhook_events": ["parse.success", "batch.success"]}
            for one in (good, hangs, drops, fails)
        ]
        configs = {"without": {}, "with": {"parameters": {"webhook_configurations": told}}}
        taken: dict[str, list[float]] = {name: [] for name in configs}
        for number in range(rounds):
            for name, config in configs.items():
                folder = make_files(root / f"{name}-{number}", files, f"{name} {number}")
                taken[name].append(await run_batch(cluster, folder, config))
        print(f"{files:,} text files of a page, {rounds} rounds, median seconds of a batch")
        for name, seconds in taken.items():
            print(f"{name:<8} {statistics.median(seconds):6.2f}  {[round(s, 2) for s in seconds]}")
        medians = [statistics.median(taken[name]) for name in ("with", "without")]
        print(f"ratio    {medians[0] / medians[1]:6.2f}")
        print(f"told meanwhile: {len(good.received):,} of {rounds * (files + 1):,} by the good one")
    await cluster.close()


async def many(root: Path, events: int) -> None:
    """Print events a second, Temporal actions an event, and the worker's memory."""
    cluster = Cluster(
        root / "home", parser_processes=2, parser_module="bench.noop_engine", options=LOCAL
    )
    await cluster.open()
    first = peak = 0
    async with receiving() as receiver:
        await _post(cluster, receiver, events)
        while len(receiver.received) < events or await _pending(cluster):
            rss = _rss(cluster)
            first, peak = first or rss, max(peak, rss)
            await asyncio.sleep(0.5)
        times = sorted(one.at for one in receiver.received)
    seconds, actions, mib = times[-1] - times[0], await _actions(cluster), 1024**2
    print(f"{events:,} events in {len(times):,} requests, signed, in {seconds:.0f} s:")
    print(f"{len(times) / seconds:.0f} events/s")
    print(f"{actions} Temporal actions, {actions / events:.5f} an event")
    print(f"webhook worker RSS {first / mib:.0f} MiB at the start, {peak / mib:.0f} MiB at most")
    await cluster.close()


def _rss(cluster: Cluster) -> int:
    """Bytes of the process that delivers; 0 while there is none."""
    children = psutil.Process(cluster.workers[0].pid).children()
    return sum(one.memory_info().rss for one in children if "webhook_worker" in one.cmdline())


async def _post(cluster: Cluster, receiver: Receiver, events: int) -> None:
    """Post `parse.success` of a job with so many items that are done, in one transaction."""
    sealer = receivers(cluster.settings, cluster.database)
    told = Sealed(receiver.url(), None, "whsec_c2VjcmV0IG9mIHRoZSBiZW5jaA==")
    new = NewReceiver(sealer.seal(told), ["parse.success"], "json")
    job_id = new_job_id()
    await cluster.jobs.create(
        new_job(id=job_id, project_id="default", has_webhooks=True),
        receivers=NewReceivers([new]),
    )
    rows = [
        {
            "job_id": job_id,
            "ordinal": ordinal,
            "file_id": f"dfl-{ordinal}",
            "task_id": new_task_id(),
            "status": "completed",
        }
        for ordinal in range(1, events + 1)
    ]
    async with cluster.database.write() as connection:
        await connection.execute(items.insert(), rows)
        await connection.execute(
            jobs.update().values(status="completed", total=events, completed=events)
        )
        job = (await connection.execute(jobs.select())).one()
        ordinals = range(1, events + 1)
        await post_item_events(connection, job, Phase.SUCCESS, ordinals, now_us())


async def _pending(cluster: Cluster) -> bool:
    query = sa.select(outbox.c.id).where(outbox.c.status == DeliveryStatus.PENDING).limit(1)
    async with cluster.database.read() as connection:
        return await connection.scalar(query) is not None


async def _actions(cluster: Cluster) -> int:
    """Starts, signals, timers and Activities, which Temporal counts as actions."""
    counted = ("WORKFLOW_EXECUTION_STARTED", "SIGNALED", "TIMER_STARTED", "ACTIVITY_TASK_SCHEDULED")
    found = 0
    async for one in cluster.client.list_workflows("WorkflowType = 'DeliveryWorkflow'"):
        handle = cluster.client.get_workflow_handle(one.id, run_id=one.run_id)
        async for event in handle.fetch_history_events():
            found += EventType.Name(event.event_type).endswith(counted)
    return found


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["ratio", "many"])
    parser.add_argument("--files", type=int)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        if asked.what == "ratio":
            asyncio.run(ratio(root, asked.files or 2000, asked.rounds))
        else:
            asyncio.run(many(root, asked.files or 100_000))


if __name__ == "__main__":
    main()
