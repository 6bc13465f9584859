"""How a peer is measured in its own process, and the processes that it starts for that.

A peer's module is run as a program. It starts what it needs, hands `measure` a function that runs
a batch to its end, and prints one line of JSON. Standard library only.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.peers.work import folder, mistakes

ROOT = Path(__file__).parents[2]
WARM_UP = 50
READY_SECONDS = 60


def arguments() -> argparse.ArgumentParser:
    """Return a parser of what each peer is told."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=200)
    return parser


def measure(files: int, run: Callable[[str, int], int]) -> None:
    """Run a small batch, then the measured one, and print what came of it.

    Args:
        run: given a mark and a count, works on that many files whose names begin with the mark,
            waits for the last and returns how many were completed.
    """
    warmed = run("warm", WARM_UP)
    began = time.perf_counter()
    completed = run("file", files)
    seconds = time.perf_counter() - began
    wrong = mistakes("warm", WARM_UP, warmed) or mistakes("file", files, completed)
    print(json.dumps({"files": files, "seconds": seconds, "mistake": wrong}))


@contextmanager
def started(command: list[str], name: str, **environment: str) -> Iterator[None]:
    """Run a process while the block runs; its output goes to a file of the folder.

    It stays in this process's group, so that one signal ends the peer with all of its processes.
    """
    with (folder() / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, **environment},
        )
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def python(*arguments: str) -> list[str]:
    """Return the command that runs a module with this interpreter."""
    return [sys.executable, "-m", *arguments]


def free_port() -> int:
    """Return a loopback port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def until(is_so: Callable[[], bool], what: str) -> None:
    """Wait until something that was started is ready."""
    deadline = time.monotonic() + READY_SECONDS
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {READY_SECONDS} s for {what}")
        time.sleep(0.05)


def is_listening(port: int) -> bool:
    """Return whether something accepts connections on a loopback port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
