"""A deployment of real processes for one test: a Temporal server, workers, a home on disk."""

import asyncio
import json
import os
import random
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from temporalio.client import Client

from sheaf.cli.stored import StoredResult, read_result
from sheaf.composition import connect, job_service
from sheaf.config import Settings
from sheaf.contracts.http.batch import BatchJobCreate
from sheaf.contracts.states import ItemStatus
from sheaf.embedded.home import Home
from sheaf.embedded.temporal_server import free_port, is_listening, server_command, temporal_binary
from sheaf.ledger.database import Database
from sheaf.ledger.files.directories import DirectoryLedger
from sheaf.ledger.jobs.jobs import JobLedger
from sheaf.ledger.migrate import migrate
from sheaf.ledger.records import JobRow, ResultPlace
from sheaf.ledger.tables import attempts, directory_files, items, results
from sheaf.processing.result_store import ResultStore
from sheaf.runtime.children import child_environment, python_command
from sheaf.sources.local import source_uri
from sheaf.storage.opened import open_blobs

ROOT = Path(__file__).parents[2]
SOME_ITEMS = 3


@dataclass
class Cluster:
    """Processes that a test may kill, and the ledger that says what became of the items."""

    root: Path
    database_url: str | None = None
    environment: dict[str, str] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    """Further settings, and others than those that make faults show within seconds."""
    server: subprocess.Popen[bytes] | None = None
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    port: int = 0
    parser_processes: int = 4
    parser_module: str = "sheaf.testing.slow_engine"
    file_seconds: float = 300
    parser_memory_bytes: int = 4 * 1024**3
    worker_module: str = "worker"
    worker_tree: Path = ROOT
    """Folder whose code the workers that are started next run."""

    @property
    def settings(self) -> Settings:
        hasty = {
            "heartbeat_seconds": 2,
            "watchdog_seconds": 1,
            "sweep_seconds": 1,
            "shutdown_grace_seconds": 2,
            # A test may stop a worker for long, to have it go on.
            "liveness_seconds": 600,
            "storage_url": os.environ.get("SHEAF_TEST_STORAGE_URL"),
        }
        return Settings(
            home=self.root,
            database_url=self.database_url,
            parser_processes=self.parser_processes,
            parser_module=self.parser_module,
            parser_memory_bytes=self.parser_memory_bytes,
            file_seconds=self.file_seconds,
            **hasty | self.options,
        )

    async def open(self) -> None:
        Home(self.root).prepare()
        self.port = free_port(random.randint(20_000, 30_000))
        self.database = Database(self.settings.ledger_url)
        await migrate(self.database)
        self.jobs = JobLedger(self.database)
        await self.start_server()
        self.client: Client = await connect(address=f"127.0.0.1:{self.port}")
        await self.start_worker()

    async def close(self) -> None:
        for process in (*self.workers, self.server):
            if process and process.poll() is None:
                process.kill()
                process.wait()
        await self.database.close()

    async def start_server(self) -> None:
        command = server_command(temporal_binary(None), self.root / "temporal.db", self.port)
        self.server = self._spawn([*command, "--headless"], "temporal")
        await until(lambda: is_listening(self.port), 20, "the server to listen")

    async def start_worker(self) -> subprocess.Popen[bytes]:
        ready = self.root / f"ready-{len(self.workers)}"
        settings = self.settings
        names = settings.model_dump(exclude_unset=True, exclude_none=True)
        variables = {
            f"SHEAF_{name.upper()}": (
                json.dumps(value) if isinstance(value, tuple | dict) else str(value)
            )
            for name, value in names.items()
        }
        worker = self._spawn(
            python_command(self.worker_module),
            f"worker-{len(self.workers)}",
            self.worker_tree,
            **variables,
            SHEAF_READY_FILE=str(ready),
            TEMPORAL_ADDRESS=f"127.0.0.1:{self.port}",
        )
        self.workers.append(worker)
        await until(ready.exists, 30, "the worker to be ready")
        return worker

    async def submit(self, folder: Path, **options: object) -> JobRow:
        return await self.submit_source(source_uri(folder), **options)

    async def submit_source(self, uri: str, **options: object) -> JobRow:
        settings = self.settings
        directory_id = await DirectoryLedger(self.database).register_source("default", uri, "in")
        concurrency = int(str(options.pop("concurrency", 8)))
        is_file_by_file = bool(options.pop("one_file_per_activity", False))
        body = {"job_config": {}, "directory_id": directory_id, **options}
        service = job_service(settings, self.database, self.client)
        return await service.create(
            "default",
            BatchJobCreate.model_validate(body),
            concurrency=concurrency,
            one_file_per_activity=is_file_by_file,
        )

    async def processing(self, job_id: str) -> int:
        """Items in flight now."""
        async with self.database.read() as connection:
            count = await connection.scalar(
                sa.select(sa.func.count())
                .select_from(items)
                .where(items.c.job_id == job_id, items.c.status == ItemStatus.PROCESSING)
            )
        return int(count or 0)

    async def in_flight(self, job_id: str, settled: int) -> None:
        """Wait until so many items are settled and some are in flight: a fault may land now.

        Some are more than one, which might end, and leave none, before the fault lands.
        """

        async def ready() -> bool:
            job = await self.jobs.get(job_id)
            assert not job.status.is_terminal, "the batch ended before the fault"
            return job.settled >= settled and await self.processing(job_id) >= SOME_ITEMS

        await until_async(ready, 60, "items to be in flight")

    async def goes_on(self, job_id: str) -> None:
        """Make sure that a fault which stops no process has left items in flight.

        Between two slices there may be none for a moment.
        """

        async def is_so() -> bool:
            return await self.processing(job_id) > 0

        await until_async(is_so, 1, "items in flight at the fault")

    async def ended(self, job_id: str, seconds: float = 90, *, pause: float = 0.05) -> JobRow:
        async def is_ended() -> bool:
            return (await self.jobs.get(job_id)).status.is_terminal

        await until_async(is_ended, seconds, f"the end of {job_id}", pause)
        return await self.jobs.get(job_id)

    async def is_writable(self) -> bool:
        """Whether no other process holds a lock of the ledger."""
        if not self.database.is_sqlite:
            query = sa.text(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                "AND pid <> pg_backend_pid() AND xact_start IS NOT NULL"
            )
            async with self.database.read() as connection:
                return bool(await connection.scalar(query) == 0)
        with closing(sqlite3.connect(self.root / "ledger.db", timeout=0.5)) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return False
            connection.rollback()
            return True

    async def refused(self, job_id: str) -> int:
        async with self.database.read() as connection:
            count = await connection.scalar(
                sa.select(sa.func.count())
                .select_from(attempts)
                .where(attempts.c.job_id == job_id, attempts.c.outcome == "refused")
            )
        return int(count or 0)

    async def item_rows(self, job_id: str) -> Sequence[sa.Row[Any]]:
        """The job's items with the keys of their files."""
        query = sa.select(items, directory_files.c.unique_id).join(
            directory_files, directory_files.c.id == items.c.file_id
        )
        async with self.database.read() as connection:
            return (await connection.execute(query.where(items.c.job_id == job_id))).all()

    async def children(self, job_id: str) -> list[str]:
        """Workflow IDs of the job's children that run."""
        query = f"ParentWorkflowId = '{job_id}' AND ExecutionStatus = 'Running'"
        return [child.id async for child in self.client.list_workflows(query)]

    async def open_pages(self, job_id: str) -> list[str]:
        return [child for child in await self.children(job_id) if "/page/" in child]

    async def check(self, job: JobRow, total: int) -> None:
        """Every item is in exactly one terminal state, with one current result where it has one."""
        async with self.database.read() as connection:
            rows = (await connection.execute(items.select().where(items.c.job_id == job.id))).all()
            query = results.select().where(results.c.job_id == job.id)
            made = {row.id: row for row in await connection.execute(query)}
        assert sorted(row.ordinal for row in rows) == list(range(1, total + 1))
        assert all(ItemStatus(row.status).is_terminal for row in rows)
        counted = Counter(row.status for row in rows)
        assert counted["completed"] == job.completed == len(made)
        assert counted["failed"] == job.failed
        assert counted["skipped"] == job.skipped
        assert counted["cancelled"] == job.cancelled
        assert job.settled == job.total == total
        for row in rows:
            if row.status == "completed":
                assert row.result_id == row.task_id
                await self.read_result(made[row.task_id])

    async def packs(self, job_id: str) -> set[str]:
        """Return the names of the packs that hold a job's results."""
        async with self.database.read() as connection:
            query = sa.select(results.c.pack).where(results.c.job_id == job_id).distinct()
            return set(await connection.scalars(query))

    async def read_result(self, row: sa.Row[Any]) -> StoredResult:
        """Return the result of a row of `results`; it must be the one of its item."""
        store = ResultStore(open_blobs(self.settings.storage_url, self.root))
        place = ResultPlace(row.job_id, row.id, row.pack, row.pack_offset, row.pack_bytes)
        stored = await read_result(store, place)
        assert (stored.canonical["job_id"], stored.canonical["item_id"]) == (row.id, row.file_id)
        return stored

    def _spawn(
        self, command: list[str], name: str, tree: Path = ROOT, **extra: str
    ) -> subprocess.Popen[bytes]:
        with (self.root / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                command,
                cwd=tree,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Workers of tests and benches, which are not installed, are found by the path.
                env=child_environment(PYTHONPATH=str(tree), **self.environment, **extra),
                start_new_session=True,
            )


@asynccontextmanager
async def cluster(root: Path, database_url: str | None = None) -> AsyncIterator[Cluster]:
    made = Cluster(root / "home", database_url)
    await made.open()
    try:
        yield made
    finally:
        await made.close()


def strike(*processes: subprocess.Popen[bytes] | None) -> None:
    """End processes as a power cut would, all in one moment, and do not wait for their ends.

    The end of a server takes a while on a busy machine, and what it had in flight ends meanwhile.
    """
    for process in processes:
        assert process is not None
        process.send_signal(signal.SIGKILL)


def kill(*processes: subprocess.Popen[bytes] | None) -> None:
    """End processes as `strike` does, and wait until they have ended."""
    strike(*processes)
    for process in processes:
        assert process is not None
        process.wait()


def kill_with_children(process: subprocess.Popen[bytes]) -> None:
    """End a process and all that it has started, in one moment."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def make_files(folder: Path, count: int, seed: int, longest: float = 0.4) -> Path:
    """Make text files that take a random time each, a tenth of them failing."""
    random_ = random.Random(seed)
    folder.mkdir(parents=True)
    for number in range(count):
        order = f"sleep {random_.uniform(0.02, longest):.3f}"
        if random_.random() < 0.1:
            order += ", fail Corrupt"
        (folder / f"file-{number:04}.txt").write_text(f"{order}\nthe text of file {number}\n")
    return folder


async def until(is_so: Callable[[], bool], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        await asyncio.sleep(0.05)


async def until_async(
    is_so: Callable[[], object], seconds: float, what: str, pause: float = 0.05
) -> None:
    deadline = time.monotonic() + seconds
    while not await is_so():  # type: ignore[misc]
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        await asyncio.sleep(pause)
