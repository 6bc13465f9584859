"""The longest that a file of a job may take."""

from typing import Any

import pytest

from sheaf.contracts.http.batch import BatchJobCreate
from sheaf.contracts.http.parse_parameters import LONGEST_SECONDS
from sheaf.rules.parameters.file_times import longest_file_seconds

EXTRA = "job_timeout_extra_time_per_page_in_seconds"
RULES = [{"type": "letter", "description": "a letter to somebody"}]


def longest(job_config: dict[str, Any]) -> float:
    job = BatchJobCreate.model_validate({"job_config": job_config, "directory_id": f"dir-{0:032x}"})
    return longest_file_seconds(job.job_config, 300)


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        (None, 300),
        ({}, 300),
        ({"job_timeout_in_seconds": 120}, 120),
        ({"job_timeout_in_seconds": 1800}, 1800),
        ({"job_timeout_in_seconds": 120, EXTRA: 0}, 120),
        ({"job_timeout_in_seconds": 120, EXTRA: 2}, LONGEST_SECONDS),
    ],
)
def test_it_is_what_the_job_asks_for(parameters: dict[str, Any] | None, expected: float) -> None:
    assert longest({"parameters": parameters}) == expected


def test_files_that_are_classified_have_the_time_that_every_file_has() -> None:
    assert longest({"rules": RULES}) == 300
