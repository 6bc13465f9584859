"""What becomes of a batch whose worker is replaced all the time, by another version of the code.

    python -m bench.replacements [--files 5000] [--every 20] [--previous COMMIT]

A worker is stopped as a deployment stops it, and the next one runs the other code: that of a commit
before, in a worktree of its own over the same packages, and this one's, in turn. Printed is how
often it was replaced, which Workflow runs both versions have worked on, every Workflow Task that
failed, and whether each item has one outcome and one result. Both versions have to know the same
schema of the ledger.
"""

import argparse
import asyncio
import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from temporalio.api.enums.v1 import EventType, WorkflowTaskFailedCause

from bench.scale_out import make_files
from bench.throughput import CALM
from sheaf.ledger.records import JobRow
from sheaf.testing.cluster import ROOT, Cluster

PAGES = {"page_size": 100, "continue_as_new_threshold": 1000}
"""Small enough that every replacement finds pages, and parents that continue as new."""
STOP_SECONDS = 60
END_SECONDS = 1800
NONDETERMINISM = re.compile(r"[Nn]on-?[Dd]eterminism|TMPRL1100")


@dataclass
class Seen:
    """What the histories and logs of one batch say."""

    runs: Counter[str] = field(default_factory=Counter)
    """Workflow runs by the versions that have completed tasks of them."""
    tasks: Counter[str] = field(default_factory=Counter)
    """Workflow Tasks that were completed, by version."""
    failed: Counter[str] = field(default_factory=Counter)
    """Workflow Tasks that failed, by their cause."""
    log_lines: int = 0
    """Lines of the workers' logs that tell of non-determinism."""


@contextlib.contextmanager
def checked_out(commit: str) -> Iterator[Path]:
    """Have the code of a commit in a folder of its own."""
    with tempfile.TemporaryDirectory() as root:
        tree = Path(root) / "tree"
        git = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run([*git, "add", "--quiet", "--detach", str(tree), commit], check=True)
        try:
            say = "import worker, sheaf.contracts; print(worker.__file__, sheaf.__file__)"
            shown = subprocess.run(
                [sys.executable, "-c", say], cwd=tree, check=True, capture_output=True, text=True
            ).stdout.split()
            if not all(Path(one).is_relative_to(tree) for one in shown):
                raise RuntimeError(f"a worker in {tree} would run {shown}")
            yield tree
        finally:
            subprocess.run([*git, "remove", "--force", str(tree)], check=True)


async def replace(made: Cluster, tree: Path) -> None:
    """Stop the worker, as a deployment does, and start one of other code."""
    worker = made.workers[-1]
    worker.terminate()
    await asyncio.to_thread(worker.wait, STOP_SECONDS)
    made.worker_tree = tree
    await made.start_worker()


async def run(made: Cluster, trees: dict[str, Path], asked: argparse.Namespace) -> bool:
    """Run the batch and print what was seen of it; return whether nothing was wrong."""
    source = make_files(made.root.parent / "in", asked.files, asked.file_seconds)
    names = list(trees)
    versions = {str(made.workers[-1].pid): names[0]}
    job = await made.submit(source, **PAGES)
    began = ready = time.monotonic()
    while not (await made.jobs.get(job.id)).status.is_terminal:
        if time.monotonic() - began > END_SECONDS:
            raise RuntimeError(f"{job.id} did not end")
        if time.monotonic() < ready + asked.every:
            await asyncio.sleep(0.2)
            continue
        name = names[len(versions) % len(names)]
        await replace(made, trees[name])
        ready = time.monotonic()
        versions[str(made.workers[-1].pid)] = name
        done = (await made.jobs.get(job.id)).settled
        print(f"{time.monotonic() - began:6.1f} s: {name}, {done} done", flush=True)
    ended = await made.jobs.get(job.id)
    seconds = time.monotonic() - began
    await made.check(ended, asked.files)
    seen = await look(made, job.id, versions)
    show(seen, ended, len(versions) - 1, seconds)
    return (
        ended.completed == asked.files
        and not seen.failed["NON_DETERMINISTIC_ERROR"]
        and not seen.log_lines
    )


async def look(made: Cluster, job_id: str, versions: dict[str, str]) -> Seen:
    """Read every history of a job's Workflows, and the logs of the workers."""
    seen = Seen()
    async for one in made.client.list_workflows(f"WorkflowId STARTS_WITH '{job_id}'"):
        handle = made.client.get_workflow_handle(one.id, run_id=one.run_id)
        by: set[str] = set()
        async for event in handle.fetch_history_events():
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
                identity = event.workflow_task_completed_event_attributes.identity
                version = versions[identity.partition("@")[0]]
                seen.tasks[version] += 1
                by.add(version)
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED:
                cause = event.workflow_task_failed_event_attributes.cause
                name = WorkflowTaskFailedCause.Name(cause)
                seen.failed[name.removeprefix("WORKFLOW_TASK_FAILED_CAUSE_")] += 1
        seen.runs[" and ".join(sorted(by)) or "none"] += 1
    for log in made.root.glob("worker-*.log"):
        seen.log_lines += len(NONDETERMINISM.findall(log.read_text(errors="replace")))
    return seen


def show(seen: Seen, job: JobRow, replacements: int, seconds: float) -> None:
    """Print what was seen."""
    print(f"the worker was replaced {replacements} times in {seconds:.0f} s")
    print("Workflow runs by who worked on them: " + _listed(seen.runs))
    print("Workflow Tasks completed: " + _listed(seen.tasks))
    print("Workflow Tasks failed: " + (_listed(seen.failed) or "none"))
    wrong = seen.failed["NON_DETERMINISTIC_ERROR"]
    print(f"non-determinism errors: {wrong} in histories, {seen.log_lines} in logs")
    print(
        f"items: {job.completed} completed, {job.failed} failed of {job.total}; "
        "each has one outcome and one result",
        flush=True,
    )


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))


async def measure(asked: argparse.Namespace) -> bool:
    """Run with both versions in turn; that of before begins."""
    with checked_out(asked.previous) as tree, tempfile.TemporaryDirectory() as root:
        made = Cluster(Path(root) / "home", options=CALM, worker_tree=tree)
        await made.open()
        try:
            return await run(made, {"previous": tree, "this": ROOT}, asked)
        finally:
            await made.close()


def main() -> None:
    """Read the options, and measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--files", type=int, default=5000)
    parser.add_argument("--file-seconds", type=float, default=0.12)
    parser.add_argument("--every", type=float, default=20, help="seconds of each worker")
    parser.add_argument("--previous", default="HEAD~1")
    is_right = asyncio.run(measure(parser.parse_args()))
    sys.stdout.flush()
    os._exit(0 if is_right else 1)


if __name__ == "__main__":
    main()
