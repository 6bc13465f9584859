"""What a file is, by its bytes.

A name is only believed where bytes cannot tell, among plain text types. A document that carries
a wrong extension is read as what it is; bytes that are no document are refused, with a reason.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from sheaf.contracts.failures import DocumentError, FailureKind
from sheaf.engines.detection import containers
from sheaf.engines.detection.charset import decode
from sheaf.engines.detection.mail_signs import is_mail
from sheaf.engines.detection.notebook_signs import is_notebook
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
    is_text: bool = False
    """Whether the file may be shown as plain text where its engine cannot read it."""


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
TNEF = "application/vnd.ms-tnef"
TNEF_MAGIC = b"\x78\x9f\x3e\x22"
"""Of a winmail.dat (MS-OXTNEF)."""

TEXT_EXTENSIONS = {
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".tab": "text/tab-separated-values",
    ".md": "text/markdown",
    ".markdown": "text/markdown",
}
"""Types that only the name tells from plain text."""

SPREADSHEET_NAMES = frozenset({".xls", ".xlsx"})
"""Names that programs give to tables in other formats, which Excel opens all the same."""

_MARKUP = r"\A\s*+(?:<\?xml[^>]*+>\s*+)?+(?:<!--(?>.*?-->)\s*+)*+"
HTML_START = re.compile(
    _MARKUP + r"<(?:!doctype\s++html|html|head|body|title|meta)\b", re.IGNORECASE | re.DOTALL
)
TABLE_START = re.compile(_MARKUP + r"<table\b[^>]*+>", re.IGNORECASE | re.DOTALL)
TABLE_CELL = re.compile(r"<t[dh]\b", re.IGNORECASE)
HTML_TAG = re.compile(r"<(?:html|body|head|div|table|p|h[1-6]|ul|ol|span)\b[^<>]*+>", re.IGNORECASE)
XML_START = re.compile(r"\A\s*<\?xml\b", re.IGNORECASE)
WORKBOOK_START = re.compile(
    _MARKUP + r"(?:<\?[^>]*+>\s*+)*+<(?:\w++:)?+Workbook\s[^<>]*+>", re.IGNORECASE | re.DOTALL
)
WORKBOOK_SPACE = "urn:schemas-microsoft-com:office:spreadsheet"
XML_ROOT_WITHIN = 4096
PDF_HEADER = re.compile(rb"%PDF-\d\.\d")
PDF_OBJECT = re.compile(rb"\d [0-9]{1,5} obj\b")
PDF_TAIL_BYTES = 2048
BEFORE_SIGNATURES = b"\x00\t\n\x0c\r \xef\xbb\xbf"
MAX_HOLE_BYTES = 16 * 1024**2
"""Most zeros that are skipped at the begin of a file; a disk without power leaves such holes."""


def detect(path: Path, name: str) -> Detected:
    """Return the type of a file.

    Raises:
        DocumentError: Empty (no bytes), Unsupported, PasswordRequired (encrypted Office file),
            Corrupt or TooLarge (broken or overblown zip container).
    """
    with path.open("rb", buffering=0) as file:
        head = _head(file)
    if not head:
        raise DocumentError(FailureKind.EMPTY, "file is empty (0 bytes)")
    if head.startswith(TNEF_MAGIC):
        return Detected(TNEF, Family.MAIL)
    return _binary(path, head) or _textual(path, head, name_hint(name))


def _head(file: BinaryIO) -> bytes:
    """Return the first bytes of a file, from its first that is no zero where those are many."""
    head = first = file.read(HEAD_BYTES)
    while head and not head.strip(b"\x00") and file.tell() < MAX_HOLE_BYTES:
        head = file.read(HEAD_BYTES)
    return head or first


def _binary(path: Path, head: bytes) -> Detected | None:
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return Detected(containers.zip_type(path), Family.OFFICE)
    if head.startswith(containers.CFB_MAGIC):
        return _compound(path)
    if head.lstrip(BEFORE_SIGNATURES).startswith(b"{\\rtf"):
        return Detected("application/rtf", Family.OFFICE)
    if _is_pdf(path, head):
        return Detected("application/pdf", Family.PDF)
    if (image := _image_type(head)) is not None:
        return Detected(image, Family.IMAGE)
    _refuse_non_documents(head)
    return None


def _compound(path: Path) -> Detected:
    media_type = containers.cfb_type(path)
    return Detected(media_type, Family.MAIL if media_type == containers.MSG else Family.OFFICE)


def _is_pdf(path: Path, head: bytes) -> bool:
    """Whether a header is followed by objects: a text may well cite `%PDF-1.7`."""
    found = PDF_HEADER.search(head[:PDF_HEADER_WITHIN])
    if found is None:
        return False
    before = head[: found.start()].strip(BEFORE_SIGNATURES)
    has_object = PDF_OBJECT.search(head, found.end()) is not None
    if (has_object and not before) or not looks_like_text(head):
        return True
    if not has_object:
        # A bare header is refused by the engine, as a broken PDF.
        return not before and not head[found.end() :].partition(b"\n")[0].strip()
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - PDF_TAIL_BYTES))
        tail = file.read().rstrip(BEFORE_SIGNATURES)
    # Headers of a download may stand before it; a page that explains the format goes on behind.
    return tail.endswith(b"%%EOF") and not before.startswith(b"<")


def _image_type(head: bytes) -> str | None:
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "image/webp"
    for magic, media_type in IMAGES:
        # Two letters are too weak a sign alone: a text may well begin with BM.
        if head.startswith(magic) and (len(magic) > 2 or not looks_like_text(head)):
            return media_type
    return None


def _refuse_non_documents(head: bytes) -> None:
    if head[TAR_MAGIC_AT : TAR_MAGIC_AT + 6] in {b"ustar\x00", b"ustar "}:
        message = "the file is a tar archive, not a document: unpack it, and process the folder"
        raise DocumentError(FailureKind.UNSUPPORTED, message)
    if looks_like_text(head):
        return
    for magic, what in REFUSED:
        if head.startswith(magic):
            advice = ": unpack it, and process the folder" if "archive" in what else ""
            message = f"the file is {what}, not a document{advice}"
            raise DocumentError(FailureKind.UNSUPPORTED, message)
    message = "the file is binary data of no known document type"
    raise DocumentError(FailureKind.UNSUPPORTED, message)


def _textual(path: Path, head: bytes, extension: str) -> Detected:
    text = decode(head)
    if extension not in TEXT_EXTENSIONS:
        if is_mail(text, is_named=extension == ".eml"):
            return Detected("message/rfc822", Family.MAIL, is_text=True)
        if markup := _markup_type(text, extension):
            return Detected(markup, Family.OFFICE, is_text=True)
    if text.lstrip()[:1] in {"{", "["} and is_notebook(path, text, extension):
        return Detected("application/x-ipynb+json", Family.OFFICE, is_text=True)
    if extension in SPREADSHEET_NAMES:
        media_type = "text/tab-separated-values" if "\t" in text else "text/csv"
        return Detected(media_type, Family.TEXT)
    is_json = extension in {".json", ".ipynb"} and text.lstrip()[:1] in {"{", "["}
    plain = "application/json" if is_json else "text/plain"
    return Detected(TEXT_EXTENSIONS.get(extension, plain), Family.TEXT)


def _xml_type(text: str) -> str | None:
    """Return the type of XML, some of which is a spreadsheet in one file."""
    if (root := WORKBOOK_START.match(text)) and WORKBOOK_SPACE in root[0]:
        return containers.XLS
    if not XML_START.match(text):
        return None
    head = text[:XML_ROOT_WITHIN]
    is_flat = "<office:document" in head and f'"{containers.ODS}"' in head
    return containers.ODS if is_flat else "application/xml"


def _markup_type(text: str, extension: str) -> str | None:
    if HTML_START.match(text):
        return "text/html"
    if xml_type := _xml_type(text):
        return xml_type
    table = TABLE_START.match(text)
    if table and TABLE_CELL.search(text, table.end()):
        return "text/html"
    is_named = extension in {".html", ".htm", *SPREADSHEET_NAMES}
    return "text/html" if is_named and HTML_TAG.search(text) else None
