"""A Celery task a file, with Redis as the broker and the store of results.

The worker has two processes and acknowledges a task when it has ended (`acks_late`), so that a
file whose worker died is not lost. Redis appends each write to a file (`appendonly yes`, synced
every second). All else is Celery's default: prefetch of 4 a process, JSON, results for a day, a
visibility timeout of an hour, after which Redis hands out again what a dead worker held.

The batch is a `group`; its submission is part of the measured time.
"""

import os

from celery import Celery, group

from bench.peers import work
from bench.peers.measuring import (
    arguments,
    free_port,
    is_listening,
    measure,
    python,
    started,
    until,
)

REDIS = "SHEAF_PEERS_REDIS"
PROCESSES = 2

app = Celery("peers", broker=os.environ.get(REDIS), backend=os.environ.get(REDIS))


# Named, since this module is the program where tasks are sent and not where they run.
@app.task(name="parse_file", acks_late=True)
def parse_file(name: str) -> dict[str, str | int]:
    """Work on one file."""
    return work.parse(name)


def run(mark: str, count: int) -> int:
    """Run a batch to its end."""
    batch = group(parse_file.s(name) for name in work.file_names(mark, 0, count))
    return len(batch.apply_async().get())


def main() -> None:
    """Start Redis and a worker, measure, and stop both."""
    files = arguments().parse_args().files
    port = free_port()
    url = f"redis://127.0.0.1:{port}/0"
    app.conf.update(broker_url=url, result_backend=url)
    redis = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--appendonly", "yes"]
    worker = python("celery", "-A", "bench.peers.celery_redis", "worker")
    worker += ["--concurrency", str(PROCESSES), "--loglevel", "WARNING"]
    with started([*redis, "--dir", str(work.folder())], "redis"):
        until(lambda: is_listening(port), "Redis")
        with started(worker, "worker", **{REDIS: url}):
            measure(files, run)


if __name__ == "__main__":
    main()
