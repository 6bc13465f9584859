"""What both peers on Temporal share: a dev server, a worker in its own process, two Activities.

    python -m bench.peers.temporal MODULE ADDRESS      runs the worker of a peer

The server is started as Sheaf starts its own: a SQLite file in WAL with synchronous=NORMAL. The
worker keeps the SDK's defaults, among them 100 Activities at a time and eager Activities. The
Activities are coroutines: for work that takes no time they cost less than threads.
"""

import asyncio
import importlib
import os
import random
import sys
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass

from temporalio import activity
from temporalio.client import Client
from temporalio.worker import Worker

from bench.peers import work
from bench.peers.measuring import READY_SECONDS, arguments, measure, python, started
from sheaf.embedded.temporal_server import free_port, server_command, temporal_binary

QUEUE = "peers"


@dataclass(frozen=True)
class PageInput:
    """Files `first` to `last`, the latter not counted in, of the batch whose names have a mark."""

    mark: str
    first: int
    last: int


@activity.defn
async def list_files(page: PageInput) -> list[str]:
    """Return the names of a page, as a look into a folder would."""
    return work.file_names(page.mark, page.first, page.last)


@activity.defn
async def parse_file(name: str) -> dict[str, str | int]:
    """Work on one file."""
    return work.parse(name)


def measure_on_temporal(
    module: str, run: Callable[[Client, str, int], Coroutine[None, None, int]]
) -> None:
    """Start a server and the worker of a module, measure `run`, stop both and leave the process.

    Args:
        module: its name in this package; it has a tuple WORKFLOWS.
        run: as `measure` wants it, with a client as the first argument.
    """
    files = arguments().parse_args().files
    port = free_port(random.randint(20_000, 30_000))
    address = f"127.0.0.1:{port}"
    server = server_command(temporal_binary(None), work.folder() / "temporal.db", port)
    with started([*server, "--headless"], "temporal"), asyncio.Runner() as runner:
        client = runner.run(connect(address))
        with started(python("bench.peers.temporal", module, address), "worker"):
            measure(files, lambda mark, count: runner.run(run(client, mark, count)))
    # The core's threads may abort an interpreter that ends in the usual way.
    sys.stdout.flush()
    os._exit(0)


async def connect(address: str) -> Client:
    """Connect to a server that may listen for a while before it is healthy."""
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            return await Client.connect(address)
        except RuntimeError:
            if time.monotonic() > deadline:
                raise
        await asyncio.sleep(0.1)


async def serve(module: str, address: str) -> None:
    """Work until the process is ended."""
    workflows = importlib.import_module(f"bench.peers.{module}").WORKFLOWS
    worker = Worker(
        await Client.connect(address),
        task_queue=QUEUE,
        workflows=workflows,
        activities=[list_files, parse_file],
    )
    await worker.run()


if __name__ == "__main__":
    asyncio.run(serve(*sys.argv[1:]))
