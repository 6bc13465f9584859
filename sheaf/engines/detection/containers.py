"""Documents inside zip and OLE2 containers: their type, and whether they are safe to unpack."""

import re
import struct
import zipfile
import zlib
from pathlib import Path

from sheaf.contracts.failures import DocumentError, FailureKind
from sheaf.engines.system_faults import is_of_document

MAX_ENTRIES = 10_000
MAX_UNPACKED_BYTES = 2 * 1024**3
MAX_RATIO = 100
RATIO_SLACK_BYTES = 64 * 1024**2
"""What any container may unpack to. Small XML packs better than 100:1 in legitimate files (3 of
189 measured), and does no harm at this size."""
MAX_TYPE_BYTES = 4 * 1024**2
"""Most that is read of the entry that names the type."""

CFB_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MAX_CFB_DIRECTORY_SECTORS = 1024

_OPEN_XML = "application/vnd.openxmlformats-officedocument."
DOCX = _OPEN_XML + "wordprocessingml.document"
PPTX = _OPEN_XML + "presentationml.presentation"
XLSX = _OPEN_XML + "spreadsheetml.sheet"
XLSM = "application/vnd.ms-excel.sheet.macroEnabled.12"
XLSB = "application/vnd.ms-excel.sheet.binary.macroEnabled.12"
XLS = "application/vnd.ms-excel"
ODS = "application/vnd.oasis.opendocument.spreadsheet"
MSG = "application/vnd.ms-outlook"
EPUB = "application/epub+zip"

OPEN_XML_PARTS = (
    # The content type of the main part, as [Content_Types].xml states it.
    (b"ms-excel.sheet.macroenabled.main", XLSM),
    (b"ms-excel.sheet.binary.macroenabled.main", XLSB),
    (b"spreadsheetml.sheet.main", XLSX),
    (b"spreadsheetml.template.main", XLSX),
    (b"wordprocessingml.document.main", DOCX),
    (b"wordprocessingml.template.main", DOCX),
    (b"ms-word.document.macroenabled.main", DOCX),
    (b"presentationml.presentation.main", PPTX),
    (b"presentationml.slideshow.main", PPTX),
    (b"presentationml.template.main", PPTX),
    (b"ms-powerpoint.presentation.macroenabled.main", PPTX),
)
OPEN_XML_FOLDERS = (("word/", DOCX), ("ppt/", PPTX), ("xl/", XLSX))
OPEN_DOCUMENT = re.compile(r"application/vnd\.oasis\.opendocument\.[a-z-]+")

CFB_STREAMS = (
    ("worddocument", "application/msword"),
    ("workbook", XLS),
    ("book", XLS),
    ("powerpoint document", "application/vnd.ms-powerpoint"),
    ("__properties_version1.0", MSG),
)


def zip_type(path: Path) -> str:
    """Return the media type of an Office, OpenDocument or EPUB container.

    Raises:
        DocumentError: Corrupt, TooLarge, PasswordRequired, or Unsupported for a plain archive.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _check_size(archive)
            return _zip_type(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as error:
        if isinstance(error, OSError) and not is_of_document(error):
            raise
        raise DocumentError(FailureKind.CORRUPT, f"broken zip container: {error}") from error
    except NotImplementedError as error:
        raise DocumentError(FailureKind.UNSUPPORTED, f"zip container: {error}") from error


def cfb_type(path: Path) -> str:
    """Return the media type of an OLE2 compound file (MS-CFB) by the names of its streams.

    Raises:
        DocumentError: PasswordRequired, Corrupt or Unsupported.
    """
    try:
        names = _cfb_names(path)
    except (struct.error, IndexError) as error:
        raise DocumentError(FailureKind.CORRUPT, f"broken OLE2 container: {error}") from error
    if "encryptedpackage" in names:
        raise DocumentError(FailureKind.PASSWORD_REQUIRED, "the Office document is encrypted")
    for stream, media_type in CFB_STREAMS:
        if stream in names:
            return media_type
    raise DocumentError(
        FailureKind.UNSUPPORTED, "the OLE2 container holds no Word, Excel, PowerPoint or mail"
    )


def _check_size(archive: zipfile.ZipFile) -> None:
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES:
        message = f"zip container of {len(entries)} entries, over the limit of {MAX_ENTRIES}"
        raise DocumentError(FailureKind.TOO_LARGE, message)
    unpacked = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    limit = min(MAX_RATIO * packed + RATIO_SLACK_BYTES, MAX_UNPACKED_BYTES)
    if unpacked > limit:
        message = f"zip container unpacks to {unpacked} bytes, over its limit of {limit}"
        raise DocumentError(FailureKind.TOO_LARGE, message)


def _zip_type(archive: zipfile.ZipFile) -> str:
    names = archive.namelist()
    if "mimetype" in names:
        declared = _head(archive, "mimetype").decode("ascii", "replace").strip()
        if declared == EPUB:
            return EPUB
        if match := OPEN_DOCUMENT.match(declared):
            _refuse_encrypted_open_document(archive, names)
            return match.group().removesuffix("-template")
    if "[Content_Types].xml" in names:
        types = _head(archive, "[Content_Types].xml").lower()
        for part, media_type in OPEN_XML_PARTS:
            if part in types:
                return media_type
        for folder, media_type in OPEN_XML_FOLDERS:
            if any(name.startswith(folder) for name in names):
                return media_type
    if "META-INF/container.xml" in names:
        return EPUB
    message = "the file is a zip archive, not a document: unpack it, and process the folder"
    raise DocumentError(FailureKind.UNSUPPORTED, message)


def _refuse_encrypted_open_document(archive: zipfile.ZipFile, names: list[str]) -> None:
    manifest = "META-INF/manifest.xml"
    if manifest in names and b"encryption-data" in _head(archive, manifest):
        raise DocumentError(FailureKind.PASSWORD_REQUIRED, "the OpenDocument file is encrypted")


def _head(archive: zipfile.ZipFile, name: str) -> bytes:
    if archive.getinfo(name).flag_bits & 1:
        raise DocumentError(FailureKind.PASSWORD_REQUIRED, "the zip container is encrypted")
    with archive.open(name) as entry:
        return entry.read(MAX_TYPE_BYTES)


def _cfb_names(path: Path) -> set[str]:
    """Return the names in the directory, in lower case as the format compares them.

    It is followed as far as the 109 FAT sectors named in the header lead.
    """
    with path.open("rb") as file:
        header = file.read(512)
        (shift,) = struct.unpack_from("<H", header, 30)
        if shift not in {9, 12}:
            raise DocumentError(FailureKind.CORRUPT, "broken OLE2 container: odd sector size")
        size = 1 << shift
        (sector,) = struct.unpack_from("<I", header, 48)
        fat_sectors = struct.unpack_from("<109I", header, 76)
        names: set[str] = set()
        for _ in range(MAX_CFB_DIRECTORY_SECTORS):
            if sector >= 0xFFFFFFFA:  # end of chain, or no sector at all
                break
            file.seek((sector + 1) * size)
            entries = file.read(size)
            if len(entries) < size:
                raise DocumentError(FailureKind.CORRUPT, "broken OLE2 container: it is cut short")
            names |= _entry_names(entries)
            index, offset = divmod(sector, size // 4)
            file.seek((fat_sectors[index] + 1) * size + 4 * offset)
            (sector,) = struct.unpack("<I", file.read(4))
        return names


def _entry_names(sector: bytes) -> set[str]:
    names = set()
    for start in range(0, len(sector) - 127, 128):
        (length,) = struct.unpack_from("<H", sector, start + 64)
        raw = sector[start : start + max(0, min(length, 64) - 2)]
        names.add(raw.decode("utf-16-le", "replace").lower())
    return names
