"""The one place where bytes become text, for every format.

What is proved comes first (a byte order mark, the zeros of UTF-16, whole UTF-8), then what somebody
says of the bytes where they fit it, then what a detector takes them for.
"""

import codecs
import re
from dataclasses import dataclass

from sheaf.engines.detection import legacy_codecs
from sheaf.engines.detection.charset_labels import WINDOWS_OF, codec_of, says_nothing
from sheaf.engines.detection.guessed_charset import guessed
from sheaf.engines.detection.wide_charset import wide_charset

BOMS = (
    # UTF-32 first: its little-endian mark begins with that of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
WIDE = ("utf-16", "utf-32")
FALLBACK = "cp1252"
"""What Windows calls ANSI; its five holes become replacement characters."""
PROVED_PER_FAULT = 2
"""Whole UTF-8 characters a broken one, from which on a text is broken UTF-8."""
MAX_FAULTY_SHARE = 0.1
"""Share of faults in the bytes above 127, from which on nobody believes what is said of them."""
MAX_HEAD_BYTES = 4096
JUDGED_BYTES = 1024**2
"""As much of a text as is tried in a charset before it is chosen."""
TWO_BYTES = frozenset({"cp932", "euc_jp", "gb18030", "cp950", "cp949", "johab"})
ESCAPED = frozenset({"iso2022_jp", "iso2022_kr", "hz", "utf-7"})
ESCAPES = re.compile(rb"\x1b(?:\$[@B]|\([JI])")

_C1 = re.compile("[\x80-\x84\x86-\x9f]")
_HIGH = bytes(range(128, 256))
_UTF8_CHARACTER = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
_IN_XML = re.compile(rb"\A\s*+<\?xml\b[^>]*?\bencoding\s*+=\s*+[\"']([A-Za-z0-9_.:-]{2,40})")
_IN_HTML = re.compile(rb"charset\s*+=\s*+[\"']?+\s*+([A-Za-z0-9_.:-]{2,40})", re.IGNORECASE)


@dataclass(frozen=True)
class Decoded:
    """A text, the codec that read it, and what could not be kept, a sentence each."""

    text: str
    charset: str
    warnings: tuple[str, ...] = ()


def decoded(data: bytes, said: str | None = None) -> Decoded:
    """Return the text of bytes, without a byte order mark.

    Args:
        data: all bytes of the text.
        said: the name that a header, a declaration or a caller gives their charset. It is heard
            where the bytes do not prove another.
    """
    charset = charset_of(data, said)
    if charset in {"utf-16", "utf-32", "utf-8-sig"}:
        text, lost = _counted(data.decode(charset, errors="replace"), data, charset)
    else:
        text, lost = legacy_codecs.decode(data, charset)
    if not lost:
        return Decoded(text, charset)
    shown = "1 place" if lost == 1 else f"{lost} places"
    warning = f"the bytes of {shown} are not {charset}: \ufffd stands for them"
    return Decoded(text, charset, (warning,))


def decode(data: bytes, said: str | None = None) -> str:
    """Return the text of bytes whose losses a caller tells nobody of."""
    return decoded(data, said).text


def declared_charset(data: bytes) -> str | None:
    """Return what XML or a web page says of its own charset in its first 4 KiB."""
    head = data[:MAX_HEAD_BYTES]
    found = _IN_XML.search(head) or _IN_HTML.search(head)
    return found[1].decode("ascii") if found else None


def decoded_markup(data: bytes, said: str | None = None) -> Decoded:
    """Decode XML or HTML by what surrounds it says (a header), and else by what it says itself."""
    found = said if codec_of(said) and not says_nothing(said) else declared_charset(data)
    if (codec_of(found) or "").startswith(WIDE) and b"\x00" not in data:
        found = None  # what could be read as ASCII so far is no UTF-16
    return decoded(data, found)


def charset_of(data: bytes, said: str | None = None) -> str:
    """Return the name of the codec that reads these bytes; every bytes have one."""
    named = codec_of(said)
    if (proved := proved_charset(data)) is not None:
        return proved
    if named is not None and named.startswith(WIDE):
        return _utf8(data) or named
    if (escaped := _seven_bits(data, named)) is not None:
        return escaped
    if named in TWO_BYTES and _fits(data, named):
        return named
    return _utf8(data) or _believed(data, named, said) or _guess(data)


def proved_charset(data: bytes) -> str | None:
    """Return the codec of bytes that begin with a mark, or whose zeros are those of UTF-16."""
    marked = next((charset for mark, charset in BOMS if data.startswith(mark)), None)
    return marked or wide_charset(data)


def _seven_bits(data: bytes, named: str | None) -> str | None:
    """Return the codec of text whose letters are escapes to other sets."""
    if named not in ESCAPED and ESCAPES.search(data) is None:
        return None
    if _high_bytes(data):
        return None
    return named if named in ESCAPED else "iso2022_jp"


def _utf8(data: bytes) -> str | None:
    """Return UTF-8 for bytes that are, also with a broken or cut character here and there."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        # Incremental, so that a sample may end inside a character.
        decoder.decode(data)
    except UnicodeDecodeError as error:
        first = error.start
    else:
        if not (cut := len(decoder.getstate()[0])):
            return "utf-8"
        first = len(data) - cut
    around = data[max(0, first - JUDGED_BYTES) : first + JUDGED_BYTES]
    faults = legacy_codecs.decode(around, "utf-8")[1]
    proved = sum(1 for _ in _UTF8_CHARACTER.finditer(around))
    return "utf-8" if proved >= PROVED_PER_FAULT * faults else None


def _believed(data: bytes, named: str | None, said: str | None) -> str | None:
    if named is None or named == "utf-8" or says_nothing(said):
        return None
    if named in WINDOWS_OF and re.search(rb"[\x80-\x84\x86-\x9f]", data):
        named = WINDOWS_OF[named]
    return named if _fits(data, named, MAX_FAULTY_SHARE) else None


def _fits(data: bytes, charset: str, share: float = 0.0) -> bool:
    judged = data[:JUDGED_BYTES]
    # The last character may be cut.
    return legacy_codecs.decode(judged, charset)[1] <= share * _high_bytes(judged) + (
        len(judged) < len(data)
    )


def _high_bytes(data: bytes) -> int:
    return len(data) - len(data.translate(None, _HIGH))


def _guess(data: bytes) -> str:
    found = guessed(data)
    if found is None or not _fits(data, found, MAX_FAULTY_SHARE):
        return FALLBACK
    # ISO charsets have control characters where Windows has letters; no text has them.
    has_controls = _C1.search(legacy_codecs.decode(data[:JUDGED_BYTES], found)[0])
    return FALLBACK if has_controls else found


def _counted(text: str, data: bytes, charset: str) -> tuple[str, int]:
    """Count replacements that are not in the text itself."""
    lost = text.count(legacy_codecs.REPLACEMENT)
    return text, lost and lost - data.decode(charset, "ignore").count(legacy_codecs.REPLACEMENT)
