"""Layers of a PDF that are switched off: what they draw is taken out of a copy.

PDFium leaves them out of what it renders, and keeps them in the text; it has no call that tells
which layers there are. So the file's objects are read by pypdf.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sheaf.engines.source import Source
from sheaf.engines.system_faults import raise_if_of_machine

MAX_DEPTH = 8
"""Forms that are drawn within forms."""
SHOWN = frozenset({b"Tj", b"TJ", b"'", b'"', b"Do"})
"""Operators that show text, and drawings with text of their own."""
_LEXEME = re.compile(
    rb"%[^\r\n]*+|/[^\s()<>\[\]{}/%]*+|\(|<<|>>|<[0-9A-Fa-f\s]*+>|[\[\]{}<>)]|[^\s()<>\[\]{}/%]++"
)
_IN_STRING = re.compile(rb"[()]|\\.", re.DOTALL)
_IMAGE_END = re.compile(rb"\sEI(?=\s|$)")
_OPERAND = re.compile(rb"[-+.0-9]|true$|false$|null$")


@contextmanager
def without_hidden_layers(source: Source) -> Iterator[tuple[Source, list[str]]]:
    """Give a copy of a PDF without the layers that are off, and a warning where that fails.

    A PDF all of whose layers are shown is given as it is.
    """
    with TemporaryDirectory(prefix="layers-") as folder:
        copy = Path(folder) / "document.pdf"
        try:
            is_changed = _write_visible(source, copy)
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever pypdf has against a broken file
            raise_if_of_machine(error)
            yield source, ["layers that are switched off may be among the text"]
            return
        yield (replace(source, path=copy) if is_changed else source), []


def _write_visible(source: Source, copy: Path) -> bool:
    from pypdf import PdfReader, PdfWriter

    reader = PdfReader(source.path)
    if reader.is_encrypted:
        # Any of the passwords; an empty one opens what is only protected against changes.
        next((word for word in ("", *source.passwords) if reader.decrypt(word)), None)
    if not _layers_off(reader.root_object):
        return False
    writer = PdfWriter(clone_from=reader)
    off = _layers_off(writer.root_object)
    for page in writer.pages:
        content = page.get_contents()
        if content is not None:
            shown = _visible(content.get_data(), page.get("/Resources"), off)
            page[_name("/Contents")] = writer._add_object(_stream(shown))
        _show_forms(writer, page.get("/Resources"), off, 0, set())
        _drop_annotations(page, off)
    with copy.open("wb") as file:
        writer.write(file)
    return True


def _layers_off(root: Any) -> set[int]:
    """Return the numbers of the objects of layers that are off when the document is opened."""
    properties = _object(root.get("/OCProperties"))
    if not properties:
        return set()
    default = _object(properties.get("/D")) or {}
    off = _numbers(default.get("/OFF"))
    if default.get("/BaseState") == "/OFF":
        off |= _numbers(properties.get("/OCGs")) - _numbers(default.get("/ON"))
    return off


def _is_off(membership: Any, off: set[int]) -> bool:
    """Whether a layer, or a set of layers by its policy, is not shown (ISO 32000-1, 8.11.2)."""
    if membership is None:
        return False
    if getattr(membership, "idnum", None) in off:
        return True
    entry = _object(membership)
    if not entry or entry.get("/Type") != "/OCMD":
        return False
    groups = entry.raw_get("/OCGs") if "/OCGs" in entry else None
    listed = _object(groups)
    numbers = _numbers(groups) if isinstance(listed, list) else {getattr(groups, "idnum", -1)}
    if not numbers:
        return False
    states = [number not in off for number in numbers]
    policy = entry.get("/P", "/AnyOn")
    return not {
        "/AllOn": all(states),
        "/AnyOff": not all(states),
        "/AllOff": not any(states),
    }.get(policy, any(states))


def _show_forms(writer: Any, resources: Any, off: set[int], depth: int, done: set[int]) -> None:
    """Take out what the drawings that a page uses draw on hidden layers."""
    drawings = _object((_object(resources) or {}).get("/XObject"))
    if not drawings or depth > MAX_DEPTH:
        return
    for name in list(drawings):
        reference = drawings.raw_get(name)
        form = _object(reference)
        number = getattr(reference, "idnum", 0)
        if form is None or form.get("/Subtype") != "/Form" or number in done:
            continue
        done.add(number)
        own = form.get("/Resources", resources)
        _show_forms(writer, own, off, depth + 1, done)
        data = form.get_data()
        shown = _visible(data, own, off)
        if shown != data:
            entries = {key: form.raw_get(key) for key in form}
            replaced = _stream(shown, entries)
            drawings[_name(name)] = writer._add_object(replaced)


def _drop_annotations(page: Any, off: set[int]) -> None:
    annotations = _object(page.get("/Annots"))
    if not annotations:
        return
    for at in reversed(range(len(annotations))):
        entry = _object(annotations[at])
        if entry and "/OC" in entry and _is_off(entry.raw_get("/OC"), off):
            del annotations[at]


def _visible(content: bytes, resources: Any, off: set[int]) -> bytes:
    """Return a page's operators without those that show something on a hidden layer."""
    found: Any = _object(resources) or {}
    layers: Any = _object(found.get("/Properties")) or {}
    drawings: Any = _object(found.get("/XObject")) or {}
    hidden_names = {name.encode() for name in layers if _is_off(layers.raw_get(name), off)}
    hidden_drawings = {
        name.encode()
        for name in drawings
        if "/OC" in (entry := _dictionary(drawings[name])) and _is_off(entry.raw_get("/OC"), off)
    }
    kept: list[bytes] = []
    marks: list[bool] = []
    begin = 0
    for operator, start, end, names in _operators(content):
        is_hidden = any(marks)
        if operator in {b"BDC", b"BMC"}:
            is_layer = operator == b"BDC" and len(names) > 1 and names[-2] == b"/OC"
            marks.append(is_layer and names[-1] in hidden_names)
        elif operator == b"EMC" and marks:
            marks.pop()
        is_drawing = operator == b"Do" and names and names[-1] in hidden_drawings
        if is_drawing or (is_hidden and (operator in SHOWN or operator == b"EI")):
            kept.append(content[begin:start])
            begin = end
    return b"".join([*kept, content[begin:]]) if kept else content


def _operators(content: bytes) -> Iterator[tuple[bytes, int, int, list[bytes]]]:
    """Yield each operator, where its operands begin and it ends, and the names among them."""
    at = start = 0
    names: list[bytes] = []
    while match := _LEXEME.search(content, at):
        token, at = match[0], match.end()
        if token == b"(":
            at = _string_end(content, at)
        elif token[:1] == b"/":
            names.append(token)
        elif token[:1] not in b"%<>[]{})" and not _OPERAND.match(token):
            if token == b"ID":
                end = _IMAGE_END.search(content, at)
                token, at = b"EI", end.end() if end else len(content)
            if token != b"BI":
                yield token, start, at, names
                start, names = at, []


def _string_end(content: bytes, at: int) -> int:
    depth = 1
    while match := _IN_STRING.search(content, at):
        at = match.end()
        depth += (match[0] == b"(") - (match[0] == b")")
        if not depth:
            return at
    return len(content)


def _numbers(array: Any) -> set[int]:
    return {entry.idnum for entry in _object(array) or () if hasattr(entry, "idnum")}


def _object(entry: Any) -> Any:
    return entry.get_object() if hasattr(entry, "get_object") else entry


def _dictionary(entry: Any) -> Any:
    return _object(entry) or {}


def _name(name: str) -> Any:
    from pypdf.generic import NameObject

    return NameObject(name)


def _stream(data: bytes, entries: dict[str, Any] | None = None) -> Any:
    from pypdf.generic import DecodedStreamObject

    stream = DecodedStreamObject()
    for key, value in (entries or {}).items():
        if key not in {"/Filter", "/DecodeParms", "/Length"}:
            stream[_name(key)] = value
    stream.set_data(data)
    return stream
