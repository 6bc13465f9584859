"""How long a file of a job may take at most."""

from sheaf.contracts.http.job_config import BatchParseJobRecordCreate, JobConfig
from sheaf.contracts.http.parse_parameters import LONGEST_SECONDS, BatchParseJobConfig


def longest_file_seconds(config: JobConfig, default_seconds: float) -> float:
    """Return the wall time that a job allows a file.

    Args:
        config: what the job asks for.
        default_seconds: time for a file where it asks for no other.

    Returns:
        What is asked for. With time for each page besides, the longest that can be asked for at
        all: nobody knows the pages yet.
    """
    if not isinstance(config, BatchParseJobRecordCreate):
        return default_seconds
    asked = config.parameters or BatchParseJobConfig()
    if asked.job_timeout_extra_time_per_page_in_seconds:
        return LONGEST_SECONDS
    return asked.job_timeout_in_seconds or default_seconds
