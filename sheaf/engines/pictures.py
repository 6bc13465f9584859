"""One picture as a page of text: made fit for OCR, turned upright, read."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sheaf.engines.orientation import read_upright
from sheaf.engines.pdf.liteparse import render
from sheaf.engines.source import Source

PLAIN_MODES = frozenset({"1", "L", "P", "RGB"})
"""Pixels as they can be read without being converted."""
OPAQUE = 128
LIGHT = 225
"""Mean of what is not transparent, from which on it is writing in white. Drawings in colours have
less, and white words in them have a ground of their own."""


def plain(image: Any) -> Any:
    """Return a picture in grey or RGB of 8 bits, without transparency."""
    from PIL import Image

    mode = image.mode
    if mode == "F" or mode.startswith("I"):
        low, high = image.getextrema()
        scale = 255 / ((high - low) or 1)
        return image.point(lambda value: value * scale - low * scale).convert("L")
    if mode in {"LA", "PA", "RGBA", "RGBa", "La"} or "transparency" in image.info:
        image = image.convert("RGBA")
        ground = Image.new("RGB", image.size, "black" if _is_light(image) else "white")
        ground.paste(image, mask=image.getchannel("A"))
        return ground
    return image if mode in {"L", "RGB"} else image.convert("L" if mode == "1" else "RGB")


def read_picture(
    image: Callable[[], Any], source: Source, language: str, *, first: Any | None = None
) -> tuple[Any, int]:
    """Return liteparse's page of a picture, and by how many degrees it lies clockwise.

    Args:
        image: gives the picture, in grey or RGB; called when it is needed.
        source: what is wanted; its path is not looked at.
        language: Tesseract's argument.
        first: the page as it was read with the picture as it is, where it was.
    """
    with TemporaryDirectory(prefix="picture-") as folder:
        path = Path(folder) / "picture.png"

        def read(turn: int) -> Any:
            image().rotate(turn, expand=True).save(path, compress_level=1)
            # The picture is the document: there are none in it to keep.
            options = source.options.changed(images=(), inline_images=False)
            picture = replace(source, path=path, options=options)
            answer = render(picture, ".png", pages=None, limit=1, language=language)
            return answer.pages[0]

        return read_upright(read, first)


def _is_light(image: Any) -> bool:
    """Whether what is not transparent is light, and would vanish on white."""
    from PIL import ImageStat

    mask = image.getchannel("A").point(lambda value: 255 * (value > OPAQUE))
    if not mask.getbbox() or mask.getextrema()[0] > OPAQUE:
        return False
    return bool(ImageStat.Stat(image.convert("L"), mask).mean[0] > LIGHT)
