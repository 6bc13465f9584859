"""Engines are tested in a parser process, as they run: their native code never loads here."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from sheaf.contracts.documents import EngineRequest, EngineResult, ParsedDocument, ParseOptions
from sheaf.contracts.failures import FailureKind
from sheaf.parser_pool.pool import ParserPool

Parse = Callable[..., Awaitable[EngineResult]]


@pytest.fixture(scope="package")
async def parsers() -> AsyncIterator[ParserPool]:
    async with ParserPool(1) as pool:
        yield pool


@pytest.fixture
def parse(parsers: ParserPool, tmp_path: Path) -> Parse:
    """Parse bytes under a name; the file itself has no extension, as blobs have none."""

    async def parse(
        data: bytes,
        name: str,
        folder: Path | None = None,
        passwords: tuple[str, ...] = (),
        **options: Any,
    ) -> EngineResult:
        path = tmp_path / "blob"
        path.write_bytes(data)
        request = EngineRequest(
            path=str(path),
            name=name,
            options=ParseOptions(**options),
            image_folder=None if folder is None else str(folder),
            passwords=passwords,
        )
        return await parsers.run("prj-1", request, 60)

    return parse


def document_of(result: EngineResult) -> ParsedDocument:
    assert result.failure is None, result.failure
    assert result.document is not None
    return result.document


def failure_of(result: EngineResult) -> tuple[FailureKind, str]:
    assert result.failure is not None, result.document
    return result.failure.kind, result.failure.message
