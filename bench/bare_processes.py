"""The bare engine in a few processes that write their markdown: nothing is durable, nothing kept.

What it costs to read files when nobody minds what becomes of them: each process takes the next
file, parses it by liteparse, and writes the markdown beside the others. One parser serves all
files of a process. `as_documented` takes liteparse's public class, as a user would; without it,
the native one inside, which leaves out a copy of every piece of text (about a tenth of the time).
"""

import multiprocessing
import time
from collections.abc import Callable
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from bench.bare_engine import markdown_of_pdf


def run(files: list[Path], out: Path, processes: int, *, as_documented: bool = True) -> float:
    """Parse every file and return the seconds from the first file to the last.

    The processes are started, and have parsed a file each, before the clock runs.
    """
    out.mkdir(parents=True)
    spawn = multiprocessing.get_context("spawn")
    ready = spawn.Barrier(processes + 1)
    taken = spawn.Value("i", 0)
    names = [str(path) for path in files]
    workers = [
        spawn.Process(target=_work, args=(names, str(out), taken, ready, as_documented))
        for _ in range(processes)
    ]
    for worker in workers:
        worker.start()
    ready.wait()
    began = time.perf_counter()
    for worker in workers:
        worker.join()
    seconds = time.perf_counter() - began
    written = sum(1 for _ in out.iterdir())
    if written != len(files):
        raise RuntimeError(f"{written} of {len(files)} files were written")
    return seconds


def _work(files: list[str], out: str, taken: Any, ready: Barrier, as_documented: bool) -> None:
    read = _documented() if as_documented else markdown_of_pdf
    read(files[0])
    ready.wait()
    while True:
        with taken.get_lock():
            number = taken.value
            taken.value += 1
        if number >= len(files):
            return
        markdown = read(files[number])
        (Path(out) / f"{Path(files[number]).stem}.md").write_text(markdown, encoding="utf-8")


def _documented() -> Callable[[str], str]:
    from liteparse import LiteParse

    parser = LiteParse(output_format="markdown", ocr_enabled=False, num_workers=1, quiet=True)
    return lambda path: "\n\n".join(page.markdown or "" for page in parser.parse(path).pages)
