"""Copies of results in the places that jobs name."""

import asyncio
from collections.abc import Mapping, Sequence

from rules.output_locations import output_key
from rules.s3_locations import S3Location, is_allowed, parse_allowed
from services.object_store import ObjectStoreError, bucket, faults

AT_ONCE = 16
"""Objects that one call writes at once."""


class OutputRefusedError(ValueError):
    """The operator has not opened the place to the project."""


def check_output(
    location: S3Location, project_id: str, allowed: Mapping[str, Sequence[S3Location]]
) -> None:
    """Check that a project's results may be written to a place.

    Raises:
        OutputRefusedError: they may not; the message names the field and what to do.
    """
    if not is_allowed(location, project_id, allowed):
        raise OutputRefusedError(
            f"output_s3_path_prefix: {location.uri()[:200]} is not open to the project "
            f"{project_id}; the operator opens prefixes by SHEAF_S3_OUTPUTS"
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
        try:
            check_output(location, project_id, self._allowed)
        except OutputRefusedError as error:
            raise ObjectStoreError(str(error)) from error
        store, free = bucket(location.bucket, region), asyncio.Semaphore(AT_ONCE)

        async def put(file_id: str, suffix: str, content: bytes) -> None:
            async with free:
                with faults():
                    await store.put_async(output_key(location, file_id, suffix), content)

        await asyncio.gather(*(put(*copy) for copy in copies))
