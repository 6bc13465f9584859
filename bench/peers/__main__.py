"""The same work by what a user would take instead of Sheaf, on this machine and in one run.

    make bench-peers
    python -m bench.peers [--files 2000] [--sheaf RATE] [--only MODULE ...]

The work is N files that cost nothing, so that what is left is the cost of keeping track of them.
Each peer runs alone, in processes of its own, and is warmed up; the clock runs from the
submission until the last file is known to be completed. A log that the work itself writes tells
whether each file ran once. `--sheaf` takes what `bench/throughput.py` measured on the same machine.

What survives was tried: the worker's processes, or all, were killed during a batch and started
again. Not tried were a kill of Postgres itself, and the hour of Celery's visibility timeout, which
was seen to hold files back but not waited for.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from bench.peers.measuring import ROOT
from bench.peers.table import Line, printed
from bench.peers.work import FOLDER

PEERS_PYTHON = ROOT / ".venv-peers" / "bin" / "python"
LIMIT_SECONDS = 900
POSTGRES = ROOT / ".ci" / "postgres"


@dataclass(frozen=True)
class Peer:
    """A row of the table, and how it comes about."""

    name: str
    module: str
    worker_killed: str
    all_killed: str
    arguments: tuple[str, ...] = ()
    most_files: int | None = None
    """A slower peer is given no more files than these."""
    package: str | None = None
    """The Debian package that it needs."""
    on_our_packages: bool = False
    """Whether it runs on Sheaf's packages, not on those of `peers.lock`."""


AFTER_TIMEOUT = "goes on; in flight after 1 min"
PEERS = (
    Peer(
        "Temporal, an Activity a file", "activity_per_file",
        AFTER_TIMEOUT, AFTER_TIMEOUT, on_our_packages=True,
    ),
    Peer(
        "Temporal, a child a file", "sliding_window",
        AFTER_TIMEOUT, AFTER_TIMEOUT, most_files=300, on_our_packages=True,
    ),
    Peer("DBOS queue, SQLite", "dbos_queue", "goes on", "goes on with what was enqueued"),
    Peer(
        "DBOS queue, Postgres", "dbos_queue",
        "goes on", "goes on with what was enqueued", package="postgresql",
    ),
    Peer(
        "Celery, Redis", "celery_redis",
        "goes on; in flight after 1 h", "the same, with what was enqueued", package="redis-server",
    ),
    Peer(
        "Process pool, 1 file a chunk", "process_pool",
        "nothing", "nothing", ("--chunk", "1"), on_our_packages=True,
    ),
    Peer(
        "Process pool, 50 a chunk", "process_pool",
        "nothing", "nothing", ("--chunk", "50"), on_our_packages=True,
    ),
)  # fmt: skip


def is_installed(package: str) -> bool:
    """Return whether a Debian package that a peer needs is there."""
    if package == "postgresql":
        return any(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return shutil.which(package) is not None


def measured(peer: Peer, files: int) -> Line:
    """Run one peer, end whatever it has left, and return its row."""
    given = min(files, peer.most_files or files)
    line = partial(Line, peer.name, peer.worker_killed, peer.all_killed, given)
    if peer.package and not is_installed(peer.package):
        return line(remark=f"not installed: apt-get install {peer.package}")
    if not peer.on_our_packages and not PEERS_PYTHON.exists():
        return line(remark="not installed: make bench-peers")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        arguments = [*peer.arguments, "--files", str(given)]
        if peer.package == "postgresql":
            arguments += ["--database", stack.enter_context(postgres(folder))]
        outcome = run(peer, arguments, folder)
    if outcome is None:
        return line(remark="FAILED: its output is above", is_wrong=True)
    if outcome["mistake"]:
        return line(outcome["seconds"], f"WRONG: {outcome['mistake']}", is_wrong=True)
    return line(outcome["seconds"], f"at most {given} files" if given < files else "")


def run(peer: Peer, arguments: list[str], folder: Path) -> dict[str, Any] | None:
    """Return what a peer's process printed; None, with its logs on stderr, if it failed."""
    interpreter = sys.executable if peer.on_our_packages else str(PEERS_PYTHON)
    process = subprocess.Popen(
        [interpreter, "-m", f"bench.peers.{peer.module}", *arguments],
        cwd=ROOT,
        env={**os.environ, FOLDER: str(folder), "TMPDIR": str(folder)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    output = ""
    try:
        with suppress(subprocess.TimeoutExpired):
            output, _ = process.communicate(timeout=LIMIT_SECONDS)
    finally:
        # All that a peer starts stays in its group.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if process.returncode == 0 and output:
        outcome: dict[str, Any] = json.loads(output)
        return outcome
    for log in sorted(folder.glob("*.log")):
        print(f"== {log.name}\n{log.read_text()[-2000:]}", file=sys.stderr)
    return None


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """Run a throw-away Postgres, as Debian sets it up; yield the URL of its database."""
    # Postgres runs as a user of its own where this runs as root.
    folder.chmod(0o755)
    data = folder / "postgres"
    data.mkdir()
    start = subprocess.Popen(
        [str(POSTGRES), "start", str(data)],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        url, _ = start.communicate()
        if start.returncode != 0:
            sys.exit("Postgres did not start; what it said is above")
        yield url.strip().replace("+asyncpg", "")
    finally:
        # Also after an interrupt: a server that is about to start can only be stopped then.
        start.wait()
        subprocess.run([str(POSTGRES), "stop", str(data)], check=False)


def main() -> None:
    """Measure the peers one after another, then print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--sheaf", type=float, metavar="RATE", help="Sheaf's files/s, for ratios")
    names = sorted({peer.module for peer in PEERS})
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="MODULE")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    lines = []
    for peer in PEERS:
        if peer.module in asked.only:
            print(f"{peer.name} ...", file=sys.stderr, flush=True)
            lines.append(measured(peer, asked.files))
    print(printed(lines, asked.sheaf))
    sys.exit(any(line.is_wrong for line in lines))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
