"""A worker that notes how long its steps take: `python -m bench.timed_worker`.

What is measured is the worker as it is; a few methods are wrapped by a clock. After each slice
the sums are written to the file that SHEAF_BENCH_TIMES names, as {step: [calls, seconds]}.
"""

import functools
import json
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import worker
from activities.slice_run import SliceRun
from sheaf.ledger.items.claims import ClaimLedger
from sheaf.ledger.items.enumerations import EnumerationLedger
from sheaf.ledger.items.items import ItemLedger
from sheaf.parser_pool.process import ParserProcess
from sheaf.storage.local import LocalBlobs

STEPS: tuple[tuple[str, type, str], ...] = (
    ("enumeration", EnumerationLedger, "add_files"),
    ("claim", ClaimLedger, "claim"),
    ("look-up of known bytes", ItemLedger, "reusable"),
    ("wait for the engine", ParserProcess, "receive"),
    ("blobs and fsync", LocalBlobs, "put_many"),
    ("record", ClaimLedger, "record"),
    ("slice", SliceRun, "process"),
)
_sums: dict[str, list[float]] = {name: [0, 0.0] for name, _, _ in STEPS}


def _timed(name: str, method: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    @functools.wraps(method)
    async def call(*args: Any, **options: Any) -> Any:
        began = time.perf_counter()
        try:
            return await method(*args, **options)
        finally:
            _sums[name][0] += 1
            _sums[name][1] += time.perf_counter() - began
            if name == "slice":
                _write()

    return call


def _write() -> None:
    target = Path(os.environ["SHEAF_BENCH_TIMES"])
    part = target.with_suffix(".part")
    part.write_text(json.dumps(_sums))
    part.replace(target)


def main() -> None:
    """Put the clocks on, and run."""
    for name, of, method in STEPS:
        setattr(of, method, _timed(name, getattr(of, method)))
    worker.main()


if __name__ == "__main__":
    main()
