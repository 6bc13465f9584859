"""What a file is, by its bytes.

A name is only believed where bytes cannot tell, among plain text types. A document that carries
a wrong extension is read as what it is; bytes that are no document are refused, with a reason.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sheaf.contracts.failures import DocumentError, FailureKind
from sheaf.engines.detection import containers
from sheaf.engines.detection.charset import decode
from sheaf.engines.detection.readable_text import looks_like_text
from sheaf.rules.name_hints import name_hint

HEAD_BYTES = 64 * 1024
PDF_HEADER_WITHIN = 1024
"""Bytes in which readers look for `%PDF-` (ISO 32000-1, Annex H.3.4.1)."""


class Family(StrEnum):
    """The engine that reads a type."""

    PDF = "pdf"
    IMAGE = "images"
    OFFICE = "office"
    MAIL = "mail"
    TEXT = "text"


@dataclass(frozen=True)
class Detected:
    """A media type of the IANA registry, and who reads it."""

    media_type: str
    family: Family


IMAGES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"II+\x00", "image/tiff"),
    (b"MM\x00+", "image/tiff"),
    (b"BM", "image/bmp"),
)

REFUSED = (
    (b"\x7fELF", "an ELF program"),
    (b"MZ", "a Windows program"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
)
TAR_MAGIC_AT = 257

TEXT_EXTENSIONS = {
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".tab": "text/tab-separated-values",
    ".md": "text/markdown",
    ".markdown": "text/markdown",
}
"""Types that only the name tells from plain text."""

MAIL_HEADER = re.compile(
    r"^(received|return-path|delivered-to|message-id|mime-version|from|to|cc|subject|date|sender"
    r"|reply-to|x-[\w-]+|dkim-signature|content-type|authentication-results|arc-seal"
    r"|content-transfer-encoding|thread-topic|references|in-reply-to|user-agent):",
    re.IGNORECASE,
)
ANY_HEADER = re.compile(r"^[!-9;-~]+:")
HTML_START = re.compile(
    r"\A\s*+(?:<\?xml[^>]*+>\s*+)?+(?:<!--(?>.*?-->)\s*+)*+"
    r"<(?:!doctype\s++html|html|head|body|title|meta)\b",
    re.IGNORECASE | re.DOTALL,
)
HTML_TAG = re.compile(r"<(?:html|body|head|div|table|p|h[1-6]|ul|ol|span)\b[^<>]*+>", re.IGNORECASE)
XML_START = re.compile(r"\A\s*<\?xml\b", re.IGNORECASE)


def detect(path: Path, name: str) -> Detected:
    """Return the type of a file.

    Raises:
        DocumentError: Empty (no bytes), Unsupported, PasswordRequired (encrypted Office file),
            Corrupt or TooLarge (broken or overblown zip container).
    """
    with path.open("rb", buffering=0) as file:
        head = file.read(HEAD_BYTES)
    if not head:
        raise DocumentError(FailureKind.EMPTY, "file is empty (0 bytes)")
    return _binary(path, head) or _textual(head, name_hint(name))


def _binary(path: Path, head: bytes) -> Detected | None:
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return Detected(containers.zip_type(path), Family.OFFICE)
    if head.startswith(containers.CFB_MAGIC):
        return Detected(containers.cfb_type(path), Family.OFFICE)
    if head.lstrip().startswith(b"{\\rtf"):
        return Detected("application/rtf", Family.OFFICE)
    if b"%PDF-" in head[:PDF_HEADER_WITHIN]:
        return Detected("application/pdf", Family.PDF)
    if (image := _image_type(head)) is not None:
        return Detected(image, Family.IMAGE)
    _refuse_non_documents(head)
    return None


def _image_type(head: bytes) -> str | None:
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "image/webp"
    for magic, media_type in IMAGES:
        # Two letters are too weak a sign alone: a text may well begin with BM.
        if head.startswith(magic) and (len(magic) > 2 or not looks_like_text(head)):
            return media_type
    return None


def _refuse_non_documents(head: bytes) -> None:
    if looks_like_text(head):
        return
    for magic, what in REFUSED:
        if head.startswith(magic):
            advice = ": unpack it, and process the folder" if "archive" in what else ""
            message = f"the file is {what}, not a document{advice}"
            raise DocumentError(FailureKind.UNSUPPORTED, message)
    if head[TAR_MAGIC_AT : TAR_MAGIC_AT + 5] == b"ustar":
        message = "the file is a tar archive, not a document: unpack it, and process the folder"
        raise DocumentError(FailureKind.UNSUPPORTED, message)
    message = "the file is binary data of no known document type"
    raise DocumentError(FailureKind.UNSUPPORTED, message)


def _textual(head: bytes, extension: str) -> Detected:
    text = decode(head)
    if extension not in TEXT_EXTENSIONS:
        if _is_mail(text, extension):
            return Detected("message/rfc822", Family.MAIL)
        if HTML_START.match(text) or (extension in {".html", ".htm"} and HTML_TAG.search(text)):
            return Detected("text/html", Family.OFFICE)
        if XML_START.match(text):
            return Detected("application/xml", Family.OFFICE)
    if text.lstrip()[:1] in {"{", "["}:
        if extension == ".ipynb" or re.search(r'"nbformat"\s*:|"cell_type"\s*:', text):
            return Detected("application/x-ipynb+json", Family.OFFICE)
        if extension == ".json":
            return Detected("application/json", Family.TEXT)
    return Detected(TEXT_EXTENSIONS.get(extension, "text/plain"), Family.TEXT)


def _is_mail(text: str, extension: str) -> bool:
    """Whether the text begins as a message of RFC 5322 does.

    A name of `.eml` makes a single known header enough; without one, three are asked for, so
    that a note that begins `To: all` stays a note.
    """
    known = 0
    lines = text.lstrip("\r\n").splitlines()
    if lines and lines[0].startswith("From "):
        lines = lines[1:]
    for line in lines:
        if not line.strip():
            break
        if MAIL_HEADER.match(line):
            known += 1
        elif not (line[0] in " \t" or ANY_HEADER.match(line)):
            break
    return known >= (1 if extension == ".eml" else 3)
