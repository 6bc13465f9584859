"""Whether the syntax of a PDF leaves room for content that an engine did not show.

An engine renders a page white when it is empty, and just as well when a stream is damaged, a
picture does not decode or an object is missing (pdfium, for six ways of breaking a file). Here
the file is read without an engine, and nothing is forgiven: every stream must decode, and what
the pages draw must be made of operators that are known to show no text and no picture.
"""

import re
import zlib
from dataclasses import dataclass, field
from pathlib import Path

MAX_BYTES = 16 * 1024**2
MAX_UNPACKED_BYTES = 64 * 1024**2
MAX_DRAWN_BYTES = 1024**2
"""Most that all pages may be drawn by; it does not take more to draw nothing."""

STREAM = re.compile(rb">>\s*stream\r?\n")
STREAM_END = re.compile(rb"endstream\s+endobj")
OBJECT = re.compile(rb"\b(\d{1,10})\s+\d+\s+obj\b")
ARRAY = re.compile(rb"\b(\d{1,10})\s+\d+\s+obj\s*\[([^\[\]]*)\]")
REFERENCE = re.compile(rb"\b(\d{1,10})\s+\d+\s+R\b")
NAMED_REFERENCE = re.compile(rb"(/[^\s()<>\[\]{}/%]+)\s+(\d{1,10})\s+\d+\s+R\b")
FLATE = re.compile(rb"/Filter\s*(?:/FlateDecode\b|\[\s*/FlateDecode\s*\])")
CONTENTS = re.compile(rb"/Contents\b\s*(\[[^\[\]]*\]|\d{1,10}\s+\d+\s+R\b)?")
UNSEEN = re.compile(rb"/(?:Encrypt|Image|XFA|EF|EmbeddedFiles?)\b|/Annots\b(?!\s*\[\s*\])")
"""Names of what may hold words and that neither the text nor the rendering need show."""
TOKEN = re.compile(
    rb"%[^\r\n]*+|/[^\s()<>\[\]{}/%]*+|\((?:[^()\\]++|\\.)*+\)|\(.*+|<<|>>|[\[\]]"
    rb"|[^\s()<>\[\]{}/%]++|\S",
    re.DOTALL,
)
"""A string that has no end, or one within it, is one token with all that follows."""
NUMBER = re.compile(rb"[-+]?(?:\d++\.?\d*+|\.\d++)")
SILENT = frozenset(
    b"q Q cm w J j M d ri i gs m l c v y h re S s f F f* B B* b b* n W W* CS cs SC SCN sc scn G g"
    b" RG rg K k BT ET Tc Tw Tz TL Tf Tr Ts Td TD Tm T* Tj TJ MP DP BMC BDC EMC << >> [ ]".split()
)
"""Operators of a page (ISO 32000-1, annex A) that draw no more than lines and areas. The two that
show strings are here since the strings are looked at."""


class _UnclearError(Exception):
    """The file holds something that is not understood."""


@dataclass
class _File:
    structure: list[bytes] = field(default_factory=list)
    """What stands outside of streams, and in streams of objects."""
    streams: dict[int, list[bytes]] = field(default_factory=dict)
    """Every version of a stream, decoded, by the number of its object."""
    forms: set[int] = field(default_factory=set)
    unpacked: int = 0


def leaves_pages_bare(path: Path) -> bool:
    """Whether no page of a PDF can hold text, pictures or comments, and no file is attached."""
    if path.stat().st_size > MAX_BYTES:
        return False
    try:
        file = _read(path.read_bytes())
        structure = b"\n".join(file.structure)
        if UNSEEN.search(structure):
            return False
        drawn = _contents(structure, file) | file.forms
        used = _used([content for number in drawn for content in file.streams[number]])
    except _UnclearError:
        return False
    targets: dict[bytes, set[int]] = {name: set() for name in used}
    for name, number in NAMED_REFERENCE.findall(structure):
        if name in targets:
            targets[name].add(int(number))
    return all(numbers and numbers <= file.forms for numbers in targets.values())


def _read(data: bytes) -> _File:
    file = _File()
    at = 0
    while start := STREAM.search(data, at):
        before = data[at : start.start() + 2]
        end = STREAM_END.search(data, start.end())
        objects = list(OBJECT.finditer(before))
        if end is None or not objects:
            raise _UnclearError
        number, head = int(objects[-1][1]), before[objects[-1].end() :]
        body = _decoded(head, data[start.end() : end.start()], file)
        file.streams.setdefault(number, []).append(body)
        file.structure.append(before)
        if b"/ObjStm" in head:
            file.structure.append(body)
        if re.search(rb"/Subtype\s*/Form\b", head):
            file.forms.add(number)
        at = end.end()
    file.structure.append(data[at:])
    return file


def _decoded(head: bytes, body: bytes, file: _File) -> bytes:
    if b"/Filter" not in head:
        if b"endobj" in body:  # it is no stream, but words that look like the start of one
            raise _UnclearError
        return body
    # Predictors are undone nowhere; tables of offsets, which mostly have one, are not looked at.
    if not FLATE.search(head) or (b"/Predictor" in head and b"/XRef" not in head):
        raise _UnclearError
    inflater = zlib.decompressobj()
    try:
        unpacked = inflater.decompress(body, MAX_UNPACKED_BYTES - file.unpacked + 1)
    except zlib.error as error:
        raise _UnclearError from error
    file.unpacked += len(unpacked)
    if not inflater.eof or file.unpacked > MAX_UNPACKED_BYTES:
        raise _UnclearError
    return unpacked


def _contents(structure: bytes, file: _File) -> set[int]:
    """Return the numbers of the streams that draw the pages, all of them present."""
    named: set[bytes] = set()
    for value in CONTENTS.findall(structure):
        if not value:
            raise _UnclearError
        named.update(REFERENCE.findall(value))
    arrays = dict(ARRAY.findall(structure))
    for number in named & arrays.keys():
        named |= set(REFERENCE.findall(arrays[number]))
    numbers = set(map(int, named - arrays.keys()))
    if not numbers <= file.streams.keys():
        raise _UnclearError
    return numbers


def _used(contents: list[bytes]) -> set[bytes]:
    """Return the names of what pages and forms draw by name; they may draw nothing else."""
    if sum(map(len, contents)) > MAX_DRAWN_BYTES:
        raise _UnclearError
    used: set[bytes] = set()
    for content in contents:
        last = b""
        for token in TOKEN.findall(content):
            if token == b"Do":
                used.add(last)
            elif token[:1] == b"(":
                # Other white space may be the code of a letter, in a font of its own.
                if not token.endswith(b")") or token[1:-1].strip(b" "):
                    raise _UnclearError
            elif token[:1] not in b"/%" and token not in SILENT and not NUMBER.fullmatch(token):
                raise _UnclearError
            last = token
    return used
