"""Bytes to text when nothing says which charset they are in."""

import codecs

BOMS = (
    # UTF-32 first: its little-endian mark begins with that of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
SAMPLE_BYTES = 4096
TEXT_CONTROLS = frozenset(b"\t\n\r\f\x0b\x1b\x08")
MAX_CONTROL_SHARE = 0.02
"""Share of control characters above which bytes are no text; a few turn up in old exports."""


def charset_of(data: bytes) -> str:
    """Return the name of the codec that reads these bytes; every bytes have one."""
    for mark, charset in BOMS:
        if data.startswith(mark):
            return charset
    if (wide := _wide_charset(data)) is not None:
        return wide
    try:
        # Incremental, so that a sample may end inside a character.
        codecs.getincrementaldecoder("utf-8")().decode(data)
    except UnicodeDecodeError:
        # What Windows calls ANSI; its five holes become replacement characters.
        return "cp1252"
    return "utf-8"


def decode(data: bytes) -> str:
    """Return the text of bytes in whatever charset they seem to be."""
    return data.decode(charset_of(data), errors="replace")


def looks_like_text(data: bytes) -> bool:
    """Whether bytes without a known signature may be shown to a person as text."""
    sample = data[:SAMPLE_BYTES]
    if charset_of(sample) in {"utf-16", "utf-32", "utf-16-le", "utf-16-be"}:
        return True
    controls = sum(1 for byte in sample if byte < 32 and byte not in TEXT_CONTROLS)
    if controls > MAX_CONTROL_SHARE * len(sample):
        return False
    # Random bytes above 127 hold few controls only by chance in short samples: ask for a share
    # of ASCII too where the bytes are not UTF-8.
    ascii_bytes = sum(1 for byte in sample if byte < 128)
    return charset_of(sample) != "cp1252" or 2 * ascii_bytes >= len(sample)


def _wide_charset(data: bytes) -> str | None:
    """Tell UTF-16 without a mark by the zero bytes of its Latin letters."""
    sample = data[:SAMPLE_BYTES]
    half = len(sample) // 2
    if half < 2:
        return None
    even, odd = sample[0 : 2 * half : 2].count(0), sample[1 : 2 * half : 2].count(0)
    if odd > 0.6 * half and even < 0.05 * half:
        return "utf-16-le"
    if even > 0.6 * half and odd < 0.05 * half:
        return "utf-16-be"
    return None
