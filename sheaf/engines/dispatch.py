"""From a request to a result: detect, read, select, classify.

Engines are imported where they are used: a process that only ever reads text never loads a
native library, and one that is not installed is a failure of the files that need it.
"""

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from sheaf.contracts.documents import (
    Classification,
    ClassifierRule,
    EngineFailure,
    EngineRequest,
    EngineResult,
    ParsedDocument,
    ParseOptions,
)
from sheaf.contracts.failures import DocumentError, FailureKind
from sheaf.engines.detection.media_types import Detected, Family, detect
from sheaf.engines.option_support import unheeded
from sheaf.engines.source import Source, has_text, past_the_end
from sheaf.engines.system_faults import failure_of, fault_of_machine, raise_if_of_machine

_READERS = {
    Family.PDF: "sheaf.engines.pdf.engine",
    Family.IMAGE: "sheaf.engines.images",
    Family.OFFICE: "sheaf.engines.office.engine",
    Family.TEXT: "sheaf.engines.text",
}
"""The module whose `read` takes a family; a message's takes what reads attachments besides."""


def handle(request: EngineRequest) -> EngineResult:
    """Read one file, and classify its text when rules are given."""
    try:
        folder = None if request.image_folder is None else Path(request.image_folder)
        document = parse(
            Path(request.path),
            request.name,
            request.options,
            images=folder,
            passwords=request.passwords,
        )
        classification = _classify(document, request.rules)
    except DocumentError as error:
        # Whatever engine or reader blamed the document: it may have met a full disk.
        return _failed(fault_of_machine(error) or error)
    except OSError as error:
        return _failed(failure_of(error, request.path))
    if request.rendering is None:
        return EngineResult(document=document, classification=classification)
    from sheaf.rules.rendering.written_markdown import written_markdown

    markdown = written_markdown(document.pages, request.rendering)
    return EngineResult(document=document, classification=classification, markdown=markdown)


def parse(
    path: Path,
    name: str,
    options: ParseOptions,
    depth: int = 0,
    *,
    images: Path | None = None,
    passwords: tuple[str, ...] = (),
) -> ParsedDocument:
    """Read one file by the engine of its type.

    Args:
        path: the file.
        name: its name, a hint among textual types.
        options: what is wanted of it.
        depth: how many messages it was attached to, one inside the other.
        images: the folder for pictures that are asked for.
        passwords: to try on a document that needs one.

    Raises:
        DocumentError: every reason of the document's why there is no text.
        OSError: the file cannot be read, or the machine fails.
    """
    detected = detect(path, name)
    source = Source(path, name, detected.media_type, options, images, passwords)
    if options.screenshots_only and detected.family is not Family.PDF:
        raise DocumentError(FailureKind.UNSUPPORTED, "only pages of PDFs can be drawn")
    document = _read(detected, source, depth)
    if warnings := _warnings(document, options):
        document = document.changed(warnings=(*document.warnings, *warnings))
    if not (document.is_blank or options.screenshots_only or has_text(document)):
        raise DocumentError(FailureKind.EMPTY, "no text was found in the document")
    return document


def _read(detected: Detected, source: Source, depth: int) -> ParsedDocument:
    try:
        if detected.family is Family.MAIL:
            from sheaf.engines.mail import engine

            return engine.read(source, parse, depth)
        module = import_module(_READERS[detected.family])
        read: Callable[[Source], ParsedDocument] = module.read
        return read(source)
    except DocumentError as error:
        if not detected.is_text or error.kind is not FailureKind.CORRUPT:
            raise
        raise_if_of_machine(error)
        return _as_plain_text(source, error)


def _as_plain_text(source: Source, error: DocumentError) -> ParsedDocument:
    """Show a text as it is, which looked like something that it turned out not to be."""
    from sheaf.engines import text

    document = text.read(replace(source, media_type="text/plain"))
    warning = f"read as plain text: it is no {source.media_type} ({error.message})"
    return document.changed(warnings=(*document.warnings, warning))


def _warnings(document: ParsedDocument, options: ParseOptions) -> list[str]:
    warnings = []
    if names := unheeded(options, document.media_type, document.engine):
        warnings.append(f"without effect on this format: {', '.join(names)}")
    if warning := past_the_end(options, document.total_pages):
        warnings.append(warning)
    return warnings


def _failed(error: DocumentError) -> EngineResult:
    return EngineResult(failure=EngineFailure(kind=error.kind, message=error.message))


def _classify(
    document: ParsedDocument, rules: tuple[ClassifierRule, ...] | None
) -> Classification | None:
    if rules is None:
        return None
    try:
        from sheaf.engines.classification.engine import classify
    except ImportError as error:
        raise DocumentError(
            FailureKind.UNSUPPORTED, f"classification needs the package {error.name}"
        ) from error
    return classify("\n\n".join(page.text for page in document.pages), rules)
