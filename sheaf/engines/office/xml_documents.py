"""XML of any vocabulary: its text and its attributes, under the names of its elements.

An exchange format may have all of its data in attributes, of which xberg reads none.
"""

import re
from collections.abc import Iterator

from sheaf.contracts.documents import ParsedDocument, ParsedPage
from sheaf.contracts.failures import DocumentError, FailureKind
from sheaf.engines.detection.charset import decoded_markup
from sheaf.engines.markdown import plain_text
from sheaf.engines.source import Source, page_of
from sheaf.engines.text import normalised, own_version
from sheaf.engines.xml_tree import Element, tree_of

MAX_BYTES = 64 * 1024**2
MAX_HEADING = 6
ROOT_OF_OPEN_DOCUMENT = re.compile(rb"<office:document[\s>]")
_DECLARED = re.compile(r"\A\s*+<\?xml[^>]*+>")


def read(source: Source) -> ParsedDocument:
    """Read an XML file as one page.

    Raises:
        DocumentError: TooLarge or Corrupt.
    """
    size = source.path.stat().st_size
    if size > MAX_BYTES:
        message = f"XML of {size} bytes, over the limit of {MAX_BYTES}"
        raise DocumentError(FailureKind.TOO_LARGE, message)
    data = source.path.read_bytes()
    if ROOT_OF_OPEN_DOCUMENT.search(data[:8192]):
        from sheaf.engines.office.opendocument.reader import read as read_open_document

        return read_open_document(source)
    found = decoded_markup(data)
    text = normalised(found.text)
    warnings = list(found.warnings)
    try:
        root = tree_of(_DECLARED.sub("", text).encode(), "the document")
        md = "\n\n".join(_blocks(root))
        page = ParsedPage(page=1, text=plain_text(md), md=md)
    except DocumentError as error:
        # What is no XML in the end may still be read by a person.
        warnings.append(f"read as plain text: {error.message}")
        page = page_of(text)
    return ParsedDocument(
        pages=source.select([page]),
        media_type=source.media_type,
        engine="sheaf-xml",
        engine_version=own_version(),
        total_pages=1,
        warnings=tuple(warnings),
    )


def _blocks(root: Element) -> Iterator[str]:
    """Yield headings, attributes and texts, however deep: the elements that wait are on a list."""
    waiting: list[tuple[Element, int] | str] = [(root, 1)]
    while waiting:
        found = waiting.pop()
        if isinstance(found, str):
            yield found
            continue
        element, depth = found
        yield f"{'#' * min(depth, MAX_HEADING)} {element.tag}"
        lines = [f"{name}: {_joined(value)}" for name, value in element.attrib.items() if value]
        if lines:
            yield "\n".join(lines)
        if _is_mixed(element):
            yield from _sentence(element)
            continue
        if text := _joined(element.text):
            yield text
        later: list[tuple[Element, int] | str] = []
        for child in element:
            later.append((child, depth + 1))
            if tail := _joined(child.tail):
                later.append(tail)
        waiting += reversed(later)


def _sentence(element: Element) -> Iterator[str]:
    """Yield a text with marks in it as one, and then what the marks have for attributes."""
    yield _joined("".join(element.itertext()))
    inside = (inner for inner in element.iter() if inner is not element)
    lines = [f"{name}: {_joined(v)}" for inner in inside for name, v in inner.items() if v]
    if lines:
        yield "\n".join(lines)


def _is_mixed(element: Element) -> bool:
    """Whether text stands between the children of an element, as marks within a sentence do."""
    own = [element.text, *(child.tail for child in element)] if len(element) else []
    return any((text or "").strip() for text in own)


def _joined(text: str | None) -> str:
    return " ".join((text or "").split())
