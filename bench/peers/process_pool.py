"""A bare `ProcessPoolExecutor` of two processes: what the work costs when nothing is kept.

`--chunk` is the documented `chunksize` of `map`: files that cross to a process at a time.
"""

from concurrent.futures import ProcessPoolExecutor

from bench.peers.measuring import arguments, measure
from bench.peers.work import file_names, parse

PROCESSES = 2


def main() -> None:
    """Measure a pool that outlives the warm-up."""
    parser = arguments()
    parser.add_argument("--chunk", type=int, default=1)
    asked = parser.parse_args()
    with ProcessPoolExecutor(PROCESSES) as pool:

        def run(mark: str, count: int) -> int:
            results = pool.map(parse, file_names(mark, 0, count), chunksize=asked.chunk)
            return len(list(results))

        measure(asked.files, run)


if __name__ == "__main__":
    main()
