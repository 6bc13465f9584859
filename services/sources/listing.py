"""The files of a source, whichever kind it is of."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence

from rules.s3_locations import parse_allowed
from services.ledger.records import SourceFile
from services.sources.local import source_path, walk
from services.sources.roots import open_prefix
from services.sources.s3 import objects

S3_SCHEME = "s3://"


class SourceListing:
    """Lists sources.

    Args:
        s3_sources: the prefixes that may be listed, by project.
    """

    def __init__(self, s3_sources: Mapping[str, Sequence[str]]) -> None:
        self._s3_sources = parse_allowed(s3_sources)

    async def chunks(
        self, project_id: str, source_uri: str, after: str | None, sizes: Iterable[int]
    ) -> AsyncIterator[list[SourceFile]]:
        """List a source in chunks, in its fixed order; the last chunk may be shorter.

        Args:
            project_id: whose source it is.
            source_uri: a folder as `file://`, or a prefix as `s3://`.
            after: resume behind this key, which an earlier listing has returned.
            sizes: of the chunks; as many as are needed are taken.

        Raises:
            SourceRefusedError: the prefix is not opened to the project, or no longer.
            OSError: the source cannot be listed.
        """
        if source_uri.startswith(S3_SCHEME):
            location = open_prefix(source_uri, project_id, self._s3_sources)
            async for chunk in _chunked(objects(location, after), sizes):
                yield chunk
            return
        files = walk(source_path(source_uri), after)
        for size in sizes:
            chunk = await asyncio.to_thread(list, itertools.islice(files, size))
            if not chunk:
                return
            yield chunk


async def _chunked(
    files: AsyncIterator[SourceFile], sizes: Iterable[int]
) -> AsyncIterator[list[SourceFile]]:
    wanted = iter(sizes)
    size = next(wanted)
    chunk: list[SourceFile] = []
    async for file in files:
        chunk.append(file)
        if len(chunk) == size:
            yield chunk
            chunk, size = [], next(wanted)
    if chunk:
        yield chunk
