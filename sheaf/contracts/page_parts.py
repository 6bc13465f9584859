"""What lies on a page beside its text: blocks and lines with their places, and pictures.

Places are in PDF points (1/72 inch) from the top left corner of the page.
"""

import re
from itertools import islice
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from sheaf.contracts.temporal.payload import Payload

MAX_KEY_CHARACTERS = 32

IMAGE_TYPES = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jp2": "image/jp2",
    "tiff": "image/tiff",
    "bmp": "image/bmp",
}


IMAGE_NAME = re.compile(r"[A-Za-z0-9_]{1,60}\.(?:png|jpg|jp2|tiff|bmp)")
"""All of the name of a picture."""


class Box(NamedTuple):
    """A rectangle: left, top, width, height."""

    x: float
    y: float
    w: float
    h: float


class Block(NamedTuple):
    """A paragraph, heading, list entry, table, figure … as the engine found it, in its order."""

    kind: str
    key: str
    """The first `MAX_KEY_CHARACTERS` letters and digits of its text: enough to find it again."""
    box: Box


class Word(NamedTuple):
    """A word and its place."""

    text: str
    box: Box


class Line(NamedTuple):
    """A run of text on one line and its place; with its words where they were asked for."""

    text: str
    box: Box
    words: tuple[Word, ...] = ()


class PageImage(Payload):
    """A picture of a page, or in a page, that is kept beside the result."""

    name: Annotated[str, Field(pattern=f"^{IMAGE_NAME.pattern}$")]
    """File name, unique in the document, such as `page_1.jpg` or `img_p1_2.jpg`."""
    kind: Literal["screenshot", "embedded"]
    width: int
    height: int
    """Pixels."""
    box: Box | None = None
    """Where it stands on the page."""

    @property
    def media_type(self) -> str:
        """The media type that the name's extension stands for."""
        return image_type(self.name)


def image_type(name: str) -> str:
    """Return the media type that the extension of a picture's name stands for."""
    return IMAGE_TYPES[name.rpartition(".")[2]]


def letters(text: str) -> str:
    """Return the letters and digits of a text in lower case: what marks and line ends leave."""
    return "".join(letter for letter in text if letter.isalnum()).lower()


def block_key(text: str) -> str:
    """Return what tells a block by its text: the beginning of its `letters`."""
    first = islice(filter(str.isalnum, text), MAX_KEY_CHARACTERS + 1)
    # One more than is kept, since a sigma is written otherwise at the end of a word.
    return "".join(first).lower()[:MAX_KEY_CHARACTERS]
