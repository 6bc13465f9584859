"""Parts of stored results, written in the same kind of process that documents are read in.

A result holds what a document said: its markdown is as foreign as the document. The process gets a
copy of the result and a folder, and writes a file for each part; it answers with little, so that
whoever asked need not decode a result either.
"""

from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from pydantic import BaseModel, ValidationError

from sheaf.contracts.documents import EngineFailure, EngineRequest, EngineResult, ParsedDocument
from sheaf.contracts.failures import DocumentError, FailureKind
from sheaf.contracts.markdown_style import Rendering
from sheaf.contracts.views import MOST_IMAGES, ListedImage, Part, View, ViewRequest
from sheaf.rules.rendering.result_parts import WRITERS
from sheaf.rules.rendering.written_result import WrittenResult
from sheaf.views.workbooks import TableTooLargeError, workbook


class _Stored(BaseModel):
    """What is looked at of the line of a result."""

    document: ParsedDocument


def handle(request: EngineRequest) -> EngineResult:
    """Write the parts of one result that are asked for."""
    asked = request.view
    assert asked is not None
    try:
        view = _written(Path(request.path), request.rendering or Rendering(), asked)
    except DocumentError as error:
        return EngineResult(failure=EngineFailure(kind=error.kind, message=error.message))
    return EngineResult(view=view)


def _written(line: Path, rendering: Rendering, asked: ViewRequest) -> View:
    try:
        stored = _Stored.model_validate_json(line.read_bytes())
    except ValidationError as error:
        # Without what stood there: it is the document's, and may be long.
        places = [".".join(map(str, one["loc"]))[:80] for one in error.errors(include_input=False)]
        message = f"it is not stored as results are: {', '.join(places[:3])}"
        raise DocumentError(FailureKind.CORRUPT, message) from error
    result = WrittenResult(stored.document, rendering, asked.shows_layout, asked.is_reused)
    refused, room = {}, asked.most_bytes
    for part in dict.fromkeys(asked.parts):
        try:
            room = _write(Path(asked.folder) / part, _content(part, result), room)
        except TableTooLargeError as error:
            refused[part] = str(error)
        if room < 0:
            message = f"it would be over {asked.most_bytes} bytes"
            raise DocumentError(FailureKind.TOO_LARGE, message)
    if not asked.lists_images:
        return View(refused=refused)
    return _listed(result, asked).changed(refused=refused)


def _content(part: Part, result: WrittenResult) -> Iterable[bytes]:
    if part is Part.XLSX:
        return [workbook(result.document.pages)]
    return WRITERS[part](result)


def _write(file: Path, content: Iterable[bytes], room: int) -> int:
    """Write a part; return the bytes that are left for others, less than 0 where it had too few."""
    with file.open("xb") as stream:
        for block in content:
            room -= len(block)
            if room < 0:
                return room
            stream.write(block)
    return room


def _listed(result: WrittenResult, asked: ViewRequest) -> View:
    names = None if asked.image_names is None else frozenset(asked.image_names)
    total = sum(1 for _ in result.images())
    wanted = (
        ListedImage(index=index, image=image)
        for index, image in enumerate(result.images())
        if names is None or image.name in names
    )
    images = tuple(islice(wanted, MOST_IMAGES + 1))
    if len(images) > MOST_IMAGES:
        message = f"it has over {MOST_IMAGES} pictures; name those wanted by image_filenames"
        raise DocumentError(FailureKind.TOO_LARGE, message)
    return View(images=images, images_total=total)
