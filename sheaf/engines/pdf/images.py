"""Pictures of and in the pages of a PDF: kept as files, or written into the markdown."""

import base64
import io
from pathlib import Path
from typing import Any

from sheaf.contracts.documents import ParsedPage, ParseOptions
from sheaf.contracts.page_parts import IMAGE_TYPES, PageImage
from sheaf.engines.pdf.liteparse import PLACEHOLDER, box_of

JPEG_QUALITY = 85
"""Letters of 8 points stay legible at the 150 dpi that pages are drawn at."""
MAX_TOTAL_BYTES = 256 * 1024**2
"""Most bytes of pictures that are kept of one document."""
MAX_INLINE_BYTES = 64 * 1024**2
"""Most bytes of pictures in the markdown of one document; base64 adds a third."""


class Pictures:
    """Takes the pictures of a document, call by call of the engine, up to a total of bytes.

    Args:
        options: which pictures are wanted.
        folder: where their files go; needed when any are to be kept.
    """

    def __init__(self, options: ParseOptions, folder: Path | None) -> None:
        self._options = options
        self._folder = folder
        # By name: a page that is read again by OCR brings its pictures again.
        self._kept: dict[str, int] = {}
        self._inlined: dict[str, int] = {}
        self.left_out = 0
        """Pictures over the bounds."""

    def put_on(self, pages: dict[int, ParsedPage], answer: Any) -> dict[int, ParsedPage]:
        """Return pages with their pictures, whose files are written."""
        if not (self._options.images or self._options.inline_images):
            return pages
        of_page: dict[int, list[PageImage]] = {number: [] for number in pages}
        data: dict[str, bytes] = {}
        for shot in answer.screenshots or ():
            self._keep(of_page[shot.page_num], _screenshot(shot), as_jpeg(shot.image_bytes))
        for native in answer.images or ():
            content = native.bytes or b""
            data[native.name] = content
            if "embedded" in self._options.images:
                self._keep(of_page[native.page], _embedded(native), content)
        return {
            number: self._finished(page, tuple(of_page[number]), data)
            for number, page in pages.items()
        }

    def _keep(self, images: list[PageImage], image: PageImage, content: bytes) -> None:
        self._kept.pop(image.name, None)
        if self._folder is None or sum(self._kept.values()) + len(content) > MAX_TOTAL_BYTES:
            self.left_out += 1
            return
        self._kept[image.name] = len(content)
        (self._folder / image.name).write_bytes(content)
        images.append(image)

    def _finished(
        self, page: ParsedPage, images: tuple[PageImage, ...], data: dict[str, bytes]
    ) -> ParsedPage:
        kept = {image.name for image in images}
        md = PLACEHOLDER.sub(lambda match: self._link(match[0], match[1], kept, data), page.md)
        return page.changed(images=images, md=md.strip("\n"))

    def _link(self, link: str, name: str, kept: set[str], data: dict[str, bytes]) -> str:
        """Return a link to a picture as data, as it is when it is kept, or nothing."""
        content = data.get(name, b"")
        self._inlined.pop(name, None)
        fits = sum(self._inlined.values()) + len(content) <= MAX_INLINE_BYTES
        if self._options.inline_images and content and fits:
            self._inlined[name] = len(content)
            media_type = IMAGE_TYPES.get(name.rpartition(".")[2], "application/octet-stream")
            written = f"data:{media_type};base64,{base64.b64encode(content).decode()}"
            return link.replace(f"({name})", f"({written})")
        return link if name in kept else ""


def as_jpeg(png: bytes) -> bytes:
    """Return a picture of a page as JPEG, by which clients know screenshots from other pictures."""
    # Here, since most jobs ask for no screenshot.
    from PIL import Image

    written = io.BytesIO()
    with Image.open(io.BytesIO(png), formats=("PNG",)) as picture:
        picture.convert("RGB").save(written, "JPEG", quality=JPEG_QUALITY)
    return written.getvalue()


def _screenshot(native: Any) -> PageImage:
    return PageImage(
        name=f"page_{native.page_num}.jpg",
        kind="screenshot",
        width=native.width,
        height=native.height,
    )


def _embedded(native: Any) -> PageImage:
    box = box_of(native.bbox) if native.bbox else None
    return PageImage(
        name=native.name, kind="embedded", width=native.width, height=native.height, box=box
    )
