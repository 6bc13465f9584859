"""Large XML of a document, an element at a time, without a document type."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import IO
from xml.etree import ElementTree as ET

from sheaf.contracts.failures import DocumentError, FailureKind

PROLOG_BYTES = 64 * 1024
_TYPE = re.compile(rb"<!\x00?D\x00?O\x00?C\x00?T\x00?Y\x00?P\x00?E|<!\x00?E\x00?N\x00?T\x00?I")

Event = tuple[str, ET.Element]


@lru_cache(maxsize=4096)
def local(tag: str) -> str:
    """Return the name of an element without its namespace or prefix: Strict has others."""
    return tag.rpartition("}")[2].rpartition(":")[2]


def attribute(element: ET.Element, name: str) -> str | None:
    """Return an attribute by its name, in whatever namespace."""
    found = element.get(name)
    if found is not None:
        return found
    return next((value for key, value in element.items() if local(key) == name), None)


def events(file: IO[bytes], what: str, *, begins: bool = True) -> Iterator[Event]:
    """Give each element as it ends, and also as it begins where that is asked for.

    Raises:
        DocumentError: Corrupt, also for a document type, which no producer of documents writes.
    """
    prolog = file.read(PROLOG_BYTES)
    if _TYPE.search(prolog):
        raise DocumentError(FailureKind.CORRUPT, f"{what}: XML with a document type")
    parser: ET.XMLPullParser[ET.Element] = ET.XMLPullParser(
        ("start", "end") if begins else ("end",)
    )
    try:
        chunk = prolog
        while chunk:
            parser.feed(chunk)
            yield from parser.read_events()  # type: ignore[misc]
            chunk = file.read(PROLOG_BYTES)
        parser.close()
        yield from parser.read_events()  # type: ignore[misc]
    except ET.ParseError as error:
        raise DocumentError(FailureKind.CORRUPT, f"{what}: broken XML: {error}") from error
