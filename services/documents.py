"""From a claimed item to its outcome: open, hash, skip or parse, and the blobs of its result."""

import asyncio
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from models.batch import BatchJobCreate, ItemStatus
from models.classify import ClassifyJob
from models.documents import (
    ClassifierRule,
    EngineRequest,
    EngineResult,
    ParsedDocument,
    ParsedPage,
    ParseOptions,
)
from models.failures import DocumentError, FailureKind
from models.job_config import BatchParseJobRecordCreate
from rules.markdown_style import MarkdownStyle, styled
from rules.parse_options import parse_options
from rules.rendering import render_markdown, render_text
from rules.table_merging import merge_tables
from services.ledger.items import ItemLedger
from services.ledger.records import ClaimedItem, JobSpec, Outcome, ResultRow
from services.sources.items import item_path
from services.storage.local import LocalBlobs

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


@dataclass(frozen=True)
class Work:
    """What a job asks for, read once from its request."""

    spec: JobSpec
    options: ParseOptions
    rules: tuple[ClassifierRule, ...] | None
    separator: str | None
    prefix: str | None
    suffix: str | None
    style: MarkdownStyle
    shows_layout: bool
    reuses: bool
    is_reusable: bool
    file_seconds: float | None
    extra_seconds_per_page: float

    @classmethod
    def of(cls, spec: JobSpec) -> "Work":
        """Read a job's request, which was validated when the job was created."""
        config = BatchJobCreate.model_validate(spec.request).job_config
        if isinstance(config, ClassifyJob):
            return cls(spec, parse_options(config), config.engine_rules(), *_PLAIN)
        return _parse_work(spec, config)

    def styled(self, pages: Sequence[ParsedPage]) -> tuple[ParsedPage, ...]:
        """Return pages as the job wants each of them written."""
        return styled(pages, self.style)

    def markdown(self, pages: Sequence[ParsedPage]) -> str:
        """Return the markdown of all pages of a canonical result."""
        joined: frozenset[int] = frozenset()
        if self.style.merges_tables:
            pages, joined = merge_tables(pages)
        if self.style.keeps_separator:
            joined = frozenset()
        return render_markdown(self.styled(pages), self.separator, self.prefix, self.suffix, joined)

    def text(self, pages: Sequence[ParsedPage]) -> str:
        """Return the plain text of all pages of a canonical result."""
        return render_text(self.styled(pages), self.separator, self.prefix, self.suffix)


_PLAIN: tuple[Any, ...] = (None, None, None, MarkdownStyle(), False, True, True, None, 0.0)


def _parse_work(spec: JobSpec, config: BatchParseJobRecordCreate) -> Work:
    asked = config.effective_parameters
    fresh = bool(asked.do_not_cache)
    return Work(
        spec=spec,
        options=parse_options(config),
        rules=None,
        separator=asked.page_separator,
        prefix=asked.page_prefix,
        suffix=asked.page_suffix,
        style=MarkdownStyle.of(asked),
        shows_layout=asked.extract_layout,
        reuses=not (fresh or asked.invalidate_cache),
        is_reusable=not fresh,
        file_seconds=asked.job_timeout_in_seconds,
        extra_seconds_per_page=asked.job_timeout_extra_time_per_page_in_seconds or 0.0,
    )


class DocumentProcessor:
    """Processes claimed items, one at a time a call.

    Args:
        parser: the pool of parser processes.
        items: for results of earlier jobs on the same bytes.
        blobs: for files that were uploaded.
    """

    def __init__(self, parser: Parser, items: ItemLedger, blobs: LocalBlobs) -> None:
        self._parser = parser
        self._items = items
        self._blobs = blobs

    async def process(self, work: Work, item: ClaimedItem, file_seconds: float) -> Processed:
        """Return what became of an item. A fault of the document is an outcome, not an error."""
        try:
            return await self._process(work, item, work.file_seconds or file_seconds)
        except DocumentError as error:
            return Processed(failed(item, error))

    async def _process(self, work: Work, item: ClaimedItem, file_seconds: float) -> Processed:
        path = item_path(item, self._blobs)
        stamp, digest = await asyncio.to_thread(_hash, path)
        key = (work.spec.parameters_hash, work.spec.engine_fingerprint)
        if work.reuses:
            known = await self._items.reusable(work.spec.job_id, digest, key)
            if known:
                return Processed(_skipped(item, known, digest))
        with _image_folder(work.options) as folder:
            answer = await self._parse(work, item, path, folder, file_seconds)
            images = await asyncio.to_thread(_images, answer, folder)
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


@contextmanager
def _image_folder(options: ParseOptions) -> Iterator[str | None]:
    """Give a folder for the pictures of one file, when any are wanted."""
    if not options.images:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="sheaf-images-") as folder:
        yield folder


def _images(answer: EngineResult, folder: str | None) -> dict[str, bytes]:
    """Return the pictures that a parser process says it has written, by name."""
    if folder is None or answer.document is None:
        return {}
    names = [image.name for page in answer.document.pages for image in page.images]
    try:
        return {name: _own_bytes(Path(folder) / name) for name in names}
    except OSError as error:
        message = f"a picture was not written: {error.strerror}"
        raise DocumentError(FailureKind.CRASHED, message) from error


def _own_bytes(path: Path) -> bytes:
    # A parser process reads hostile bytes: a link of its making must not lead anywhere.
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        return file.read()


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
