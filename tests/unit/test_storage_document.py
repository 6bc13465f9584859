"""docs/storage.md names what a job may set."""

import re
from pathlib import Path

from sheaf.contracts.http.job_config import PartitionName

DOCUMENT = (Path(__file__).parents[2] / "docs" / "storage.md").read_text()


def test_every_partition_is_named() -> None:
    assert set(re.findall(r"`(\w+_partition)`", DOCUMENT)) == {name.value for name in PartitionName}
