"""What storing a result costs: as two objects, and as a line of a pack.

python -m bench.packs [--results 1000]
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from sheaf.storage.local import LocalBlobs

GROUP = 100
RESULT, MARKDOWN = b"x" * 5000, b"x" * 3000
"""About as large as those of a one-page PDF."""

Group = Sequence[tuple[str, bytes]]


def as_objects(first: int) -> Group:
    """Return a group of results, two objects each."""
    numbers = range(first, first + GROUP)
    contents = (("json", RESULT), ("md", MARKDOWN))
    return [(f"a/{n}.{suffix}", content) for n in numbers for suffix, content in contents]


def as_pack(first: int) -> Group:
    """Return a group of results as one object."""
    return [(f"b/{first}.jsonl", (RESULT + MARKDOWN) * GROUP)]


async def measure(results: int) -> None:
    """Print both costs a result."""
    for name, make in (("two objects", as_objects), ("a line of a pack", as_pack)):
        with tempfile.TemporaryDirectory() as folder:
            blobs = LocalBlobs(Path(folder))
            began, used = time.perf_counter(), time.process_time()
            for first in range(0, results, GROUP):
                await blobs.put_many(make(first))
            waited = 1e6 * (time.perf_counter() - began) / results
            busy = 1e6 * (time.process_time() - used) / results
        print(f"{name}: {busy:.0f} us of processor time a result, {waited:.0f} us in all")


def main() -> None:
    """Parse the arguments and measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--results", type=int, default=1000)
    asyncio.run(measure(parser.parse_args().results))


if __name__ == "__main__":
    main()
