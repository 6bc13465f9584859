"""From a claimed item to its outcome: open, hash, skip or parse, and the blobs of its result."""

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from models.batch import ItemStatus
from models.documents import (
    EngineRequest,
    EngineResult,
    ParsedDocument,
    ParseOptions,
)
from models.failures import DocumentError, FailureKind
from services.images import image_folder, written_images
from services.ledger.items import ItemLedger
from services.ledger.records import ClaimedItem, Outcome, ResultRow
from services.passwords import Passwords
from services.sources.items import ItemFiles
from services.work import Work

_HASH_BLOCK = 1024 * 1024


class Parser(Protocol):
    """Reads files in processes that may die."""

    async def run(self, request: EngineRequest, deadline_seconds: float) -> EngineResult:
        """Return a document or a failure; never raises for what a file does."""
        ...


@dataclass(frozen=True)
class Processed:
    """An item's outcome and the blobs that must be stored before it is recorded."""

    outcome: Outcome
    blobs: tuple[tuple[str, bytes], ...] = ()


class DocumentProcessor:
    """Processes claimed items, one at a time a call.

    Args:
        parser: the pool of parser processes.
        items: for results of earlier jobs on the same bytes.
        files: opens what is to be read.
        passwords: for documents that need one.
    """

    def __init__(
        self,
        parser: Parser,
        items: ItemLedger,
        files: ItemFiles,
        passwords: Passwords | None = None,
    ) -> None:
        self._passwords = passwords or Passwords()
        self._parser = parser
        self._items = items
        self._files = files

    async def process(self, work: Work, item: ClaimedItem, file_seconds: float) -> Processed:
        """Return what became of an item. A fault of the document is an outcome, not an error."""
        try:
            return await self._process(work, item, work.file_seconds or file_seconds)
        except DocumentError as error:
            return Processed(failed(item, error))

    async def _process(self, work: Work, item: ClaimedItem, file_seconds: float) -> Processed:
        async with self._files.on_disk(work.spec.project_id, item) as path:
            return await self._process_file(work, item, path, file_seconds)

    async def _process_file(
        self, work: Work, item: ClaimedItem, path: Path, file_seconds: float
    ) -> Processed:
        stamp, digest = await asyncio.to_thread(_hash, path)
        key = (work.spec.parameters_hash, work.spec.engine_fingerprint)
        if work.reuses:
            known = await self._items.reusable(work.spec.job_id, digest, key)
            if known:
                return Processed(_skipped(item, known, digest))
        with image_folder(work.options) as folder:
            answer = await self._parse(work, item, path, folder, file_seconds)
            images = await asyncio.to_thread(written_images, answer, folder)
        if _stamp(path) != stamp:
            raise DocumentError(FailureKind.SOURCE_CHANGED, "the file changed while it was read")
        if answer.failure:
            raise DocumentError(answer.failure.kind, answer.failure.message)
        return _completed(work, item, answer, digest, images)

    async def _parse(
        self, work: Work, item: ClaimedItem, path: Path, images: str | None, file_seconds: float
    ) -> EngineResult:
        request = EngineRequest(
            path=str(path),
            name=item.display_name,
            options=work.options,
            rules=work.rules,
            image_folder=images,
            passwords=self._passwords.named(work.options.password_ref),
        )
        deadline = await self._deadline(work, request, file_seconds)
        return await self._parser.run(request, deadline)

    async def _deadline(self, work: Work, request: EngineRequest, seconds: float) -> float:
        """Add the extra time per page; it takes a look at the first page to count them."""
        if not work.extra_seconds_per_page:
            return seconds
        glance = request.model_copy(
            update={
                "options": ParseOptions(max_pages=1, ocr=False),
                "rules": None,
                "image_folder": None,
            }
        )
        answer = await self._parser.run(glance, seconds)
        pages = answer.document.total_pages if answer.document else 1
        return seconds + pages * work.extra_seconds_per_page


def failed(item: ClaimedItem, error: DocumentError) -> Outcome:
    """Return the outcome of an item that an error ended, or that goes again when it may pass."""
    wait = error.retry_after_seconds
    return Outcome(
        item=item,
        status=ItemStatus.PENDING if error.kind.is_transient else ItemStatus.FAILED,
        failure_kind=error.kind,
        error_message=error.message,
        retry_after=timedelta(seconds=wait) if wait is not None else None,
    )


def blob_key(job_id: str, task_id: str, suffix: str) -> str:
    """Return the key of a result's blob: `json` for the canonical one, `md` for its markdown."""
    return f"results/{job_id}/{task_id[-2:]}/{task_id}.{suffix}"


def image_key(job_id: str, task_id: str, name: str) -> str:
    """Return the key of a picture that is kept with a result."""
    return blob_key(job_id, task_id, f"images/{name}")


def _skipped(item: ClaimedItem, result_id: str, digest: str) -> Outcome:
    return Outcome(
        item=item,
        status=ItemStatus.SKIPPED,
        reused_result_id=result_id,
        skip_reason="already_processed",
        content_sha256=digest,
    )


def _completed(
    work: Work, item: ClaimedItem, answer: EngineResult, digest: str, images: Mapping[str, bytes]
) -> Processed:
    document = answer.document
    if document is None or not _says_something(document):
        raise DocumentError(FailureKind.EMPTY, "the parser returned neither text nor a failure")
    markdown = work.markdown(document.pages)
    canonical = _canonical(item, answer, document, digest)
    blobs = (
        (blob_key(work.spec.job_id, item.task_id, "json"), canonical),
        (blob_key(work.spec.job_id, item.task_id, "md"), markdown.encode("utf-8", "replace")),
        *(
            (image_key(work.spec.job_id, item.task_id, name), content)
            for name, content in images.items()
        ),
    )
    result = ResultRow(
        id=item.task_id,
        file_id=item.file_id,
        content_sha256=digest,
        engine=f"{document.engine} {document.engine_version}",
        media_type=document.media_type,
        pages=len(document.pages),
        size_bytes=sum(len(content) for _, content in blobs),
        is_reusable=work.is_reusable,
        output_metadata=_output_metadata(answer, document),
    )
    outcome = Outcome(item=item, status=ItemStatus.COMPLETED, result=result, content_sha256=digest)
    return Processed(outcome, blobs)


def _says_something(document: ParsedDocument) -> bool:
    """Whether it has text or pictures, or was proved to have no text."""
    return document.is_blank or any(page.text.strip() or page.images for page in document.pages)


def _canonical(
    item: ClaimedItem, answer: EngineResult, document: ParsedDocument, digest: str
) -> bytes:
    value = {
        "item_id": item.file_id,
        "job_id": item.task_id,
        "name": item.unique_id,
        "content_sha256": digest,
        "document": document.model_dump(mode="json"),
        "classification": answer.classification.model_dump() if answer.classification else None,
    }
    return json.dumps(value, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace")


def _output_metadata(answer: EngineResult, document: ParsedDocument) -> dict[str, Any]:
    found: dict[str, Any] = answer.classification.model_dump() if answer.classification else {}
    if document.warnings:
        found["warnings"] = [warning[:200] for warning in document.warnings[:5]]
    if document.is_truncated:
        found["total_pages"] = document.total_pages
    return found


def _hash(path: Path) -> tuple[tuple[int, int], str]:
    stamp = _stamp(path)
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_HASH_BLOCK):
            digest.update(block)
    return stamp, digest.hexdigest()


def _stamp(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError as error:
        raise DocumentError(
            FailureKind.SOURCE_CHANGED, f"the file is gone or unreadable: {error.strerror}"
        ) from error
    return status.st_size, status.st_mtime_ns


def all_blobs(processed: Sequence[Processed]) -> list[tuple[str, bytes]]:
    """Return every blob of a group, in order."""
    return [blob for one in processed for blob in one.blobs]


def copies_of(processed: Sequence[Processed]) -> list[tuple[str, str, bytes]]:
    """Return every blob of a group as a copy: its file's id, the suffix of its key, its bytes."""
    return [
        (one.outcome.item.file_id, key.partition(f"/{one.outcome.item.task_id}.")[2], content)
        for one in processed
        for key, content in one.blobs
    ]
