"""docs/formats.md names every type that is read, and every kind of refusal it promises."""

import re
from pathlib import Path

from services.engines import containers, detection
from services.engines.images import SUFFIXES

DOCUMENT = (Path(__file__).parents[2] / "docs" / "formats.md").read_text()
TEXTUAL = {
    *("message/rfc822", "text/html", "application/xml", "application/x-ipynb+json"),
    *("application/json", "text/plain", "application/rtf", "application/pdf"),
}


def test_every_media_type_that_is_read_is_named() -> None:
    types = {media_type for _, media_type in detection.IMAGES} | SUFFIXES.keys() | TEXTUAL
    types |= {media_type for _, media_type in containers.OPEN_XML_PARTS}
    types |= {media_type for _, media_type in containers.CFB_STREAMS}
    types |= set(detection.TEXT_EXTENSIONS.values()) | {containers.EPUB}
    named = set(re.findall("`([a-z]+/[A-Za-z0-9.+*-]+)`", DOCUMENT))
    assert named == types | {"application/vnd.oasis.opendocument.*"}


def test_every_archive_that_is_refused_is_named() -> None:
    for _, what in detection.REFUSED:
        if "archive" in what:
            assert what.split()[1] in DOCUMENT
