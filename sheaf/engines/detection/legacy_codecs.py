"""Bytes of old charsets to text, with the characters that Python's codecs of them leave out."""

import codecs
import re

REPLACEMENT = "\ufffd"
_TWO_BYTES = 2
_ISO_2022_JP_ESCAPE = re.compile(rb"\x1b(?:\$[@B]|\([BJI]|\$\(D)")
_JIS = frozenset({b"\x1b$B", b"\x1b$@"})


def decode(data: bytes, codec: str) -> tuple[str, int]:
    """Return the text of bytes, and how many places in it had to be replaced."""
    if codec == "iso2022_jp":
        return _iso_2022_jp(data)
    reader = _Reader(codec)
    name = f"sheaf-{codec}"
    codecs.register_error(name, reader.replaced)
    return data.decode(codec, errors=name), reader.count


class _Reader:
    """Asks a second charset about what the first one lacks, and counts what neither has."""

    def __init__(self, codec: str) -> None:
        self.codec = codec
        self.count = 0

    def replaced(self, error: UnicodeError) -> tuple[str, int]:
        assert isinstance(error, UnicodeDecodeError)
        pair = error.object[error.start : error.start + _TWO_BYTES]
        if self.codec == "gb18030" and pair[:1] == b"\x80":
            return "€", error.start + 1
        if len(pair) == _TWO_BYTES and (found := self._of_second(pair)):
            return found, error.start + _TWO_BYTES
        self.count += 1
        return REPLACEMENT, error.end

    def _of_second(self, pair: bytes) -> str:
        if self.codec == "cp950":
            return pair.decode("big5hkscs", "ignore") if pair[0] > 0x80 else ""
        if self.codec == "euc_jp" and pair[0] >= 0xA1 and pair[1] >= 0xA1:
            return _of_jis(pair[0] & 0x7F, pair[1] & 0x7F)
        return ""


def _of_jis(first: int, second: int) -> str:
    """Return the character of a cell of JIS X 0208 as Windows has it, with the rows of NEC."""
    lead = (first - 0x21) // 2 + (0x81 if first < 0x5F else 0xC1)
    trail = second + (0x1F if first % 2 else 0x7E)
    if first % 2 and second > 0x5F:
        trail += 1
    return bytes((lead, trail)).decode("cp932", "ignore")


def _iso_2022_jp(data: bytes) -> tuple[str, int]:
    """Decode by the escapes: Python's codecs know neither the rows of NEC nor half-width kana."""
    parts: list[str] = []
    count = at = 0
    mode = b"\x1b(B"
    for escape in [*_ISO_2022_JP_ESCAPE.finditer(data), None]:
        run = data[at : escape.start() if escape else len(data)]
        text, lost = _run(run, mode)
        parts.append(text)
        count += lost
        if escape is not None:
            mode, at = escape[0], escape.end()
    return "".join(parts), count


def _run(run: bytes, mode: bytes) -> tuple[str, int]:
    if mode in _JIS:
        return _jis_run(run)
    if mode == b"\x1b(I":
        text = bytes(byte | 0x80 for byte in run if 0x20 < byte < 0x60).decode("cp932", "replace")
    elif mode == b"\x1b$(D":
        raw = b"".join(b"\x8f" + run[i : i + 2] for i in range(0, len(run) - 1, 2))
        text = bytes(b if b == 0x8F else b | 0x80 for b in raw).decode("euc_jp", "replace")
    else:
        text = run.decode("ascii", "replace")
    return text, text.count(REPLACEMENT)


def _jis_run(run: bytes) -> tuple[str, int]:
    """Decode two bytes a character; a line end within shows that the escape back was lost."""
    parts: list[str] = []
    at = count = 0
    while at < len(run):
        if not 0x21 <= run[at] <= 0x7E:
            parts.append(chr(run[at]) if run[at] < 0x80 else REPLACEMENT)
            count += run[at] >= 0x80
            at += 1
            continue
        pair = run[at : at + _TWO_BYTES]
        is_cell = len(pair) == _TWO_BYTES and 0x21 <= pair[1] <= 0x7E
        found = _of_jis(pair[0], pair[1]) if is_cell else ""
        parts.append(found or REPLACEMENT)
        count += not found
        at += _TWO_BYTES if is_cell else 1
    return "".join(parts), count
