"""docs/formats.md names every type that is read, and every kind of refusal it promises."""

import re
from pathlib import Path
from typing import get_args

from llama_cloud.types.llama_parse_supported_file_extensions import (
    LlamaParseSupportedFileExtensions,
)

from sheaf.engines.detection import containers
from sheaf.engines.detection import media_types as detection
from sheaf.engines.images import SUFFIXES
from sheaf.rules.file_extensions import SUPPORTED_EXTENSIONS
from sheaf.rules.name_hints import BELIEVED

DOCUMENT = (Path(__file__).parents[2] / "docs" / "formats.md").read_text()
TEXTUAL = {
    *("message/rfc822", "text/html", "application/xml", "application/x-ipynb+json"),
    *("application/json", "text/plain", "application/rtf", "application/pdf"),
}


def test_every_media_type_that_is_read_is_named() -> None:
    types = {media_type for _, media_type in detection.IMAGES} | SUFFIXES.keys() | TEXTUAL
    types |= {media_type for _, media_type in containers.OPEN_XML_PARTS}
    types |= {media_type for _, media_type in containers.CFB_STREAMS}
    types |= set(detection.TEXT_EXTENSIONS.values()) | {containers.EPUB, detection.TNEF}
    named = set(re.findall("`([a-z]+/[A-Za-z0-9.+*-]+)`", DOCUMENT))
    assert named == types | {"application/vnd.oasis.opendocument.*"}


def test_every_archive_that_is_refused_is_named() -> None:
    for _, what in detection.REFUSED:
        if "archive" in what:
            assert what.split()[1] in DOCUMENT


def test_the_extensions_that_are_told_to_clients_are_those_of_the_table() -> None:
    rows = re.findall(r"^\| (\.[a-z].*?) \|.*`", DOCUMENT, re.MULTILINE)
    named = {extension for row in rows for extension in re.findall(r"\.[a-z0-9]+", row)}
    assert named & set(get_args(LlamaParseSupportedFileExtensions)) == set(SUPPORTED_EXTENSIONS)
    assert named >= BELIEVED | set(SUFFIXES.values())
    assert list(SUPPORTED_EXTENSIONS) == sorted(set(SUPPORTED_EXTENSIONS))
