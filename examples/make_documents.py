"""Make the sample documents again, the same each time.

    .venv/bin/python examples/make_documents.py [--to FOLDER]

Every file is written from the texts in `generator/`, with fixed dates, by the libraries that the
lock file has for development. What a batch over the samples needs is committed.
"""

import argparse
from pathlib import Path

from generator import contracts, finance, mail, meetings, odd, people, products

FOLDERS = (contracts, finance, mail, meetings, odd, people, products)


def make_documents() -> dict[str, bytes]:
    """Return every sample document by its path below the target folder."""
    files: dict[str, bytes] = {}
    for folder in FOLDERS:
        files |= folder.documents()
    return dict(sorted(files.items()))


def main() -> None:
    """Write the documents and tell how many there are."""
    parser = argparse.ArgumentParser(description="Make the sample documents.")
    parser.add_argument("--to", type=Path, default=Path(__file__).with_name("documents"))
    target: Path = parser.parse_args().to
    files = make_documents()
    for name, data in files.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    total = sum(map(len, files.values()))
    print(f"{len(files)} documents, {total // 1000} kB, in {target}")


if __name__ == "__main__":
    main()
