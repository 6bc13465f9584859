"""The files of a source, whichever kind it is of."""

import itertools
import os
import stat
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from contextlib import aclosing
from functools import partial
from pathlib import Path

from sheaf.ledger.records import SourceFile
from sheaf.rules.outside_faults import Blame, blame, reason
from sheaf.rules.parameters.s3_locations import S3Location, parse_allowed
from sheaf.runtime.file_calls import FILE_CALLS, Step
from sheaf.sources.local import source_path, walk
from sheaf.sources.roots import SourceRefusedError, open_prefix
from sheaf.sources.s3 import objects
from sheaf.sources.vanished import vanished
from sheaf.storage.object_store import ask, bucket

S3_SCHEME = "s3://"

_LISTING = "listing"


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
            SourceRefusedError: it is gone or may not be listed, or is not opened to the project.
            OSError: the source, or the machine, does not answer; it may later.
        """
        if source_uri.startswith(S3_SCHEME):
            location = open_prefix(source_uri, project_id, self._s3_sources)
            listed = _chunked(objects(location, after), sizes)
        else:
            listed = _walked(source_uri, after, sizes)
        async with aclosing(listed) as chunks:
            while True:
                try:
                    chunk = await anext(chunks)
                except StopAsyncIteration:
                    return
                except OSError as error:
                    if blame(error) is not Blame.ITEM:
                        raise
                    raise SourceRefusedError(reason(error)) from error
                yield chunk


async def vanished_of(source_uri: str, keys: Sequence[str]) -> list[str]:
    """Return those keys of which a listing that did not show them proves that they are gone.

    A prefix is listed whole or not at all.
    """
    if source_uri.startswith(S3_SCHEME):
        return list(keys)
    root = source_path(source_uri)

    def look(step: Step) -> list[str]:
        step.at(_LISTING)
        return vanished(root, keys, step.moved)

    return await FILE_CALLS.run(source_uri, look)


async def ask_source(
    source_uri: str, project_id: str, allowed: Mapping[str, Sequence[S3Location]]
) -> None:
    """Ask whether a source answers at all; that it is gone, or refused, is an answer.

    Raises:
        OSError: it does not, or the machine is at fault.
    """
    if source_uri.startswith(S3_SCHEME):
        try:
            location = open_prefix(source_uri, project_id, allowed)
        except SourceRefusedError:
            return
        await ask(bucket(location.bucket), location.prefix)
    else:
        await FILE_CALLS.ask(source_uri, lambda: _ask_folder(source_path(source_uri)))


def _ask_folder(root: Path) -> None:
    if stat.S_ISDIR(root.stat().st_mode):
        with os.scandir(root) as entries:
            next(entries, None)


async def _walked(
    source_uri: str, after: str | None, sizes: Iterable[int]
) -> AsyncGenerator[list[SourceFile], None]:
    steps: list[Step] = []

    def moved() -> None:
        steps[-1].moved()

    files = walk(source_path(source_uri), after, moved)

    def listed(step: Step, size: int) -> list[SourceFile]:
        step.at(_LISTING)
        steps[:] = [step]
        return list(itertools.islice(files, size))

    for size in sizes:
        chunk = await FILE_CALLS.run(source_uri, partial(listed, size=size))
        if not chunk:
            return
        yield chunk


async def _chunked(
    files: AsyncIterator[SourceFile], sizes: Iterable[int]
) -> AsyncGenerator[list[SourceFile], None]:
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
