"""Width and height of a picture from its head, without decoding it."""

import struct
from collections.abc import Callable

TIFF_WIDTH, TIFF_HEIGHT = 256, 257
TIFF_SHORT = 3
JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Start-of-frame markers; the three left out are tables (ITU T.81, table B.1)."""
JPEG_BARE_MARKERS = frozenset({0x01, *range(0xD0, 0xD9)})


def size_of(head: bytes, media_type: str) -> tuple[int, int] | None:
    """Return width and height in pixels, or None when the head does not tell."""
    reader = READERS.get(media_type)
    try:
        return reader(head) if reader else None
    except (struct.error, IndexError):
        return None


def _png(head: bytes) -> tuple[int, int]:
    width, height = struct.unpack_from(">II", head, 16)
    return width, height


def _gif(head: bytes) -> tuple[int, int]:
    width, height = struct.unpack_from("<HH", head, 6)
    return width, height


def _bmp(head: bytes) -> tuple[int, int]:
    width, height = struct.unpack_from("<ii", head, 18)
    # A negative height only says that the rows run downwards.
    return abs(width), abs(height)


def _jpeg(head: bytes) -> tuple[int, int] | None:
    at = 2
    while at < len(head):
        if head[at] != 0xFF:
            return None
        marker = head[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker in JPEG_BARE_MARKERS:
            at += 2
        elif marker in JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", head, at + 5)
            return width, height
        else:
            (length,) = struct.unpack_from(">H", head, at + 2)
            at += 2 + length
    return None


def _webp(head: bytes) -> tuple[int, int] | None:
    kind = head[12:16]
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", head, 26)
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", head, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8X":
        width = int.from_bytes(head[24:27], "little")
        return width + 1, int.from_bytes(head[27:30], "little") + 1
    return None


def _tiff(head: bytes) -> tuple[int, int] | None:
    order = "<" if head[:2] == b"II" else ">"
    (version, start) = struct.unpack_from(order + "HI", head, 2)
    if version != 42:  # BigTIFF has another layout
        return None
    (count,) = struct.unpack_from(order + "H", head, start)
    values = {}
    for entry in range(start + 2, start + 2 + 12 * count, 12):
        tag, kind = struct.unpack_from(order + "HH", head, entry)
        form = order + ("H" if kind == TIFF_SHORT else "I")
        (values[tag],) = struct.unpack_from(form, head, entry + 8)
    if TIFF_WIDTH not in values or TIFF_HEIGHT not in values:
        return None
    return values[TIFF_WIDTH], values[TIFF_HEIGHT]


READERS: dict[str, Callable[[bytes], tuple[int, int] | None]] = {
    "image/png": _png,
    "image/gif": _gif,
    "image/bmp": _bmp,
    "image/jpeg": _jpeg,
    "image/webp": _webp,
    "image/tiff": _tiff,
}
