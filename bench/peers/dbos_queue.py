"""A DBOS workflow a file on a queue, its work a step, in the shape of DBOS's queue worker example.

A worker process registers the queue and works it off; another process enqueues the files with
`DBOSClient` and waits for each result. `--database` is SQLite or Postgres, as DBOS sets it up.

The queue has a `worker_concurrency` of 100, which is the kind of limit that DBOS recommends. It is
asked for work every 0.1 s, not every second: a poll fills the free slots once, so that the default
would bound the rate at 100 files/s. A parent workflow that enqueues the files would make the
submission durable too and is slower, as would be more than one worker process on two cores.
"""

import threading

from dbos import DBOS, DBOSClient

from bench.peers import work
from bench.peers.measuring import arguments, measure, python, started, until

QUEUE = "files"
CONCURRENCY = 100
POLL_SECONDS = 0.1


@DBOS.step()
def parse_file(name: str) -> dict[str, str | int]:
    """Work on one file."""
    return work.parse(name)


@DBOS.workflow()
def process_file(name: str) -> dict[str, str | int]:
    """Work on one file, durably."""
    return parse_file(name)


def serve(database: str) -> None:
    """Work the queue off until the process is ended."""
    DBOS(
        config={
            "name": "peers",
            "application_version": "1",
            "system_database_url": database,
            "log_level": "WARNING",
        }
    )
    DBOS.launch()
    DBOS.register_queue(QUEUE, worker_concurrency=CONCURRENCY, polling_interval_sec=POLL_SECONDS)
    (work.folder() / "ready").touch()
    threading.Event().wait()


def run(client: DBOSClient, mark: str, count: int) -> int:
    """Run a batch to its end."""
    handles = [
        client.enqueue({"queue_name": QUEUE, "workflow_name": process_file.__qualname__}, name)
        for name in work.file_names(mark, 0, count)
    ]
    return len([handle.get_result(polling_interval_sec=POLL_SECONDS) for handle in handles])


def main() -> None:
    """Start a worker and measure, or be that worker."""
    parser = arguments()
    parser.add_argument("--database", default=f"sqlite:///{work.folder()}/dbos.sqlite")
    parser.add_argument("--serve", action="store_true")
    asked = parser.parse_args()
    if asked.serve:
        serve(asked.database)
    worker = python("bench.peers.dbos_queue", "--serve")
    with started([*worker, "--database", asked.database], "worker"):
        until((work.folder() / "ready").exists, "the worker")
        client = DBOSClient(system_database_url=asked.database)
        measure(asked.files, lambda mark, count: run(client, mark, count))
        client.destroy()


if __name__ == "__main__":
    main()
