"""What `sheaf up` does about parts that hang, and what becomes of them when it is killed."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import psutil
import pytest
from temporalio.client import Client
from temporalio.service import RPCError

from sheaf.embedded.home import Home, Running
from sheaf.embedded.probes import serves
from sheaf.embedded.temporal_server import free_port
from sheaf.testing.cluster import Cluster, until_async
from tests.integration.test_up import ROOT, environment, sheaf, until

LIVENESS_SECONDS = 3
ROLES = ("temporal", "worker", "api")


class Supervised:
    """A `sheaf up` that takes a part for hung after a few seconds."""

    def __init__(self, root: Path) -> None:
        self.home = Home(root / "home")
        self.log = root / "up.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "starter", "up", "--quiet"],
                cwd=ROOT,
                env=environment(self.home.root)
                | {"SHEAF_LIVENESS_SECONDS": str(LIVENESS_SECONDS), "FORCE_COLOR": ""},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        until(self.is_up, 60, "all to be up")

    def is_up(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        return self.home.ready_file.exists() and self.home.api_ready_file.exists()

    @property
    def running(self) -> Running:
        recorded = self.home.recorded()
        assert recorded is not None
        return recorded

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)


@pytest.fixture
def supervised(tmp_path: Path) -> Iterator[Supervised]:
    made = Supervised(tmp_path)
    yield made
    if made.process.poll() is None:
        made.process.terminate()
        made.process.wait(60)
    with made.home.lock() as is_free:
        assert is_free
        made.home.kill_leftovers()


def test_a_part_that_hangs_is_started_again_and_doctor_says_why(supervised: Supervised) -> None:
    for role in ROLES:
        before = supervised.running.children[role]
        os.kill(before, signal.SIGSTOP)
        until(lambda: supervised.running.children[role] != before, 60, f"another {role}")  # noqa: B023
        restarts = supervised.running.restarts[role]
        assert restarts.count >= 1
        assert re.search(r"for \d+ s$", restarts.last_why), restarts
        assert not psutil.pid_exists(before)
        assert re.search(rf"killed, since it hangs +role={role} why=", supervised.log.read_text())

    def all_works() -> bool:
        found = {one["name"]: one for one in json.loads(sheaf(home, "doctor", "--json").stdout)}
        # Starting again is told for a while after all is well.
        assert "stands still" in found["Restarts"]["found"]
        return all(found[name]["is_good"] for name in ("API", "Temporal", "Worker"))

    home = supervised.home.root
    until(all_works, 60, "all to work again")


def test_parts_of_a_killed_up_end_with_it(supervised: Supervised) -> None:
    children = supervised.children()
    assert len(children) >= len(ROLES)
    supervised.process.kill()
    supervised.process.wait()
    _, left = psutil.wait_procs(children, timeout=20)
    assert left == []
    assert sheaf(supervised.home.root, "down").returncode == 0


def test_down_ends_what_a_killed_up_has_left_and_nothing_else(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.prepare()

    def pretend(role: str, root: Path) -> subprocess.Popen[bytes]:
        code = "import time; time.sleep(60)"
        variables = {**os.environ, "SHEAF_HOME": str(root)}
        return subprocess.Popen([sys.executable, "-c", code, role], env=variables)

    ours, other = pretend("worker", home.root), pretend("sheaf.api.server", tmp_path / "other")
    gone = pretend("start-dev", home.root)
    gone.kill()
    gone.wait()
    try:
        pids = {"worker": ours.pid, "api": other.pid, "temporal": gone.pid}
        home.write_running(Running(pid=gone.pid, children=pids, temporal_address="", ui_address=""))
        time.sleep(0.5)  # until both are the programs that they are to be
        done = sheaf(home.root, "down")
        assert "killed had left: worker." in done.stdout
        assert ours.wait(10) == -signal.SIGKILL
        assert other.poll() is None
        assert "Nothing runs" in sheaf(home.root, "down").stdout
    finally:
        for process in (ours, other):
            process.kill()
            process.wait()


async def test_a_server_that_serves_no_more_is_replaced_by_one_that_does(
    supervised: Supervised,
) -> None:
    address = supervised.running.temporal_address
    client = await Client.connect(address)
    with closing(sqlite3.connect(supervised.home.temporal_database, isolation_level=None)) as other:
        # As on a full disk: no write ends, and the shard is lost by the first that fails.
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(RPCError):
            await client.start_workflow(
                "Any", id="any", task_queue="none", rpc_timeout=timedelta(seconds=2)
            )
        until(lambda: supervised.running.restarts["temporal"].count > 0, 60, "a restart")
    assert "it does not serve (shard status unknown)" in supervised.log.read_text()
    await until_async(lambda: _is_none(serves(address)()), 60, "the server to serve again")


async def test_a_server_that_lost_its_shard_is_seen_though_it_calls_itself_healthy(
    tmp_path: Path,
) -> None:
    cluster = Cluster(tmp_path)
    cluster.port = free_port(25_000)
    await cluster.start_server()
    assert cluster.server is not None
    try:
        address = f"127.0.0.1:{cluster.port}"
        client, probe = await Client.connect(address), serves(address)
        await until_async(lambda: _is_none(probe()), 20, "the server to serve")
        with closing(sqlite3.connect(tmp_path / "temporal.db", isolation_level=None)) as other:
            # No write ends, as on a full disk.
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(RPCError):
                await client.start_workflow(
                    "Any", id="any", task_queue="none", rpc_timeout=timedelta(seconds=2)
                )
            await until_async(lambda: _says(probe(), "shard status unknown"), 60, "a lost shard")
            assert await client.service_client.check_health()
    finally:
        cluster.server.kill()
        cluster.server.wait()


async def _is_none(asked: object) -> bool:
    return await asked is None  # type: ignore[misc]


async def _says(asked: object, text: str) -> bool:
    return text in str(await asked)  # type: ignore[misc]
