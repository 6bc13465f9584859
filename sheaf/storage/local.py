"""Blobs on the local disk.

A group of blobs becomes durable together: every file is written under a temporary name and
synced, then all are renamed, then each folder that they went to is synced once. A blob is
therefore whole or absent, also after a power loss, and a row that names it is written later.
"""

import hashlib
import os
import shutil
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO, TypeVar

from sheaf.runtime.file_calls import FILE_CALLS, Step
from sheaf.storage.blobs import BLOCK_BYTES, OpenBlob

Value = TypeVar("Value")


class LocalBlobs:
    """Blobs under one folder; see `sheaf.storage.blobs`.

    Each method may raise StalledError, an OSError, where the folder does not answer. What it was
    to do may then still be done, whenever it answers again.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    async def put_many(self, blobs: Sequence[tuple[str, bytes]]) -> None:
        """Store blobs; when it returns, all of them will outlast a power loss.

        Raises:
            OSError: the disk is full or not writable; none or some of the blobs are there.
        """
        await self._called(lambda step: self._put_many(blobs, step))

    async def put_stream(self, key: str, source: BinaryIO) -> tuple[int, str]:
        """Store what a stream holds, block by block; return its size and SHA-256.

        When it returns, the blob will outlast a power loss; until then nothing lies at the key.

        Raises:
            OSError: the stream cannot be read to its end, or the disk is full; nothing is left.
        """
        return await self._called(lambda step: self._put_stream(key, source, step))

    async def delete(self, key: str) -> None:
        """Remove a blob; nothing where there is none. Whoever has it open reads on."""
        await self._called(lambda _: self.path(key).unlink(missing_ok=True))

    async def delete_all(self, prefix: str) -> None:
        """Remove every blob whose key begins with a prefix, which ends in `/`."""
        await self._called(lambda _: shutil.rmtree(self.path(prefix), ignore_errors=True))

    async def get(self, key: str, start: int = 0, size: int | None = None) -> bytes:
        """Return a blob, or a part of it; FileNotFoundError when there is none."""
        return await self._called(lambda _: _read(self.path(key), start, size))

    async def open(self, key: str) -> OpenBlob:
        """Open a blob for reading; FileNotFoundError when there is none."""
        file = await self._called(lambda _: self.path(key).open("rb"))
        return OpenBlob(os.fstat(file.fileno()).st_size, self._blocks(file))

    @asynccontextmanager
    async def on_disk(self, key: str) -> AsyncIterator[Path]:
        """Give the blob's own path; FileNotFoundError when there is none."""
        path = self.path(key)
        await self._called(lambda _: path.stat())
        yield path

    async def ask(self) -> None:
        """Ask whether the folder can be listed; OSError where it cannot."""
        await FILE_CALLS.ask(self.uri(""), lambda: _ask(self._root))

    def path(self, key: str) -> Path:
        """Return where a blob lies or would lie."""
        return self._root / key

    def uri(self, key: str) -> str:
        """Return the blob's location as a `file://` URI."""
        return self.path(key).absolute().as_uri()

    async def _called(self, work: Callable[[Step], Value]) -> Value:
        return await FILE_CALLS.run(self.uri(""), work)

    async def _blocks(self, file: BinaryIO) -> AsyncIterator[bytes]:
        with file:
            while block := await self._called(lambda _: file.read(BLOCK_BYTES)):
                yield block

    def _put_stream(self, key: str, source: BinaryIO, step: Step) -> tuple[int, str]:
        target = self.path(key)
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = _temporary(target)
        digest = hashlib.sha256()
        size = 0
        try:
            with temporary.open("wb") as file:
                while block := source.read(BLOCK_BYTES):
                    digest.update(block)
                    size += file.write(block)
                    step.moved()
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        _sync_folder(target.parent)
        return size, digest.hexdigest()

    def _put_many(self, blobs: Sequence[tuple[str, bytes]], step: Step) -> None:
        staged: list[tuple[Path, Path]] = []
        try:
            for key, content in blobs:
                target = self.path(key)
                target.parent.mkdir(parents=True, exist_ok=True)
                staged.append((_stage(target, content), target))
                step.moved()
            for temporary, target in staged:
                temporary.replace(target)
        except BaseException:
            for temporary, _ in staged:
                temporary.unlink(missing_ok=True)
            raise
        for folder in {target.parent for _, target in staged}:
            _sync_folder(folder)


def _ask(root: Path) -> None:
    with os.scandir(root) as entries:
        next(entries, None)


def _read(path: Path, start: int, size: int | None) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        return file.read(size)


def _stage(target: Path, content: bytes) -> Path:
    temporary = _temporary(target)
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return temporary


def _temporary(target: Path) -> Path:
    return target.with_name(f".{target.name}.{uuid.uuid4().hex}")


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
