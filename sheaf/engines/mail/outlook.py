"""Outlook's .msg files (MS-OXMSG), by olefile.

xberg, which reads them too, has the style sheets of Word in the text, and no cells of attachments.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sheaf.contracts.failures import DocumentError, FailureKind
from sheaf.engines.mail import mapi
from sheaf.engines.mail.model import Attachment, Mail, one_line
from sheaf.engines.mail.payload import MAX_NAME

PROPERTIES = "__properties_version1.0"
SUBSTANCE = "__substg1.0_"
ATTACHED, RECIPIENT = "__attach_version1.0_", "__recip_version1.0_"
EMBEDDED = "__substg1.0_3701000D"
HEADER_BYTES = {"message": 32, "embedded": 24, "part": 8}
"""Bytes before the first entry of a properties stream."""
MAX_STREAM_BYTES = 64 * 1024**2
MAX_RECIPIENTS = 1000
ENTRY = struct.Struct("<HHI8s")

Folder = tuple[str, ...]


class _Container:
    def __init__(self, ole: Any) -> None:
        self.ole = ole
        self.below: dict[Folder, list[str]] = {}
        for *folder, name in ole.listdir(streams=True, storages=True):
            self.below.setdefault(tuple(folder), []).append(name)

    def mail(self, folder: Folder) -> Mail:
        own = self.properties(folder, "embedded" if folder else "message")
        recipients = [
            self.properties((*folder, name), "part")
            for name in self.names(folder, RECIPIENT)[:MAX_RECIPIENTS]
        ]
        attached = [self.attachment((*folder, name)) for name in self.names(folder, ATTACHED)]
        return mapi.mail_of(own, recipients, attached)

    def names(self, folder: Folder, beginning: str) -> list[str]:
        return sorted(name for name in self.below.get(folder, []) if name.startswith(beginning))

    def attachment(self, folder: Folder) -> Attachment:
        own = self.properties(folder, "part")
        names = (mapi.text_of(own, key) for key in (mapi.LONG_NAME, mapi.SHORT_NAME, mapi.NAME))
        name = one_line(next(filter(None, names), "")) or "attachment"
        method = own.get(mapi.METHOD)
        if method == mapi.EMBEDDED_MESSAGE and EMBEDDED in self.below.get(folder, []):
            inner = (*folder, EMBEDDED)
            return Attachment(name[:MAX_NAME], opened=lambda: self.mail(inner))
        data = own.get(mapi.DATA)
        if not isinstance(data, bytes):
            why = "it is kept elsewhere" if method in mapi.BY_REFERENCE else "an embedded object"
            return Attachment(name[:MAX_NAME], fault=why)
        is_picture = mapi.text_of(own, mapi.MIME_TYPE).startswith("image/")
        is_inline = is_picture and bool(own.get(mapi.CONTENT_ID))
        return Attachment(name[:MAX_NAME], data, is_inline_picture=is_inline)

    def properties(self, folder: Folder, kind: str) -> mapi.Properties:
        """Return the properties of a storage: long ones have a stream each."""
        found: mapi.Properties = dict(self._short(folder, HEADER_BYTES[kind]))
        for name in self.names(folder, SUBSTANCE):
            try:
                tag = int(name[len(SUBSTANCE) : len(SUBSTANCE) + 8], 16)
            except ValueError:
                continue
            key, type_ = tag >> 16, tag & 0xFFFF
            if type_ == mapi.TEXT:
                found[key] = self._stream((*folder, name)).decode("utf-16-le", "replace")
            elif type_ in {mapi.TEXT_8BIT, mapi.BINARY}:
                found[key] = self._stream((*folder, name))
        return found

    def _short(self, folder: Folder, start: int) -> Iterator[tuple[int, Any]]:
        path = (*folder, PROPERTIES)
        data = self._stream(path) if PROPERTIES in self.below.get(folder, []) else b""
        for at in range(start, len(data) - ENTRY.size + 1, ENTRY.size):
            type_, key, _, value = ENTRY.unpack_from(data, at)
            if type_ == mapi.TIME:
                yield key, mapi.moment_of(int.from_bytes(value, "little")) or 0
            elif type_ in {mapi.INT16, mapi.INT32, mapi.BOOLEAN}:
                yield key, int.from_bytes(value[:4], "little")

    def _stream(self, path: Folder) -> bytes:
        if self.ole.get_size(list(path)) > MAX_STREAM_BYTES:
            message = f"part of a message over the limit of {MAX_STREAM_BYTES} bytes"
            raise DocumentError(FailureKind.TOO_LARGE, message)
        data: bytes = self.ole.openstream(list(path)).read()
        return data


def mail_of(path: Path) -> Mail:
    """Return the message of a .msg file.

    Raises:
        DocumentError: Corrupt, TooLarge, or Unsupported without olefile.
    """
    try:
        import olefile
    except ImportError as error:
        message = "Outlook messages need the package olefile"
        raise DocumentError(FailureKind.UNSUPPORTED, message) from error
    # The bytes are given: the library guesses what a text stands for, a path or a document.
    try:
        return _Container(olefile.OleFileIO(path.read_bytes())).mail(())
    except (MemoryError, DocumentError):
        raise
    except Exception as error:  # olefile raises what its structures happen to raise
        raise DocumentError(FailureKind.CORRUPT, f"broken Outlook message: {error}") from error
