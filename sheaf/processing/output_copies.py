"""Copies of results in the places that jobs name."""

import asyncio
from collections.abc import Mapping, Sequence

from sheaf.contracts.http.job_config import BatchParseJobRecordCreate
from sheaf.rules.parameters.output_locations import named_place, output_key, output_location
from sheaf.rules.parameters.s3_locations import S3Location, is_allowed, parse_allowed
from sheaf.runtime.together import together
from sheaf.storage.object_store import ObjectStoreError, bucket, faults

AT_ONCE = 16
"""Objects that one call writes at once."""


class OutputRefusedError(ValueError):
    """The operator has not opened the place to the project."""


def check_output(
    config: BatchParseJobRecordCreate,
    project_id: str,
    allowed: Mapping[str, Sequence[S3Location]],
) -> None:
    """Check that a project's job may have its results written where it wants them, if anywhere.

    Raises:
        OutputRefusedError: it may not; the message begins with the field, and says what to do.
        ValueError: as for `named_place`.
    """
    place, location = named_place(config), output_location(config)
    if place is None or location is None or is_allowed(location, project_id, allowed):
        return
    # Without the partitions: they vary from job to job, and what is open is open with all below.
    uri = place.location.uri()[:200]
    raise OutputRefusedError(
        f"{place.field}: {uri} is not open to the project {project_id}; the operator opens "
        f'prefixes by SHEAF_S3_OUTPUTS, such as {{"{project_id}": ["{uri}"]}}'
    )


class Outputs:
    """Writes copies of results.

    Args:
        allowed: the prefixes that may be written, by project.
    """

    def __init__(self, allowed: Mapping[str, Sequence[str]]) -> None:
        self._allowed = parse_allowed(allowed)

    async def write(
        self,
        project_id: str,
        location: S3Location,
        region: str | None,
        copies: Sequence[tuple[str, str, bytes]],
    ) -> None:
        """Write copies; writing one again replaces it.

        Args:
            project_id: whose job it is.
            location: the job's place.
            region: of its bucket, before that of the environment.
            copies: for each, the id of the file, the suffix of its key, and the bytes.

        Raises:
            ObjectStoreError: the place may no longer be written, or the store did not answer.
        """
        if not is_allowed(location, project_id, self._allowed):
            raise ObjectStoreError(
                f"{location.uri()[:200]} is no longer open to the project {project_id}; "
                "SHEAF_S3_OUTPUTS opens prefixes"
            )
        store, free = bucket(location.bucket, region), asyncio.Semaphore(AT_ONCE)

        async def put(file_id: str, suffix: str, content: bytes) -> None:
            async with free:
                with faults():
                    await store.put_async(output_key(location, file_id, suffix), content)

        await together(put(*copy) for copy in copies)
