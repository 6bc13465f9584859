"""Files of a slice that are open: opened, hashed and looked up together, and known by their ids."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from sheaf.contracts.failures import DocumentError
from sheaf.ledger.items.items import ItemLedger
from sheaf.ledger.items.reuse import FileKey, ResultKey
from sheaf.ledger.records import ClaimedItem
from sheaf.processing.images import image_folder
from sheaf.processing.job_work import Work
from sheaf.processing.outcomes import failed_outcome, skipped
from sheaf.processing.result_store import Processed
from sheaf.rules.name_hints import name_hint
from sheaf.sources.content import Content
from sheaf.sources.items import ItemFiles


@dataclass(frozen=True)
class OpenFile:
    """A file that is ready to be parsed."""

    item: ClaimedItem
    content: Content
    image_folder: str | None

    @property
    def request_id(self) -> str:
        """What its request and the response to it are known by: the id of its task."""
        return self.item.task_id


@dataclass(frozen=True)
class OpenFileGroup:
    """Files that were opened together, without those whose outcome is known already."""

    known: Sequence[Processed]
    opened: Sequence[OpenFile]


class FileOpener:
    """Opens files, and tells those that need no parse.

    Args:
        files: opens what is to be read.
        items: for results of earlier jobs on the same bytes.
    """

    def __init__(self, files: ItemFiles, items: ItemLedger) -> None:
        self._files = files
        self._items = items

    @asynccontextmanager
    async def opened(
        self, work: Work, group: Sequence[ClaimedItem]
    ) -> AsyncGenerator[OpenFileGroup, None]:
        """Open and hash files; they stay open within the context.

        Raises:
            OutageError: what holds the files does not answer.
        """
        async with AsyncExitStack() as stack:
            paths = await stack.enter_async_context(
                self._files.on_disk(work.spec.project_id, group)
            )
            contents = await self._files.contents(work.spec.project_id, group, paths)
            keys = [_file_key(*pair) for pair in zip(group, contents, strict=True)]
            results = await self._known_results(work, [key for key in keys if key])
            known, opened = [], []
            for item, content, key in zip(group, contents, keys, strict=True):
                if isinstance(content, DocumentError):
                    known.append(failed_outcome(item, content))
                elif key and (result_id := results.get(key)):
                    known.append(skipped(item, result_id, content))
                else:
                    folder = stack.enter_context(image_folder(work.options))
                    opened.append(OpenFile(item, content, folder))
            yield OpenFileGroup(known, opened)

    async def check(self, work: Work, one: OpenFile) -> None:
        """Check that a file is still what was opened.

        Raises:
            DocumentError: it is another, or gone, or cannot be looked at.
            OutageError: what holds it does not answer.
        """
        await self._files.check(work.spec.project_id, one.item, one.content)

    async def _known_results(self, work: Work, files: Sequence[FileKey]) -> dict[FileKey, str]:
        if not work.reuses:
            return {}
        spec = work.spec
        key = ResultKey(spec.project_id, spec.parameters_hash, spec.engine_fingerprint)
        return await self._items.reusable(spec.job_id, files, key)


def _file_key(item: ClaimedItem, content: Content | DocumentError) -> FileKey | None:
    """Return what an earlier result of a file is found by, if it could be read."""
    if isinstance(content, DocumentError):
        return None
    return FileKey(content.sha256, name_hint(item.display_name))


@dataclass
class _Held:
    """What keeps a group open, and how many of its files have no response yet."""

    stack: AsyncExitStack
    left: int


class OpenFiles:
    """The files that are open, by the ids of their requests.

    Args:
        resources: closes what is open still when the last stage has ended.
    """

    def __init__(self, resources: AsyncExitStack) -> None:
        self._resources = resources
        self._files: dict[str, tuple[OpenFile, _Held]] = {}

    async def open(self, group: AbstractAsyncContextManager[OpenFileGroup]) -> OpenFileGroup:
        """Open a group; it stays open until the last of its files is closed.

        Raises:
            Exception: whatever keeps it from being opened.
        """
        stack = await self._resources.enter_async_context(AsyncExitStack())
        found = await stack.enter_async_context(group)
        held = _Held(stack, len(found.opened))
        self._files |= {one.request_id: (one, held) for one in found.opened}
        if not held.left:
            await stack.aclose()
        return found

    @asynccontextmanager
    async def closing(self, request_id: str) -> AsyncGenerator[OpenFile, None]:
        """Give the file of a request, for the last time; it stays open within the context.

        Raises:
            KeyError: no open file has that id; a response to it is not taken for another's.
        """
        one, held = self._files.pop(request_id)
        yield one
        held.left -= 1
        if not held.left:
            await held.stack.aclose()
