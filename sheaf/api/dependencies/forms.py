"""Multipart uploads: one file and some texts, within bounds."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, BinaryIO, TypeVar
from urllib.parse import parse_qsl

from fastapi import HTTPException, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from sheaf.api.errors import InvalidError
from sheaf.contracts.http.secrets import REVEALED
from sheaf.contracts.texts import Name

Fields = TypeVar("Fields", bound=BaseModel)

MAX_TEXTS = 20
MAX_V1_TEXTS = 200
"""Parameters of one form: the contract has 127."""
MAX_TEXT_BYTES = 256 * 1024
"""Of one part; metadata of 64 KB may be written with escapes."""
_BLOCK = 1024 * 1024
_NAME: TypeAdapter[str] = TypeAdapter(Name)


@dataclass(frozen=True)
class UploadForm:
    """An upload that was received whole; its file is deleted when the request ends."""

    file: BinaryIO
    name: str
    texts: dict[str, str]
    """The other parts; empty ones are left out, since some clients send what they were not
    given."""

    def read(self, model: type[Fields], **changed: object) -> Fields:
        """Return the texts as a model, with some replaced by values."""
        try:
            return model.model_validate({**self.texts, **changed})
        except ValidationError as error:
            raise RequestValidationError(
                [{**one, "loc": ("body", *one["loc"])} for one in error.errors()]
            ) from error

    async def asked(self, fields: BaseModel) -> dict[str, object]:
        """Return what tells this request from others: its fields and its content."""
        digest = await asyncio.to_thread(_sha256, self.file)
        return {
            "name": self.name,
            "sha256": digest,
            **fields.model_dump(mode="json", context=REVEALED),
        }


@asynccontextmanager
async def upload_form(
    request: Request,
    field: str,
    limit_bytes: int,
    *,
    max_texts: int = MAX_TEXTS,
    refused: Mapping[str, str] = MappingProxyType({}),
) -> AsyncIterator[UploadForm]:
    """Receive an upload whose file is the part `field`; it waits on disk, not in memory.

    Args:
        request: who sends it.
        field: name of the part that is the file.
        limit_bytes: of the file.
        max_texts: how many other parts there may be.
        refused: of parts that are not taken, whether or not there is a file, what to say of them.

    Raises:
        HTTPException: 400 when the file is empty or has no name, 413 when it is too large.
        InvalidError: there is a part that is refused.
        RequestValidationError: there is no such part, or its name cannot be kept.
    """
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        _refuse(await _texts_without_file(request), refused)
        _checked(None, field, limit_bytes)
    parser = _WholeFormParser(
        request.headers,
        request.stream(),
        max_files=1,
        max_fields=max_texts,
        max_part_size=MAX_TEXT_BYTES,
    )
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise HTTPException(400, error.message) from error
    except ClientDisconnect as error:
        raise HTTPException(400, "The upload was cut off.") from error
    try:
        file = form.get(field)
        texts = {key: text for key, text in form.items() if isinstance(text, str) and text}
        _refuse(texts, refused)
        name = _checked(file, field, limit_bytes)
        assert isinstance(file, UploadFile)
        yield UploadForm(file.file, name, texts)
    finally:
        await form.close()


class _WholeFormParser(MultiPartParser):
    """Refuses a form that ends before its last boundary.

    The form that is returned knows no file whose part has no end, so that it would stay open. What
    is raised while the stream is read has the parser close all that it has opened.
    """

    def __init__(
        self, headers: Headers, stream: AsyncGenerator[bytes, None], **limits: int
    ) -> None:
        super().__init__(headers, self._whole(stream), **limits)
        self._has_ended = False

    def on_end(self) -> None:
        """Note the last boundary."""
        self._has_ended = True

    async def _whole(self, stream: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
        async for block in stream:
            yield block
        if not self._has_ended:
            raise InvalidError(("body",), "The form ends before its last boundary.")


def body_of(field: str, model: type[BaseModel]) -> dict[str, Any]:
    """Return what describes an upload in the OpenAPI document."""
    schema = model.model_json_schema()
    properties = dict(schema["properties"])
    if "metadata" in properties:
        properties["metadata"] = {"type": "string", "description": "A JSON object."}
    for name, shown in properties.items():
        if "$ref" in shown:
            properties[name] = schema["$defs"][shown["$ref"].rpartition("/")[2]]
    return file_body(field, properties, schema.get("required", ()))


def file_body(field: str, parts: Mapping[str, Any], required: Sequence[str] = ()) -> dict[str, Any]:
    """Return what describes an upload with such parts beside its file."""
    content = {
        "type": "object",
        "properties": {**parts, field: {"type": "string", "format": "binary"}},
        "required": [field, *required],
    }
    body = {"required": True, "content": {"multipart/form-data": {"schema": content}}}
    return {"requestBody": body}


async def _texts_without_file(request: Request) -> dict[str, str]:
    """Return the parts of a form that has no file, as clients write one; only its beginning."""
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return {}
    body = bytearray()
    async for block in request.stream():
        body += block
        if len(body) > MAX_TEXT_BYTES:
            break
    return dict(parse_qsl(bytes(body[:MAX_TEXT_BYTES]).decode("latin-1")))


def _refuse(texts: Mapping[str, str], refused: Mapping[str, str]) -> None:
    for name, message in refused.items():
        if name in texts:
            raise InvalidError(("body", name), message)


def _checked(file: UploadFile | str | None, field: str, limit_bytes: int) -> str:
    if file is None:
        missing = {"loc": ("body", field), "msg": "Field required", "type": "missing"}
        raise RequestValidationError([missing])
    if isinstance(file, str) or not file.filename:
        raise HTTPException(400, "File must have a filename.")
    if not file.size:
        raise HTTPException(400, "Uploaded file is empty.")
    if file.size > limit_bytes:
        raise HTTPException(413, f"The file is larger than {limit_bytes} bytes.")
    try:
        return _NAME.validate_python(file.filename)
    except ValidationError as error:
        raise RequestValidationError(
            [{**one, "loc": ("body", field, "filename")} for one in error.errors()]
        ) from error


def _sha256(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while block := file.read(_BLOCK):
        digest.update(block)
    file.seek(0)
    return digest.hexdigest()
