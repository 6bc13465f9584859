"""Where the bytes of a claimed item lie."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import takewhile
from pathlib import Path
from typing import Generic, TypeVar

from sheaf.contracts.failures import DocumentError, FailureKind, OutageError
from sheaf.ledger.records import ClaimedItem
from sheaf.rules.outside_faults import is_outside_fault, reason
from sheaf.rules.parameters.s3_locations import parse_allowed
from sheaf.runtime.file_calls import FILE_CALLS, StalledError, Step
from sheaf.runtime.together import together
from sheaf.sources.content import Content, read_content
from sheaf.sources.listing import S3_SCHEME, ask_source
from sheaf.sources.local import resolve, source_path
from sheaf.sources.roots import SourceRefusedError, open_prefix
from sheaf.sources.s3 import object_on_disk
from sheaf.sources.unreadable import failure_of_item
from sheaf.storage.blobs import Blobs
from sheaf.storage.scratch import own_folder
from sheaf.storage.uploads import upload_key

Value = TypeVar("Value")

FETCHED_AT_ONCE = 8
"""Objects that are fetched at once for the files of a slice that are opened together."""


class ItemFiles:
    """Opens the files of items.

    Args:
        blobs: for files that were uploaded.
        s3_sources: the prefixes that may be read, by project.
    """

    def __init__(self, blobs: Blobs, s3_sources: Mapping[str, Sequence[str]] | None = None) -> None:
        self._blobs = blobs
        self._s3_sources = parse_allowed(s3_sources or {})

    @asynccontextmanager
    async def on_disk(
        self, project_id: str, items: Sequence[ClaimedItem]
    ) -> AsyncIterator[list[Path | DocumentError]]:
        """Give the path of each item's file, after checking that it may be read, or why not.

        A path is the file's own, or that of a copy or a link which does not outlast the context.
        It is valid text, whatever the file is called.

        Raises:
            OutageError: what holds the files does not answer, or there is no room for copies.
        """
        async with AsyncExitStack() as stack:
            local = [item for item in items if _is_local(item)]
            resolved = _Resolved(stack)
            paths = await self._each(project_id, local, resolved.path)
            found = dict(zip(local, paths, strict=True))
            fetched = [item for item in items if item not in found]
            free = asyncio.Semaphore(FETCHED_AT_ONCE)

            async def fetch(item: ClaimedItem) -> Path | DocumentError:
                async with free:
                    try:
                        return await stack.enter_async_context(self._fetched(project_id, item))
                    except Exception as error:  # noqa: BLE001 - of this item alone
                        failure = failure_of_item(error)
                        await self.ask(project_id, item, failure)
                        return failure

            copies = await together(map(fetch, fetched))
            found |= dict(zip(fetched, copies, strict=True))
            yield [found[item] for item in items]

    async def contents(
        self,
        project_id: str,
        items: Sequence[ClaimedItem],
        paths: Sequence[Path | DocumentError],
    ) -> list[Content | DocumentError]:
        """Hash the files at these paths, in order; what fails now, or has before, is its error.

        Raises:
            OutageError: what holds the files does not answer.
        """
        found = dict(zip(items, paths, strict=True))

        def read(item: ClaimedItem, step: Step) -> Content:
            path = found[item]
            if isinstance(path, DocumentError):
                raise path
            return read_content(path, step)

        contents = await self._each(project_id, items, read)
        for item, content in zip(items, contents, strict=True):
            if isinstance(content, DocumentError):
                await self.ask(project_id, item, content)
        return contents

    async def check(self, project_id: str, item: ClaimedItem, content: Content) -> None:
        """Check that a file still is what was hashed.

        Raises:
            DocumentError: it is another, or gone, or cannot be looked at.
            OutageError: what holds it does not answer.
        """
        try:
            if content.is_on_disk:
                content.check()
            else:
                await FILE_CALLS.run(self._place(item), lambda _: content.check())
        except (DocumentError, StalledError) as error:
            failure = failure_of_item(error)
            await self.ask(project_id, item, failure)
            raise failure from error

    async def _each(
        self,
        project_id: str,
        items: Sequence[ClaimedItem],
        work: Callable[[ClaimedItem, Step], Value],
    ) -> list[Value | DocumentError]:
        """Do something with each file in a thread; its error is of that file alone.

        A file with which it comes no step forward is left, and those behind it go on, if what
        holds them answers.
        """
        found: list[Value | DocumentError] = []
        while len(found) < len(items):
            place = self._place(items[len(found)])
            left = takewhile(lambda one: self._place(one) == place, items[len(found) :])  # noqa: B023 - used at once
            run = _Run(list(left), work)
            try:
                FILE_CALLS.refuse_silent(place)
                await FILE_CALLS.run(place, run)
                found += run.done
            except StalledError as error:
                found += list(run.done)
                failure = failure_of_item(error)
                await self.ask(project_id, items[len(found)], failure)
                found.append(failure)
        return found

    def _place(self, item: ClaimedItem) -> str:
        """Return what the file of an item, or the copy of it, lies in."""
        if item.upload_id:
            return self._blobs.uri("")
        assert item.source_uri is not None
        return item.source_uri if _is_local(item) else str(own_folder())

    async def ask(self, project_id: str, item: ClaimedItem, error: DocumentError) -> None:
        """Ask, after a fault that may pass, whether what holds the item's file answers at all.

        If it does, the fault is the file's, and an attempt at it.

        Raises:
            OutageError: it does not, so that nothing is known of the file.
        """
        if not error.kind.is_transient:
            return
        try:
            if item.upload_id:
                await self._blobs.ask()
            elif item.source_uri is not None:
                await ask_source(item.source_uri, project_id, self._s3_sources)
        except OSError as silence:
            if is_outside_fault(silence):
                what = "the store of uploads" if item.upload_id else "the source"
                raise OutageError(what, reason(silence)) from error

    @asynccontextmanager
    async def _fetched(self, project_id: str, item: ClaimedItem) -> AsyncIterator[Path]:
        if item.upload_id:
            async with self._uploaded(item.upload_id) as path:
                yield path
        elif item.source_uri is None:
            message = "the file has neither source nor upload"
            raise DocumentError(FailureKind.SOURCE_CHANGED, message)
        else:
            async with self._object(project_id, item.source_uri, item) as path:
                yield path

    @asynccontextmanager
    async def _object(
        self, project_id: str, source_uri: str, item: ClaimedItem
    ) -> AsyncIterator[Path]:
        try:
            location = open_prefix(source_uri, project_id, self._s3_sources)
        except SourceRefusedError as error:
            raise DocumentError(FailureKind.REFUSED, str(error)) from error
        async with object_on_disk(location, item.unique_id, item.etag) as path:
            yield path

    @asynccontextmanager
    async def _uploaded(self, upload_id: str) -> AsyncIterator[Path]:
        async with AsyncExitStack() as stack:
            opened = self._blobs.on_disk(upload_key(upload_id))
            try:
                path = await stack.enter_async_context(opened)
            except FileNotFoundError as error:
                message = "the uploaded file was deleted"
                raise DocumentError(FailureKind.SOURCE_CHANGED, message) from error
            except OSError as error:
                message = f"the store of uploads: {reason(error)}"
                raise DocumentError(FailureKind.UNAVAILABLE, message) from error
            yield path


def listed_sha256(item: ClaimedItem, content: Content) -> str | None:
    """Return the hash by which the file is known from its listing, or None.

    What was read of a folder may have been changed since, and be changed back: the listing's size
    and time then stand for other bytes. Objects are opened by their ETag, uploads never change.
    """
    is_listed = not _is_local(item) or content.stamp == (item.size_bytes, item.mtime_ns)
    return content.sha256 if is_listed else None


def _is_local(item: ClaimedItem) -> bool:
    uri = item.source_uri
    return not item.upload_id and uri is not None and not uri.startswith(S3_SCHEME)


class _Run(Generic[Value]):
    """Work on some items, one after the other, and what has become of it so far."""

    def __init__(
        self, items: Sequence[ClaimedItem], work: Callable[[ClaimedItem, Step], Value]
    ) -> None:
        self._items = items
        self._work = work
        self.done: list[Value | DocumentError] = []

    def __call__(self, step: Step) -> None:
        """Do it, in a thread."""
        for item in self._items:
            step.at("")
            try:
                self.done.append(self._work(item, step))
            except Exception as error:  # noqa: BLE001 - of this item alone
                self.done.append(failure_of_item(error))


class _Resolved:
    """Paths of files of folders; `stack` deletes what was made for them."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack
        self._tops: dict[str, Path] = {}

    def path(self, item: ClaimedItem, step: Step) -> Path:
        """Return the path of an item's file, after checking that it may be read."""
        uri = item.source_uri
        assert uri is not None
        step.at(f"{uri}/{item.unique_id}")
        if uri not in self._tops:
            self._tops[uri] = source_path(uri).resolve()
        return _named_in_text(resolve(self._tops[uri], item.unique_id), self._stack)


def _named_in_text(path: Path, stack: AsyncExitStack) -> Path:
    """Return a path that parsers can be told, by a link where the file's own is no valid text."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        link = own_folder() / secrets.token_hex(8)
        link.symlink_to(path)
        stack.callback(link.unlink, missing_ok=True)
        return link
    return path
