"""Pictures, read by OCR: each frame of a TIFF is a page, and each page is turned upright."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from sheaf.contracts.documents import ParsedDocument, ParsedPage
from sheaf.contracts.failures import DocumentError, FailureKind
from sheaf.engines import ocr
from sheaf.engines.detection.image_size import size_of
from sheaf.engines.pdf.liteparse import UNOPENED, page_from, render
from sheaf.engines.pictures import PLAIN_MODES, plain, read_picture
from sheaf.engines.source import Source, package_version
from sheaf.engines.system_faults import raise_if_of_machine, raise_unopened

MAX_PIXELS = 100_000_000
"""A4 at 1,000 dpi; liteparse holds a picture in memory several times over."""
HEAD_BYTES = 4 * 1024**2
"""Enough to find the size behind the thumbnails and colour profiles of a JPEG."""
MAX_FRAMES = 1000

SUFFIXES = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/gif": ".gif",
    "image/tiff": ".tiff",
    "image/webp": ".webp",
    "image/bmp": ".bmp",
}
FORMATS = {"image/jpeg": ("JPEG", "MPO")}
"""Pillow's names, where they are not those of the type."""
ORIENTATION = 274
"""The tag by which cameras and scanners say how a picture lies."""
SUBFILE_TYPE = 254
REDUCED = 1
"""Bit of the subfile type: a smaller copy of another frame."""


def read(source: Source) -> ParsedDocument:
    """Read the text in a picture.

    Raises:
        DocumentError: TooLarge, Corrupt, Empty when OCR is off, or Unsupported when the data of
            a language is missing.
    """
    with source.path.open("rb") as file:
        size = size_of(file.read(HEAD_BYTES), source.media_type)
    if size is not None:
        _check_pixels(size)
    if not source.options.ocr:
        raise DocumentError(
            FailureKind.EMPTY, "a picture has no text without OCR, which is turned off"
        )
    language = ocr.language_argument(source.options.languages)
    with _opened(source) as picture:
        frames = _frames(picture)
        wanted = source.wanted(len(frames))
        pages = [_page(source, picture, frames[at - 1], at, language) for at in wanted]
        is_animation = len(frames) == 1 and getattr(picture, "n_frames", 1) > 1
        is_animation = is_animation and source.media_type not in {"image/jpeg", "image/tiff"}
    failed = [page for page in pages if page.error]
    if len(failed) == len(pages):
        raise DocumentError(FailureKind.CORRUPT, str(failed[0].error))
    warnings = [f"{len(failed)} of {len(pages)} frames could not be read"] if failed else []
    if is_animation:
        warnings.append(f"the first of {picture.n_frames} frames of an animation was read")
    return ParsedDocument(
        pages=tuple(pages),
        media_type=source.media_type,
        engine="liteparse",
        engine_version=package_version("liteparse"),
        total_pages=len(frames),
        is_truncated=bool(failed),
        warnings=tuple(warnings),
    )


@contextmanager
def _opened(source: Source) -> Iterator[Any]:
    """Give the picture; None where Pillow does not know it, and liteparse may."""
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # the bound is ours, and frames are looked at one by one
    formats = FORMATS.get(source.media_type, (source.media_type.partition("/")[2].upper(),))
    # Not by its path: pixels that lie as they are in a file are mapped then, and not turned.
    with source.path.open("rb") as file:
        try:
            picture = Image.open(file, formats=formats)
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 - a plugin raises whatever a file makes it
            raise_if_of_machine(error)
            picture = None
        if picture is None:
            yield None
            return
        with picture:
            yield picture


def _frames(picture: Any) -> list[int]:
    """Return the frames that are pages: those of a TIFF but for smaller copies, else the first."""
    if picture is None or picture.format != "TIFF":
        return [0]
    frames = []
    try:
        for at in range(min(picture.n_frames, MAX_FRAMES)):
            picture.seek(at)
            if not int(picture.tag_v2.get(SUBFILE_TYPE, 0)) & REDUCED:
                frames.append(at)
    except Exception as error:  # noqa: BLE001 - as above; the frames before are whole
        raise_if_of_machine(error)
    return frames or [0]


def _page(source: Source, picture: Any, frame: int, number: int, language: str) -> ParsedPage:
    """Return a frame as a page; one that cannot be read says why."""
    try:
        native, turn = _read(source, picture, frame, language)
    except (DocumentError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 - as above
        raise_if_of_machine(error)
        if UNOPENED in str(error):
            raise_unopened(source.path)
        reason = f"the picture cannot be read: {error}"
        return ParsedPage(page=number, text="", md="", error=reason)
    page = page_from(native, source.options.changed(images=(), inline_images=False))
    return page.changed(page=number, orientation=turn or None)


def _read(source: Source, picture: Any, frame: int, language: str) -> tuple[Any, int]:
    first, refusal = None, None
    if picture is None or _is_plain(picture, frame):
        options = source.options.changed(images=(), inline_images=False)
        suffix = SUFFIXES[source.media_type]
        as_it_is = replace(source, options=options)
        try:
            first = render(as_it_is, suffix, pages=None, limit=1, language=language).pages[0]
        except (DocumentError, MemoryError):
            raise
        except Exception as error:
            if picture is None or UNOPENED in str(error):
                raise
            raise_if_of_machine(error)
            refusal = error  # Pillow may be able to
        if picture is None:
            return first, 0
    kept: list[Any] = []

    def image() -> Any:
        if not kept:
            kept.append(_upright(picture, frame))
        return kept[0]

    try:
        return read_picture(image, source, language, first=first)
    except OSError as error:
        raise_if_of_machine(error)
        if first is None:
            raise refusal or error from error
        return first, 0  # cut short: what there is of it was read


def _is_plain(picture: Any, frame: int) -> bool:
    """Whether liteparse can read the file as it is."""
    return (
        frame == 0
        and picture.mode in PLAIN_MODES
        and "transparency" not in picture.info
        and _stored_orientation(picture) == 1
    )


def _stored_orientation(picture: Any) -> int:
    # Pillow turns a TIFF by itself, and then its EXIF data say nothing of it.
    tags = picture.tag_v2 if picture.format == "TIFF" else picture.getexif()
    return int(tags.get(ORIENTATION) or 1)


def _upright(picture: Any, frame: int) -> Any:
    from PIL import ImageOps

    picture.seek(frame)
    _check_pixels(picture.size)
    picture.load()  # which turns a TIFF as it says
    return plain(picture if picture.format == "TIFF" else ImageOps.exif_transpose(picture))


def _check_pixels(size: tuple[int, int]) -> None:
    width, height = size
    if width * height > MAX_PIXELS:
        message = f"picture of {width} x {height}, over the limit of {MAX_PIXELS} pixels"
        raise DocumentError(FailureKind.TOO_LARGE, message)
