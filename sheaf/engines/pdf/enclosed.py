"""What a PDF encloses beside its pages: attached files, layers, forms that are XML.

Looked for by the names that a file must have for it, before anything is parsed: few have any.
"""

import ctypes
import os
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

from sheaf.engines.pdf.objects import opened
from sheaf.engines.source import Source

MAX_BYTES = 256 * 1024**2
"""Largest file that is looked through; one that is larger is taken to have everything."""
MAX_UNPACKED = 32 * 1024**2
MAX_NAMED = 20
TAIL = 4096
FILES, LAYERS = b"/EmbeddedFile", b"/OCProperties"
_LEAF = re.compile(r"<([\w.:-]{1,80})(?:\s[^<>]*+)?>([^<>]++)</\1\s*+>")
MAX_VALUES = 2000
_PICTURE = re.compile(rb"/Subtype\s*+/Image\b")


@dataclass(frozen=True)
class Signs:
    """What the bytes of a file say that it may enclose."""

    has_files: bool = True
    has_layers: bool = True


def signs_of(path: Path) -> Signs:
    """Return what a file may enclose."""
    # Every PDF is looked through, so without what pathlib and io do besides.
    file = os.open(path, os.O_RDONLY)
    try:
        size = os.fstat(file).st_size
        if size > MAX_BYTES:
            return Signs()
        data = os.read(file, size)
    finally:
        os.close(file)
    # Objects are packed where the table of them is, and then no file ends with a plain trailer.
    end = data[-TAIL:]
    is_plain = b"trailer" in end and b"/XRefStm" not in end
    has_layers = LAYERS in data or (not is_plain and _is_packed(LAYERS, data))
    return Signs(FILES in data, has_layers)


def may_have_pictures(path: Path) -> bool:
    """Whether the bytes of a file hold a picture; the names of streams are never packed."""
    return path.stat().st_size > MAX_BYTES or bool(_PICTURE.search(path.read_bytes()))


def attached_files(source: Source) -> list[str]:
    """Return the names of the files that are attached to a document."""
    from pypdfium2 import raw

    names: list[str] = []
    with opened(source) as document:
        if not document:
            return names
        for at in range(min(raw.FPDFDoc_GetAttachmentCount(document), MAX_NAMED + 1)):
            attachment = raw.FPDFDoc_GetAttachment(document, at)
            size = raw.FPDFAttachment_GetName(attachment, None, 0) if attachment else 0
            if size <= 2:
                names.append("without a name")
                continue
            buffer = ctypes.create_string_buffer(size)
            place = ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort))
            raw.FPDFAttachment_GetName(attachment, place, size)
            name = buffer.raw[: size - 2].decode("utf-16-le", "replace")
            names.append(" ".join(name.split())[:200])
    return names


def files_told(names: Sequence[str]) -> list[str]:
    """Return the warning about attached files, if there are any."""
    if not names:
        return []
    more = ", and more" if len(names) > MAX_NAMED else ""
    return [f"attachments of the PDF were not read: {', '.join(names[:MAX_NAMED])}{more}"]


def values_of_xml(packets: Sequence[Any]) -> dict[str, str]:
    """Return the values of an XFA form by the names of their fields."""
    values: dict[str, str] = {}
    for packet in packets:
        if packet.name != "datasets" or not packet.content:
            continue
        for name, value in _LEAF.findall(packet.content):
            if value.strip() and len(values) < MAX_VALUES:
                values.setdefault(name.rpartition(":")[2], unescape(value.strip()))
    return values


def _is_packed(name: bytes, data: bytes) -> bool:
    """Whether a stream of objects holds a name."""
    at, unpacked = 0, 0
    while (at := data.find(b"/ObjStm", at)) >= 0 and unpacked < MAX_UNPACKED:
        at += 1
        start = data.find(b"stream", at, at + 2000)
        if start < 0:
            continue
        start += 8 if data[start + 6 : start + 8] == b"\r\n" else 7
        try:
            inflater = zlib.decompressobj()
            content = inflater.decompress(memoryview(data)[start:], MAX_UNPACKED - unpacked)
        except zlib.error:
            continue  # encrypted, or packed otherwise
        unpacked += len(content)
        if name in content:
            return True
    return False
