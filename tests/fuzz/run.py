"""Sends thousands of generated requests to a live server and prints what came back.

`python -m tests.fuzz.run --requests 20000` starts `sheaf up` in a home of its own and has
schemathesis generate requests from the OpenAPI document, each operation alone and in sequences in
which one's answer feeds the next, until so many were sent. It ends with 1 where a check fails.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.sdk.conftest import served_home

HERE = Path(__file__).parent


def main() -> int:
    """Run rounds with other seeds until enough requests were sent."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--examples", type=int, default=100, help="a round, for each operation")
    parser.add_argument("--phases", default="examples,coverage,fuzzing,stateful")
    asked = parser.parse_args()
    sent: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder, served_home(Path(folder)) as endpoint:
        seed = asked.seed
        failed = False
        while sum(sent.values()) < asked.requests and not failed:
            report = Path(folder) / f"{seed}.ndjson"
            command = [
                *(str(Path(sys.executable).with_name("st")), "--config-file"),
                *(str(HERE / "schemathesis.toml"), "run", f"{endpoint.base_url}/openapi.json"),
                *("-H", f"Authorization: Bearer {endpoint.api_key}"),
                *("--checks", "all", "--max-examples", str(asked.examples), "--seed", str(seed)),
                *("--phases", asked.phases),
                # One worker: hypothesis caches what two threads at once would spoil.
                *("--workers", "1", "--continue-on-failure", "--no-color"),
                *("--report", "ndjson", "--report-ndjson-path", str(report)),
            ]
            failed = subprocess.run(command, env=os.environ, check=False).returncode != 0
            sent += statuses(report)
            print(f"after seed {seed}: {sum(sent.values()):,} requests", told(sent), flush=True)
            seed += 1
    print(f"server errors: {sum(count for code, count in sent.items() if code >= '500'):,}")
    return int(failed)


def told(sent: Counter[str]) -> str:
    """Return the answers by status in one line."""
    return ", ".join(f"{code}: {count:,}" for code, count in sorted(sent.items()))


def statuses(report: Path) -> Counter[str]:
    """Count the answers in a report by their status."""
    found: Counter[str] = Counter()
    for line in report.read_text().splitlines():
        found.update(re.findall(r'"status_code": ?(\d{3})', json.dumps(json.loads(line))))
    return found


if __name__ == "__main__":
    sys.exit(main())
